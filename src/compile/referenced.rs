//! What a definition refers to, for whoever copies it.

use super::files;
use super::library::ProjectLibrary;
use crate::diagnostics::Diagnostics;
use crate::openapi::link::{Document, Library, Location, link};
use crate::remote::RemoteLock;
use crate::yaml::{Format, parse};
use std::collections::BTreeMap;
use std::path::Path;

/// The files below `root` that the definition at `relative` refers to, itself or through others, by their paths. What is
/// not there or not read is left out: whoever builds is told.
pub(crate) fn referenced(root: &Path, relative: &str, bytes: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let format = Format::of_name(relative).unwrap_or_else(|| Format::sniff(&bytes));
    let Ok((source, node)) = parse(relative, bytes, format) else {
        return BTreeMap::new();
    };
    let mut library = ProjectLibrary::new(root, RemoteLock::default());
    let definition = Document { source, node };
    let own = Location::File(relative.to_owned());
    let linked = link(own, definition, true, &mut library, &mut Diagnostics::default());
    let files = linked.files.into_iter().filter_map(|location| {
        let document = library.open(&location).ok()?;
        match location {
            Location::File(path) => Some((path, document.source.text().as_bytes().to_vec())),
            Location::Url(_) => None,
        }
    });
    files.collect()
}

/// The files outside `folders` that the definitions in `api_definitions/` refer to.
pub(crate) fn referenced_elsewhere(root: &Path, folders: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let definitions = files::definitions(root, super::DEFINITIONS, &mut Diagnostics::default());
    for file in definitions.into_iter().flatten() {
        if let Ok(bytes) = files::read(&file.path) {
            found.extend(referenced(root, &file.relative, bytes));
        }
    }
    found.retain(|path, _| !folders.iter().any(|folder| Path::new(path).starts_with(folder)));
    found
}
