//! Entry points of the fuzz targets into the reader of definitions and policies.

use super::known_policies::KnownPolicies;
use super::{api, policies};
use crate::diagnostics::Diagnostics;
use crate::openapi;
use crate::yaml::{self, Format};
use mgw_bundle::config::Policies;

/// Parses, checks and compiles a definition; every finding has a place that can be shown.
pub fn definition(bytes: &[u8], format: Format) {
    let mut diagnostics = Diagnostics::default();
    match yaml::parse("definition", bytes.to_vec(), format) {
        Err(error) => diagnostics.push(error.into()),
        Ok((source, document)) => {
            if let Some(definition) = openapi::read(source, document, &mut diagnostics) {
                let entry = "definitions/x.json".to_owned();
                let policies = Policies::default();
                let known = KnownPolicies::new(&policies, None);
                let _ = api::compile(&definition, known, "x", entry, &mut diagnostics);
                let _ = openapi::resolved_document(&definition.document);
            }
        }
    }
    show(diagnostics);
}

/// Reads a `policies.yaml`.
pub fn policies_file(bytes: &[u8]) {
    let mut diagnostics = Diagnostics::default();
    match yaml::parse("policies.yaml", bytes.to_vec(), Format::Yaml) {
        Err(error) => diagnostics.push(error.into()),
        Ok((source, document)) => {
            let _ = policies::read(&source, &document, &mut diagnostics);
        }
    }
    show(diagnostics);
}

fn show(mut diagnostics: Diagnostics) {
    diagnostics.sort();
    for diagnostic in diagnostics.iter() {
        let _ = crate::diagnostics::render(diagnostic, false);
    }
}
