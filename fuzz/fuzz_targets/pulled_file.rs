//! What `pull` writes beside definitions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::pulled_file(data);
});
