//! Frames of an AMQP broker.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::broker_frames(data);
});
