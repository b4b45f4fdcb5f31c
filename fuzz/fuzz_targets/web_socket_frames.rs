//! Frames of WebSockets.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    mgw_runtime::fuzzing::web_socket_frames(data);
});
