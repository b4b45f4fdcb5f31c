//! Scripts of the sandbox.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::sandbox_script(data);
});
