//! Definitions that come from elsewhere, and their names.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::added_definition(data);
});
