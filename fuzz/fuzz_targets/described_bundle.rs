//! SBOM and provenance of a bundle.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::described_bundle(data);
});
