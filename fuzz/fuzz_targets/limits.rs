//! What the traffic manager and the control plane tell about limits.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::limits(data);
});
