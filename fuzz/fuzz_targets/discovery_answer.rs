//! What etcd or a file says about where a backend is.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::discovery_answer(data);
});
