//! The files on a server that a definition from there refers to, on their way into a project with it.

use super::Neighbours;
use crate::diagnostics::Diagnostics;
use crate::openapi::link::{Document, Library, Location, Unavailable, link};
use crate::openapi::unreadable;
use crate::yaml::{Format, parse};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// A definition of a server and what was downloaded beside it. Only relative references are meant: others name their
/// server themselves and stay as they are.
#[derive(Debug)]
pub(crate) struct ServerFiles {
    server: Url,
    /// Path of the definition on the server, without the `/` at its beginning.
    own: String,
    format: Format,
    bytes: Vec<u8>,
    files: BTreeMap<String, Vec<u8>>,
}

impl ServerFiles {
    /// `None` where the definition has no place beside which anything could be.
    pub(crate) fn new(url: &Url, name: &str, bytes: &[u8]) -> Option<Self> {
        let path = url.path().strip_prefix('/')?;
        let own = crate::openapi::reference::percent_decoded(path)?.into_owned();
        let mut server = url.clone();
        server.set_query(None);
        server.set_fragment(None);
        Some(Self {
            server,
            own,
            format: Format::of_name(name).unwrap_or_else(|| Format::sniff(bytes)),
            bytes: bytes.to_vec(),
            files: BTreeMap::new(),
        })
    }

    /// The paths of files that are referred to and not here yet, itself or through others, sorted.
    pub(crate) fn missing(&self) -> Vec<String> {
        let Ok((source, node)) = parse(&self.own, self.bytes.clone(), self.format) else {
            return Vec::new();
        };
        let mut here = Here {
            files: &self.files,
            missing: Vec::new(),
        };
        let definition = Document { source, node };
        let own = Location::File(self.own.clone());
        link(own, definition, true, &mut here, &mut Diagnostics::default());
        here.missing.sort();
        here.missing
    }

    /// The address of a file.
    pub(crate) fn address(&self, path: &str) -> Url {
        let mut address = self.server.clone();
        address.set_path(path);
        address
    }

    /// Takes a file that was downloaded.
    pub(crate) fn add(&mut self, path: String, bytes: Vec<u8>) {
        self.files.insert(path, bytes);
    }

    /// How many bytes the files have together.
    pub(crate) fn len(&self) -> usize {
        self.files.values().map(Vec::len).sum()
    }

    /// How many files there are.
    pub(crate) fn count(&self) -> usize {
        self.files.len()
    }

    /// The files by their places to each other.
    pub(crate) fn into_neighbours(self) -> Neighbours {
        Neighbours::below(&self.own, self.files)
    }
}

/// What has been downloaded.
struct Here<'f> {
    files: &'f BTreeMap<String, Vec<u8>>,
    missing: Vec<String>,
}

impl Library for Here<'_> {
    fn open(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable> {
        let absent = || Unavailable::Refused {
            reason: String::new(),
            remedy: String::new(),
            near: None,
        };
        let Location::File(path) = location else {
            return Err(absent());
        };
        // What a build would not read is not taken along.
        let format = Format::of_name(path).ok_or_else(absent)?;
        let Some(bytes) = self.files.get(path) else {
            self.missing.push(path.clone());
            return Err(absent());
        };
        match parse(path, bytes.clone(), format) {
            Ok((source, node)) => Ok(Arc::new(Document { source, node })),
            Err(error) => Err(Unavailable::Broken(Box::new(unreadable(error)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_relative_is_taken_along_from_round_to_round() {
        let url = Url::parse("https://h.example/v1/a%20b/shop.yaml?token=x").unwrap();
        let definition = "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: '../s/a.yaml#/A'}, B: {$ref: 'https://h.example/b.yaml'}, \
                          C: {$ref: '/etc/c.yaml'}, D: {$ref: 'notes.txt'}, E: {$ref: '../../../up.yaml'}}}\n";
        let mut files = ServerFiles::new(&url, "shop.yaml", definition.as_bytes()).unwrap();
        assert_eq!(files.missing(), ["v1/s/a.yaml"]);
        assert_eq!(
            files.address("v1/a b/x.yaml").as_str(),
            "https://h.example/v1/a%20b/x.yaml"
        );
        files.add(
            "v1/s/a.yaml".into(),
            b"A: {items: {$ref: 'b.json'}, not: {$ref: '../a b/shop.yaml'}}".to_vec(),
        );
        assert_eq!(files.missing(), ["v1/s/b.json"]);
        files.add("v1/s/b.json".into(), b"{".to_vec());
        assert_eq!(files.missing(), [""; 0]);
        let found = files.into_neighbours();
        let paths: Vec<_> = found.files.into_keys().collect();
        assert_eq!(
            (found.folder.as_str(), paths.join(" ")),
            ("a b/", "s/a.yaml s/b.json".to_owned())
        );
    }
}
