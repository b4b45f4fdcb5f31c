//! Answers of key managers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::key_manager_answer(data);
});
