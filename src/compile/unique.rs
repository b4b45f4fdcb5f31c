//! What must be there only once in a project: API names and base paths.

use super::api::CompiledApi;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Source, Span};
use mgw_bundle::config::Api;
use std::collections::HashMap;

/// A compiled API and the file it came from.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) compiled: CompiledApi,
    pub(super) source: Source,
    pub(super) title: Span,
}

/// Where an API and its parts were written.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) source: Source,
    /// The path of each resource, in their order.
    pub(super) operations: Vec<Span>,
}

impl Candidate {
    /// The API, and where it was written.
    pub(super) fn split(self) -> (Api, Places) {
        let places = Places {
            source: self.source,
            operations: self.compiled.operations,
        };
        (self.compiled.api, places)
    }
}

/// Reports APIs that share their name or a base path; each finding names both files.
pub(super) fn check(candidates: &[Candidate], diagnostics: &mut Diagnostics) {
    let mut names: HashMap<(&str, &str), &Candidate> = HashMap::new();
    let mut paths: HashMap<&str, &Candidate> = HashMap::new();
    for candidate in candidates {
        let api = &candidate.compiled.api;
        if let Some(first) = names.get(&(api.name.as_str(), api.version.as_str())) {
            let message = format!(
                "the API {}:{} is defined in {} already",
                api.name,
                api.version,
                first.source.name()
            );
            diagnostics.push(
                Diagnostic::error(Code::DuplicateApi, &candidate.source, candidate.title, message)
                    .remedy("Remove one of the two files, or change title or version."),
            );
        } else {
            names.insert((&api.name, &api.version), candidate);
        }
        let alias = api.default_version_path.as_deref();
        for path in [Some(api.base_path.as_str()), alias].into_iter().flatten() {
            match paths.get(path) {
                Some(first) => {
                    let message = format!(
                        "the base path `{path}` belongs to {}:{} of {} already",
                        first.compiled.api.name,
                        first.compiled.api.version,
                        first.source.name()
                    );
                    diagnostics.push(
                        Diagnostic::error(
                            Code::DuplicateBasePath,
                            &candidate.source,
                            candidate.compiled.base_path,
                            message,
                        )
                        .remedy("Give one of the two another `x-wso2-basePath`."),
                    );
                }
                None => {
                    paths.insert(path, candidate);
                }
            }
        }
    }
}
