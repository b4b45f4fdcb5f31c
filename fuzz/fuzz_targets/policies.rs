//! `policies.yaml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw::fuzzing::policies_file(data);
});
