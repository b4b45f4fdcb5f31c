//! The bundle that goes into an image: the one that was built, reviewed and signed, as long as it is what the project is.

use super::bundle_file;
use super::version::TOOL;
use crate::attestation::own_origin;
use crate::compile::{Compiled, pack, pack_at};
use crate::failure::Failure;
use crate::project::{Layout, shown};
use crate::ui::Ui;
use mgw_bundle::{Bundle, Digest, Limits, PublicKey, SigningKey, sign_bundle};

/// A bundle for an image.
pub(super) struct ImageBundle {
    /// The archive.
    pub(super) bytes: Vec<u8>,
    /// What is told of it.
    pub(super) told: Told,
}

/// What is told of it.
#[derive(Debug, serde::Serialize)]
pub(super) struct Told {
    digest: Digest,
    /// Whose signatures it bears.
    key_ids: Vec<Digest>,
    /// Whether it is the one that was built, and not one of its own.
    built: bool,
}

impl ImageBundle {
    /// The bundle of the latest build, where the project compiles to it; else one that is packed now. Both with the signatures
    /// of the keys. A revision of the sources that is named has to be that of the build.
    pub(super) fn of(
        compiled: &Compiled,
        layout: &Layout,
        revision: Option<String>,
        keys: &[SigningKey],
    ) -> Result<Self, Failure> {
        let limits = Limits::default();
        let latest = latest(compiled, layout);
        // Without a revision that is named, that of the build holds, as long as it is one of this project.
        let built_at = latest.as_ref().and_then(|(_, bundle)| own_origin(bundle).revision);
        let packed = match revision.clone().or(built_at) {
            Some(revision) => pack_at(compiled, revision, TOOL)?,
            None => pack(compiled, TOOL)?,
        };
        let latest = latest.filter(|(_, bundle)| bundle.digest == packed.bundle.digest);
        let is_built = latest.is_some();
        let (mut bytes, bundle) = match latest {
            Some(latest) => latest,
            None if revision.is_some() => (packed.bytes, packed.bundle),
            None => {
                let packed = pack(compiled, TOOL)?;
                (packed.bytes, packed.bundle)
            }
        };
        let mut signers = bundle.signers;
        for key in keys {
            if !signers.contains(&key.public()) {
                bytes = sign_bundle(&bytes, key, &limits)?;
                signers.push(key.public());
            }
        }
        Ok(Self {
            bytes,
            told: Told {
                digest: bundle.digest,
                key_ids: signers.iter().map(PublicKey::id).collect(),
                built: is_built,
            },
        })
    }

    /// Whether somebody has signed it.
    pub(super) fn is_signed(&self) -> bool {
        !self.told.key_ids.is_empty()
    }
}

impl Told {
    /// Says which bundle it is.
    pub(super) fn tell(&self, compiled: &Compiled, layout: &Layout, ui: &Ui) {
        let path = layout.bundle(&compiled.name);
        let file = shown(&path);
        match (self.built, path.is_file()) {
            (true, _) => ui.status("Took", format_args!("{file}, which is what the project compiles to")),
            (false, true) => ui.status(
                "Packed",
                format_args!("a bundle for the image alone: {file} is not what the project compiles to"),
            ),
            (false, false) => ui.status(
                "Packed",
                format_args!("a bundle for the image alone: there is no {file}"),
            ),
        }
        ui.status("Digest", self.digest);
        for key in &self.key_ids {
            ui.status("Signed", format_args!("with key {key}"));
        }
        if self.key_ids.is_empty() {
            ui.status("Signed", "by nobody");
        }
    }
}

/// The latest build and its bytes. What is not there or damaged is no build; the next one replaces it.
fn latest(compiled: &Compiled, layout: &Layout) -> Option<(Vec<u8>, Bundle)> {
    let path = layout.bundle(&compiled.name);
    let bytes = path.is_file().then(|| bundle_file::bytes(&path).ok()).flatten()?;
    let bundle = Bundle::read(&bytes, &Limits::default()).ok()?;
    Some((bytes, bundle))
}
