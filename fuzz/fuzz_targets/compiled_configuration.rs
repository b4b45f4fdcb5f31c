//! `gateway.json`, and the gateway that it makes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = mgw::fuzzing::compiled_configuration(data);
});
