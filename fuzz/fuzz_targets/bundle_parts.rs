//! Bundles whose digests are right: what is in them, manifest and signatures.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw_bundle::fuzzing::bundle_parts(mgw::fuzzing::files(data));
});
