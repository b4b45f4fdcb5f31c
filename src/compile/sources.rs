//! What a bundle is made from, as its provenance tells it.

use crate::lock::LockedApi;
use crate::project::BuildSettings;
use mgw_bundle::Digest;
use std::collections::BTreeMap;

/// The files that were read of a project, by their paths inside it.
///
/// A file whose secret was left out of the bundle has no digest: with everything else of the file at hand, a digest is all
/// that is needed to try passwords until one fits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources(BTreeMap<String, Option<Digest>>);

impl Sources {
    /// Notes a file that was read, unless it is known already.
    pub(crate) fn add(&mut self, path: &str, bytes: &[u8]) {
        self.0.entry(path.to_owned()).or_insert_with(|| Some(Digest::of(bytes)));
    }

    /// Notes a file that somebody else read.
    pub(crate) fn add_known(&mut self, path: &str, digest: Digest) {
        self.0.insert(path.to_owned(), Some(digest));
    }

    /// Notes a file whose digest tells too much.
    pub(crate) fn hide(&mut self, path: &str) {
        self.0.insert(path.to_owned(), None);
    }

    /// The digest of a file that was read, where it may be told.
    pub(crate) fn digest(&self, path: &str) -> Option<Digest> {
        self.0.get(path).copied().flatten()
    }

    /// Whether a file has no digest.
    pub(crate) fn is_hidden(&self, path: &str) -> bool {
        self.0.get(path) == Some(&None)
    }

    /// Adds those of somebody else that are not known yet.
    pub(crate) fn extend(&mut self, others: &Self) {
        for (path, digest) in &others.0 {
            self.0.entry(path.clone()).or_insert(*digest);
        }
    }

    /// All of them, sorted by path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<Digest>)> {
        self.0.iter().map(|(path, digest)| (path.as_str(), *digest))
    }
}

/// What the control plane calls an API that was pulled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PulledApi {
    /// Its id.
    pub(crate) id: String,
    /// Number of the revision that is deployed, where there are such.
    pub(crate) revision: Option<u32>,
}

impl From<&LockedApi> for PulledApi {
    fn from(api: &LockedApi) -> Self {
        Self {
            id: api.id.clone(),
            revision: api.revision,
        }
    }
}

/// What a bundle is made from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The files.
    pub(crate) sources: Sources,
    /// What `mgw.toml` says about the build.
    pub(crate) options: BuildSettings,
    /// What was pulled, by the paths of the definitions.
    pub(crate) pulled: BTreeMap<String, PulledApi>,
    /// What whoever built it calls the state of the sources.
    pub(crate) revision: Option<String>,
}
