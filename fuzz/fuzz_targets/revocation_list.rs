//! Lists of revoked tokens.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::revocation_list(data);
});
