//! `micro-gw.conf`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = mgw_runtime::config::RuntimeConfig::load(mgw_runtime::config::Sources {
            file: Some(("micro-gw.conf", text)),
            environment: &[],
            sets: &[],
        });
    }
});
