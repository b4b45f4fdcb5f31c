//! Entries of a lock, for tests.

use super::{LockedApi, LockedSource};
use crate::project::ControlPlaneKind;
use mgw_bundle::Digest;

impl LockedApi {
    /// An API that is published, whose id is its name and whose file has this content.
    pub(crate) fn sample(name: &str, version: &str, content: &[u8]) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            id: name.into(),
            provider: None,
            state: "published".into(),
            last_updated: None,
            etag: None,
            basis: None,
            revision: None,
            revision_id: None,
            path: format!("gen/api_definitions/{name}.json"),
            sha256: Digest::of(content),
        }
    }
}

impl LockedSource {
    /// Everything of an organisation.
    pub(crate) fn sample() -> Self {
        Self {
            url: "https://cp.example".into(),
            kind: ControlPlaneKind::Apim32,
            organisation: "carbon.super".into(),
            labels: Vec::new(),
            tags: Vec::new(),
            apis: Vec::new(),
            all: true,
        }
    }
}
