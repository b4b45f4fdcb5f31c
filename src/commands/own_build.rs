//! What a build of a project gives now, for those who compare it with a bundle.

use super::bundle_file;
use super::version::TOOL;
use crate::attestation::own_origin;
use crate::compile::{Compiled, pack, pack_at};
use crate::failure::Failure;
use crate::project::Layout;
use mgw_bundle::{Bundle, Digest};

/// The bundles that are the same as a project.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnBuild {
    /// Without a revision of the sources, as a gateway packs a project folder that it serves.
    pub(crate) digest: Digest,
    /// With the revision of the sources that the latest build was given, where it was given one.
    pub(crate) revised: Option<Digest>,
}

impl OwnBuild {
    /// Packs a project, and returns the bundle without a revision as well.
    pub(crate) fn of(compiled: &Compiled, layout: &Layout) -> Result<(Self, Bundle), Failure> {
        let bundle = pack(compiled, TOOL)?.bundle;
        let own = Self {
            digest: bundle.digest,
            revised: revised(compiled, layout)?,
        };
        Ok((own, bundle))
    }

    /// The digest to compare with: the one that is meant, if there are two.
    pub(crate) fn digest(&self, is_meant: impl Fn(&Digest) -> bool) -> Digest {
        self.revised.filter(is_meant).unwrap_or(self.digest)
    }
}

fn revised(compiled: &Compiled, layout: &Layout) -> Result<Option<Digest>, Failure> {
    let latest = layout.bundle(&compiled.name);
    let latest = latest.is_file().then(|| bundle_file::read(&latest).ok()).flatten();
    match latest.and_then(|latest| own_origin(&latest).revision) {
        Some(revision) => Ok(Some(pack_at(compiled, revision, TOOL)?.bundle.digest)),
        None => Ok(None),
    }
}
