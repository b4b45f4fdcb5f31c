//! Certificates in PEM or DER.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::certificates(data);
});
