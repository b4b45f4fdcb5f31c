//! The line of the project behind an API or an operation.

use crate::compile::shown;
use crate::whole_file;
use crate::yaml::{Format, Node, Source, Span, limits, parse};
use mgw_bundle::config::Resource;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Definitions that have been read again; what is served does not say where it was written.
#[derive(Debug)]
pub(super) struct Places {
    root: PathBuf,
    files: BTreeMap<String, Option<(Source, Node)>>,
}

impl Places {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            files: BTreeMap::new(),
        }
    }

    /// The file as messages call it, and the place of an operation, or of the API's name. Where the definition is no
    /// OpenAPI file, or has changed in the meantime, the file alone.
    pub(super) fn find(&mut self, source: &str, resource: Option<&Resource>) -> (String, Option<(Source, Span)>) {
        let name = shown(&self.root, source);
        let root = &self.root;
        let file = self
            .files
            .entry(source.to_owned())
            .or_insert_with(|| read(root, source, &name));
        let place = file.as_ref().and_then(|(text, document)| {
            let span = match resource {
                Some(resource) => operation(document, resource)?,
                None => document.get("info")?.get("title")?.span,
            };
            Some((text.clone(), span))
        });
        (name, place)
    }
}

fn read(root: &Path, source: &str, name: &str) -> Option<(Source, Node)> {
    let format = Format::of_name(source)?;
    let bytes = whole_file::read_public(&root.join(source), limits::MAX_FILE_BYTES).ok()?;
    parse(name, bytes, format).ok()
}

fn operation(document: &Node, resource: &Resource) -> Option<Span> {
    let path = document.get("paths")?.member(&resource.template)?;
    let method = resource.method.as_str().to_ascii_lowercase();
    Some(path.node.member(&method).map_or(path.key, |member| member.key))
}
