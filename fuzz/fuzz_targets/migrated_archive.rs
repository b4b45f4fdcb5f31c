//! Zip archives that are migrated.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::migrated_archive(data);
});
