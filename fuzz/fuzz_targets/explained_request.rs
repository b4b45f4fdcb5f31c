//! Heads of requests, through the whole gateway.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::explained_request(data);
});
