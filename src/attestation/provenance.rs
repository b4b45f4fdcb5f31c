//! `provenance.json`: what a bundle was made from and by what, as an in-toto statement with SLSA's provenance.

use super::{Packing, name_and_version};
use crate::compile::sources::{Origin, Sources};
use mgw_bundle::{Bundle, Digest, Entry, names};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

pub(super) const STATEMENT: &str = "https://in-toto.io/Statement/v1";
pub(super) const PREDICATE: &str = "https://slsa.dev/provenance/v1";

/// The longest revision that is taken.
const LONGEST_REVISION: usize = 256;

/// What whoever builds calls the state of the sources: a commit, a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SourceRevision(String);

/// A text that is no revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a revision has 1 to {LONGEST_REVISION} visible ASCII characters and no spaces")]
pub(crate) struct RevisionError;

impl FromStr for SourceRevision {
    type Err = RevisionError;

    fn from_str(text: &str) -> Result<Self, RevisionError> {
        let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if text.is_empty() || text.len() > LONGEST_REVISION || !is_visible {
            return Err(RevisionError);
        }
        Ok(Self(text.to_owned()))
    }
}

impl From<SourceRevision> for String {
    fn from(revision: SourceRevision) -> Self {
        revision.0
    }
}

/// The statement.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Statement {
    #[serde(rename = "_type")]
    pub(super) kind: String,
    pub(super) subject: Vec<Resource>,
    pub(super) predicate_type: String,
    pub(super) predicate: Predicate,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Predicate {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition {
    build_type: String,
    external_parameters: Parameters,
    resolved_dependencies: Vec<Resource>,
}

/// What somebody chose.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    project: String,
    /// What `[build]` says; later versions have more of it.
    options: serde_json::Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_revision: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RunDetails {
    builder: Builder,
}

#[derive(Debug, Serialize, Deserialize)]
struct Builder {
    id: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    version: BTreeMap<String, String>,
}

/// A file, or the state of all of them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Resource {
    pub(super) name: String,
    /// Where the digest is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) digest: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

pub(super) const SHA256: &str = "sha256";

impl Resource {
    fn new(name: &str, algorithm: &str, digest: impl ToString) -> Self {
        Self {
            name: name.to_owned(),
            uri: None,
            digest: BTreeMap::from([(algorithm.to_owned(), digest.to_string())]),
            annotations: BTreeMap::new(),
        }
    }

    fn source(path: &str, digest: Option<Digest>) -> Self {
        match digest {
            Some(digest) => Self::new(path, SHA256, digest),
            None => Self {
                name: path.to_owned(),
                uri: Some(format!("file:{}", in_uri(path))),
                digest: BTreeMap::new(),
                annotations: BTreeMap::from([(
                    "digest".to_owned(),
                    "left out: the file holds a secret, which could be guessed with it".to_owned(),
                )]),
            },
        }
    }
}

/// A path inside the project as a URI has it.
fn in_uri(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// Whether a revision is a Git commit in full, rather than a name that moves.
fn is_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && revision.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Describes where a bundle comes from; `sbom` is an entry of it that is not among those of `packing` yet.
///
/// # Errors
///
/// When the options cannot be serialised.
pub(super) fn of(packing: &Packing<'_>, sbom: &Entry) -> Result<Statement, serde_json::Error> {
    let origin = packing.origin;
    let mut subject: Vec<Resource> = packing
        .entries
        .iter()
        .chain([sbom])
        .map(|entry| Resource::new(&entry.name, SHA256, entry.sha256))
        .collect();
    subject.sort_by(|a, b| a.name.cmp(&b.name));
    let mut resolved: Vec<Resource> = origin
        .sources
        .iter()
        .map(|(path, digest)| Resource::source(path, digest))
        .collect();
    if let Some(revision) = origin.revision.as_deref().filter(|revision| is_commit(revision)) {
        resolved.push(Resource::new(REVISION, "gitCommit", revision));
    }
    let (name, version) = name_and_version(packing.tool);
    let builder = format!("pkg:generic/{}", packing.tool.replace(' ', "@"));
    Ok(Statement {
        kind: STATEMENT.to_owned(),
        subject,
        predicate_type: PREDICATE.to_owned(),
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: format!("{builder}#build"),
                external_parameters: Parameters {
                    project: packing.config.project.clone(),
                    options: serde_json::to_value(&origin.options)?,
                    lock: packing.lock,
                    source_revision: origin.revision.clone(),
                },
                resolved_dependencies: resolved,
            },
            run_details: RunDetails {
                builder: Builder {
                    id: builder,
                    version: version
                        .map(|version| (name.to_owned(), version.to_owned()))
                        .into_iter()
                        .collect(),
                },
            },
        },
    })
}

/// What the state of all sources is called among them. No file of a project is: none of those that are read lies in its root
/// under a name with a space.
const REVISION: &str = "source revision";

impl Statement {
    /// Reads the one of a bundle; `None` when there is none, or another version wrote it in another way.
    pub(super) fn of_bundle(bundle: &Bundle) -> Option<Self> {
        serde_json::from_slice(bundle.entries.get(names::PROVENANCE)?).ok()
    }

    /// The project that it is about, and the digest of its lock.
    pub(super) fn project(&self) -> (&str, Option<Digest>) {
        let parameters = &self.predicate.build_definition.external_parameters;
        (&parameters.project, parameters.lock)
    }

    /// What whoever built it calls the state of the sources.
    pub(super) fn revision(&self) -> Option<&str> {
        let parameters = &self.predicate.build_definition.external_parameters;
        parameters.source_revision.as_deref()
    }
}

/// What a bundle says that those of its parts were made from that somebody wrote: everything but what was pulled.
pub(crate) fn own_origin(bundle: &Bundle) -> Origin {
    let Some(statement) = Statement::of_bundle(bundle) else {
        return Origin::default();
    };
    let mut sources = Sources::default();
    for resource in &statement.predicate.build_definition.resolved_dependencies {
        let is_pulled = resource.name.starts_with("gen/") || resource.name == "mgw.lock" || resource.name == REVISION;
        if is_pulled {
            continue;
        }
        match resource.digest.get(SHA256).and_then(|digest| digest.parse().ok()) {
            Some(digest) => sources.add_known(&resource.name, digest),
            None => sources.hide(&resource.name),
        }
    }
    Origin {
        sources,
        revision: statement.revision().map(str::to_owned),
        ..Origin::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_one_word() {
        for text in ["1a2b3c", "v1.2.3", "refs/tags/v1", &"a".repeat(256)] {
            assert!(text.parse::<SourceRevision>().is_ok(), "{text}");
        }
        for text in ["", " ", "a b", "a\n", "é", "\u{1b}[1m", &"a".repeat(257)] {
            assert_eq!(text.parse::<SourceRevision>(), Err(RevisionError), "{text:?}");
        }
    }

    #[test]
    fn only_a_whole_commit_is_a_digest() {
        assert!(is_commit(&"a".repeat(40)) && is_commit(&"0".repeat(64)));
        for text in ["abc1234", &"A".repeat(40), &"g".repeat(40), "main"] {
            assert!(!is_commit(text), "{text}");
        }
    }

    #[test]
    fn paths_are_written_as_uris_have_them() {
        assert_eq!(
            in_uri("api_definitions/a b/ü.yaml"),
            "api_definitions/a%20b/%C3%BC.yaml"
        );
    }
}
