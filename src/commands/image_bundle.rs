//! The bundle that goes into an image: the one that was built, reviewed and signed, as long as it is what the project is.

use super::bundle_file;
use super::own_build::OwnBuild;
use super::version::TOOL;
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
        let latest = latest(compiled, layout, revision.as_deref())?;
        let is_built = latest.is_some();
        let (mut bytes, bundle) = match (latest, revision) {
            (Some(latest), _) => latest,
            (None, Some(revision)) => {
                let packed = pack_at(compiled, revision, TOOL)?;
                (packed.bytes, packed.bundle)
            }
            (None, None) => {
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

/// The latest build and its bytes, where it is what the project compiles to.
fn latest(compiled: &Compiled, layout: &Layout, revision: Option<&str>) -> Result<Option<(Vec<u8>, Bundle)>, Failure> {
    let path = layout.bundle(&compiled.name);
    // What is not there or damaged is no build; the next one replaces it.
    let Some(bytes) = path.is_file().then(|| bundle_file::bytes(&path).ok()).flatten() else {
        return Ok(None);
    };
    let Ok(bundle) = Bundle::read(&bytes, &Limits::default()) else {
        return Ok(None);
    };
    let is_same = match revision {
        Some(revision) => pack_at(compiled, revision.to_owned(), TOOL)?.bundle.digest == bundle.digest,
        None => OwnBuild::of(compiled, layout)?.0.is(bundle.digest),
    };
    Ok(is_same.then_some((bytes, bundle)))
}
