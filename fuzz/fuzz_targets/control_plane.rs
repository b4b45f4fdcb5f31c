//! The control plane's answers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw::fuzzing::answers(data);
});
