//! Credentials of requests.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::credentials(data);
});
