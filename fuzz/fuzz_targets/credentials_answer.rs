//! Demands for credentials, and answers of token endpoints.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::credentials_answer(data);
});
