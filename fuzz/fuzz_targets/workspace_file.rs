//! `mgw.toml` of a workspace.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::workspace_file(data);
});
