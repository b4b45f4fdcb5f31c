//! `state.json` of a connected gateway.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::state_record(data);
});
