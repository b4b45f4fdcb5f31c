//! Blocks that operators set.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::operator_blocks(data);
});
