//! Session files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw::fuzzing::session_file(data);
});
