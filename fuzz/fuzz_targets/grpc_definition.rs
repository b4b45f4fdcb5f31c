//! gRPC definitions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw::fuzzing::grpc_definition(data);
});
