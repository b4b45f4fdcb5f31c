//! The definitions of the pull before, which need not be sent again where they are unchanged.

use super::definition::enrich;
use super::document;
use super::one_api::file_names;
use crate::cloud::control_plane::ApiDetails;
use crate::lock::{LockFile, LockedApi};
use crate::project::Layout;
use mgw_bundle::Digest;
use serde_json::json;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest file that is looked at: a definition as it may be sent, with room for what is added.
const LARGEST: u64 = 128 << 20;

/// The definitions of the pull before, from the same organisation.
#[derive(Debug, Default)]
pub(crate) struct FormerDefinitions {
    root: PathBuf,
    apis: HashMap<String, LockedApi>,
}

/// A definition of the pull before that may still be the one there is.
#[derive(Debug)]
pub(super) struct FormerDefinition {
    /// What the control plane knows it by.
    pub(super) etag: String,
    /// Path below the project.
    pub(super) path: String,
    /// The contents of the file: what the lock vouches for.
    pub(super) bytes: Vec<u8>,
}

impl FormerDefinitions {
    /// Those of the project at `layout`, of which `lock` tells. Another version of this program may make other files.
    pub(crate) fn new(layout: &Layout, lock: Option<&LockFile>) -> Self {
        let apis = lock
            .filter(|lock| !lock.is_of_another_program())
            .map(|lock| lock.apis.as_slice())
            .unwrap_or_default();
        Self {
            root: layout.root().to_owned(),
            apis: apis.iter().map(|api| (api.id.clone(), api.clone())).collect(),
        }
    }

    /// The file of an API, where nothing but its definition could have changed it. Files that are lost or were edited
    /// are not used.
    pub(super) fn of(&self, api: &ApiDetails, basis: Digest) -> Option<FormerDefinition> {
        let locked = self.apis.get(&api.id).filter(|locked| locked.basis == Some(basis))?;
        let etag = locked.etag.clone()?;
        let is_its_own = file_names(&api.name, &api.version).contains(&locked.path);
        let bytes = read(&self.root.join(&locked.path)).filter(|_| is_its_own)?;
        (Digest::of(&bytes) == locked.sha256).then(|| FormerDefinition {
            etag,
            path: locked.path.clone(),
            bytes,
        })
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(LARGEST).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Digest of everything that the file of an API is made from beside its definition: of what is added to a definition
/// that has all its operations and says nothing itself. So nothing goes in that is not in the file as well, no secret
/// either.
pub(super) fn basis(api: &ApiDetails) -> Result<Digest, serde_json::Error> {
    let mut paths = json!({});
    for operation in &api.operations {
        paths[&operation.target][&operation.verb] = json!({});
    }
    let enriched = enrich(json!({ "paths": paths }), api).document;
    Ok(Digest::of(&document(&enriched)?))
}
