//! Path templates, and a path that is looked up among them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::templates(data);
});
