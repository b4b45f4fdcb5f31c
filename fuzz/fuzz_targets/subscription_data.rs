//! What the control plane tells of subscriptions.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::subscription_data(data);
});
