//! Small texts that operators leave.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::operator_texts(data);
});
