//! OpenAPI definitions in JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw::fuzzing::definition(data, mgw::yaml::Format::Json);
});
