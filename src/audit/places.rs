//! The line of the project behind an API or an operation.

use crate::compile::{ApiPlaces, ProjectPlaces};
use crate::project::Layout;
use crate::yaml::{Source, Span};
use mgw_bundle::config::{Api, Resource};
use std::collections::BTreeMap;
use std::path::Path;

/// Definitions that have been read again; what is served does not say where it was written.
#[derive(Debug)]
pub(super) struct Places {
    project: ProjectPlaces,
    /// By id.
    apis: BTreeMap<String, ApiPlaces>,
}

impl Places {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            project: ProjectPlaces::new(Layout::new(root)),
            apis: BTreeMap::new(),
        }
    }

    /// The file as messages call it, and the place of an operation, or of the API's name. Where the definition is no
    /// OpenAPI file, or has changed in the meantime, the file alone.
    pub(super) fn find(&mut self, api: &Api, resource: Option<&Resource>) -> (String, Option<(Source, Span)>) {
        let project = &self.project;
        let places = self.apis.entry(api.id.clone()).or_insert_with(|| project.of_api(api));
        let place = match resource {
            Some(resource) => places.method(resource),
            None => places.title(),
        };
        match place {
            Some((source, span)) => (source.name_of(span).to_owned(), Some((source.clone(), span))),
            None => (places.file().to_string(), None),
        }
    }
}
