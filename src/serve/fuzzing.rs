//! Entry point of the fuzz targets into the reader of `micro-gw.conf`.

use super::settings::read_sources;
use crate::context::Environment;
use crate::diagnostics::fuzzing::told;
use mgw_runtime::config::{Sources, WhatIsSet};

/// Reads the settings of a gateway, and what is said of them to those who look at them.
pub fn gateway_settings(bytes: &[u8]) -> String {
    let file = Some(("micro-gw.conf".to_owned(), bytes.to_vec()));
    let read = read_sources(file, &[], &Environment::default());
    let mut said = told(read.diagnostics);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let set = WhatIsSet::of(Sources {
            file: Some(("micro-gw.conf", text)),
            environment: &[],
            sets: &[],
        });
        said.push_str(&format!("{set:?}"));
    }
    said
}
