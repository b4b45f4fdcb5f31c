//! Answers of a receiver of the traffic manager.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::receiver_answers(data);
});
