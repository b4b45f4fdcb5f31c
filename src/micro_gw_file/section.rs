//! What a file holds. Nothing is told here: [`check`](super::check()) has told what cannot be used, which counts as not set.

use super::value::{self, EnvironmentValue, is_unset};
use crate::whole_file::read_public;
use crate::yaml::{Node, Source, Span, SyntaxError, parse_toml};
use mgw_bundle::Digest;
use std::io::ErrorKind;
use std::path::Path;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// A file with the places of what is in it.
#[derive(Debug, Clone)]
pub(crate) struct SettingsFile {
    pub(crate) source: Source,
    pub(crate) document: Node,
    /// Of the bytes of the file.
    pub(crate) digest: Digest,
}

impl SettingsFile {
    /// Reads a file; `None` where there is none, a syntax error within.
    pub(crate) fn load(path: &Path) -> std::io::Result<Option<Result<Self, SyntaxError>>> {
        match read_public(path, MAX_FILE) {
            Ok(bytes) => Ok(Some(Self::parse(&crate::project::shown(path), bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the bytes of a file.
    pub(crate) fn parse(name: &str, bytes: Vec<u8>) -> Result<Self, SyntaxError> {
        let digest = Digest::of(&bytes);
        let (source, document) = parse_toml(name, bytes)?;
        Ok(Self {
            source,
            document,
            digest,
        })
    }

    /// A table; reading one that is not there gives nothing.
    pub(crate) fn section(&self, path: &str) -> Section<'_> {
        Section {
            source: &self.source,
            table: self.document.at(path.split('.')),
        }
    }
}

/// A table of a file, or the absence of one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'a> {
    source: &'a Source,
    table: Option<&'a Node>,
}

impl<'a> Section<'a> {
    /// The file.
    pub(crate) fn source(&self) -> &'a Source {
        self.source
    }

    /// The table where it counts, else the absence of one.
    pub(crate) fn only_if(self, counts: bool) -> Self {
        Self {
            table: self.table.filter(|_| counts),
            ..self
        }
    }

    /// Where a key's value stands; the table where it is not set.
    pub(crate) fn span(&self, key: &str) -> Span {
        let value = self.value(key).or(self.table);
        value.map(|node| node.span).unwrap_or_default()
    }

    /// Where a key stands; the table where it is not set.
    pub(crate) fn key_span(&self, key: &str) -> Span {
        let member = self.table.and_then(|table| table.member(key));
        member.map_or_else(|| self.span(key), |member| member.key)
    }

    fn value(&self, key: &str) -> Option<&'a Node> {
        self.table?.get(key).filter(|node| !is_unset(node))
    }

    /// Whether a key says something.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// A table within.
    pub(crate) fn section(&self, key: &str) -> Section<'a> {
        Section {
            source: self.source,
            table: self.table.and_then(|table| table.get(key)),
        }
    }

    /// The tables of a list; a single table counts as one.
    pub(crate) fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let Some(node) = self.table.and_then(|table| table.get(key)) else {
            return Vec::new();
        };
        let section = |table| Section {
            source: self.source,
            table: Some(table),
        };
        match node.as_array() {
            Some(elements) => elements.iter().map(section).collect(),
            None => node.as_object().map(|_| section(node)).into_iter().collect(),
        }
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let text = value::text(self.value(key)?).ok()?;
        Some(text.trim().to_owned())
    }

    /// A truth value.
    pub(crate) fn boolean(&self, key: &str) -> Option<bool> {
        value::boolean(self.value(key)?).ok()
    }

    /// A number.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        value::number(self.value(key)?, 0, u64::MAX).ok()
    }

    /// One of some words, as they are written in the list.
    pub(crate) fn choice(&self, key: &str, words: &'static [&'static str]) -> Option<&'static str> {
        value::choice(self.value(key)?, words).ok()
    }

    /// A map of texts, in the order of the file.
    pub(crate) fn map(&self, key: &str) -> Option<Vec<(String, String)>> {
        value::map(self.source, self.value(key)?).ok()
    }

    /// A list of texts.
    pub(crate) fn texts(&self, key: &str) -> Option<Vec<String>> {
        value::texts(self.source, self.value(key)?).ok()
    }

    /// Environment variables, with the places of their values.
    pub(crate) fn environment(&self, key: &str) -> Vec<(String, EnvironmentValue, Span)> {
        let read = self
            .value(key)
            .and_then(|node| value::environment(self.source, node).ok());
        let read = read.unwrap_or_default();
        read.into_iter()
            .map(|(name, value, node)| (name, value, node.span))
            .collect()
    }

    /// Whether a block is switched on.
    pub(crate) fn is_enabled(&self) -> bool {
        self.boolean("enable") == Some(true)
    }
}
