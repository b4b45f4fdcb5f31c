//! Messages of the event hub.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::event_hub_message(data);
});
