//! `mgw.toml` of a project.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::project_settings(data);
});
