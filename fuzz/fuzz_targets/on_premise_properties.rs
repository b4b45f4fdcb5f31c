//! Settings files of API Cloud's own on-premise gateway.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw::fuzzing::on_premise_properties(data);
});
