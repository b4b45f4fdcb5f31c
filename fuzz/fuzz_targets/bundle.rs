//! Bundles: the zip and everything in it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw_bundle::fuzzing::bundle(data);
});
