//! Writes the bundle and the readable copy of it.

use super::project::Compiled;
use super::sources::Origin;
use crate::attestation::{self, Packing};
use crate::folder::{folder_of, replace_folder};
use crate::project::{Layout, is_project_name};
use crate::public_file::staged;
use crate::whole_file::read_public;
use crate::working_folder::{Kind, WorkingFolder};
use mgw_bundle::{
    Bundle, BundleContents, Digest, Limits, PublicKey, SigningKey, WriteError, names, sign_bundle,
    write_described_bundle,
};
use std::path::{Path, PathBuf};

/// Where a bundle and its readable copy are put together.
const STAGED: Kind = Kind::beside(".gen-", None);

/// A bundle that has been written.
#[derive(Debug)]
pub struct Built {
    /// The file.
    pub path: PathBuf,
    /// The bundle's identity.
    pub digest: Digest,
    /// The file's contents.
    pub bytes: Vec<u8>,
    /// Keys whose signatures the file had already, which are kept: what they vouch for is the same bundle.
    pub kept: Vec<PublicKey>,
    /// Whether all of it was there already, byte for byte: then nothing was written.
    pub is_unchanged: bool,
    /// The bundle that the latest build under another name of the project left, which was removed: nobody takes it for
    /// this one.
    pub removed: Option<PathBuf>,
}

/// A bundle in memory.
#[derive(Debug)]
pub struct Packed {
    /// The archive.
    pub bytes: Vec<u8>,
    /// The same, read back.
    pub bundle: Bundle,
}

/// Why a bundle could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The findings include errors.
    #[error("the project has errors")]
    Invalid,
    /// The bundle could not be put together.
    #[error("the bundle could not be put together")]
    Write(#[from] WriteError),
    /// What it says of itself could not be serialised.
    #[error("the bundle cannot be described")]
    Describe(#[source] serde_json::Error),
    /// The bundle would be refused by its reader.
    #[error("the bundle cannot be read back")]
    ReadBack(#[from] mgw_bundle::ReadError),
    /// It could not be signed.
    #[error("the bundle could not be signed")]
    Sign(#[from] mgw_bundle::SignError),
    /// The bundle under the project's former name stays.
    #[error("cannot remove {}", .path.display())]
    Stale {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// Packs a compiled project into a bundle in memory.
///
/// # Errors
///
/// Refuses projects with errors, and whatever a gateway would refuse, such as a bundle beyond the reader's limits.
pub fn pack(compiled: &Compiled, tool: &str) -> Result<Packed, BuildError> {
    pack_from(compiled, &compiled.origin, tool)
}

/// As [`pack`], with another revision of the sources.
pub(crate) fn pack_at(compiled: &Compiled, revision: String, tool: &str) -> Result<Packed, BuildError> {
    let origin = Origin {
        revision: Some(revision),
        ..compiled.origin.clone()
    };
    pack_from(compiled, &origin, tool)
}

fn pack_from(compiled: &Compiled, origin: &Origin, tool: &str) -> Result<Packed, BuildError> {
    if compiled.diagnostics.has_errors() {
        return Err(BuildError::Invalid);
    }
    let contents = BundleContents {
        tool,
        lock: compiled.lock,
        config: &compiled.config,
        snapshot: compiled.snapshot.as_ref(),
        entries: compiled.entries.clone(),
    };
    let (bytes, _) = write_described_bundle(contents, |entries, bytes| {
        attestation::describe(&Packing {
            tool,
            lock: compiled.lock,
            config: &compiled.config,
            origin,
            entries,
            bytes,
        })
        .map_err(BuildError::Describe)
    })?;
    let bundle = Bundle::read(&bytes, &Limits::default())?;
    Ok(Packed { bytes, bundle })
}

/// Packs a compiled project into `target/<name>.zip`, signed with the keys, and lays its contents out in `target/gen/`. Signatures of
/// the same bundle that are there already stay. Both replace what was there only when they are complete; where all of it is there already, nothing is written, so that nobody who watches the file takes
/// it for another one.
///
/// # Errors
///
/// As [`pack`]; tells which file could not be written, and then leaves everything as it was.
pub fn build_bundle(
    layout: &Layout,
    compiled: &Compiled,
    tool: &str,
    keys: &[SigningKey],
) -> Result<Built, BuildError> {
    let Packed { mut bytes, bundle } = pack(compiled, tool)?;
    let path = layout.bundle(&compiled.name);
    let mut kept = Vec::new();
    if let Some((signed, signers)) = signed_already(&path, bundle.digest) {
        (bytes, kept) = (signed, signers);
    }
    for key in keys.iter().filter(|key| !kept.contains(&key.public())) {
        bytes = sign_bundle(&bytes, key, &Limits::default())?;
    }

    let target = layout.target();
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::File { path, source }
    };
    std::fs::create_dir_all(&target).map_err(failed(&target))?;
    STAGED.remove_dead(&target);
    if is_there(&path, &bytes) && is_laid_out(&target, &bundle) {
        return Ok(Built {
            path,
            digest: bundle.digest,
            bytes,
            kept,
            is_unchanged: true,
            removed: None,
        });
    }
    let former = of_former_name(layout, &compiled.name);
    let stage = WorkingFolder::beside(&target, &STAGED).map_err(failed(&target))?;
    let file = staged(&stage.path().join("bundle.zip"), &bytes).map_err(failed(&path))?;
    lay_out(&stage, &target, &bundle)?;
    file.persist(&path).map_err(|error| failed(&path)(error.error))?;
    Ok(Built {
        path,
        digest: bundle.digest,
        bytes,
        kept,
        is_unchanged: false,
        removed: former.map(removed).transpose()?.flatten(),
    })
}

/// A bundle with this digest that is signed, where the file is one. A bundle whose signatures are not genuine cannot be
/// read, so that none of them is kept.
fn signed_already(path: &Path, digest: Digest) -> Option<(Vec<u8>, Vec<PublicKey>)> {
    let limits = Limits::default();
    let bytes = read_public(path, limits.archive_bytes).ok()?;
    let Bundle {
        digest: there, signers, ..
    } = Bundle::read(&bytes, &limits).ok()?;
    (there == digest && !signers.is_empty()).then_some((bytes, signers))
}

/// Removes the bundle of a former name, and returns it; nothing where another build has done so in the meantime.
fn removed(former: PathBuf) -> Result<Option<PathBuf>, BuildError> {
    match std::fs::remove_file(&former) {
        Ok(()) => Ok(Some(former)),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(BuildError::Stale { path: former, source }),
    }
}

/// The bundle of the latest build, where the project had another name then: `target/gen/` says which one, and the file is
/// a bundle of that project.
fn of_former_name(layout: &Layout, name: &str) -> Option<PathBuf> {
    #[derive(serde::Deserialize)]
    struct Named {
        project: String,
    }
    let limit = Limits::default().archive_bytes;
    let config = layout.target().join("gen").join(names::CONFIG);
    let Named { project } = serde_json::from_slice(&read_public(&config, limit).ok()?).ok()?;
    if project == name || !is_project_name(&project) {
        return None;
    }
    let path = layout.bundle(&project);
    let bundle = Bundle::read(&read_public(&path, limit).ok()?, &Limits::default()).ok()?;
    (bundle.config.project == project).then_some(path)
}

/// Whether a file has these contents. What cannot be read is not there.
fn is_there(path: &Path, bytes: &[u8]) -> bool {
    let is_file = std::fs::symlink_metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.len() == bytes.len() as u64);
    is_file && std::fs::read(path).is_ok_and(|there| there == bytes)
}

/// The folder in `target/gen/` that has no entries of the bundle but files for containers, as micro-gw had it. They are
/// written after the bundle.
const FOR_CONTAINERS: &str = "target";

/// Whether `target/gen/` is every entry of the bundle, and nothing else but files for containers.
fn is_laid_out(target: &Path, bundle: &Bundle) -> bool {
    let place = target.join("gen");
    let all_there = bundle
        .entries
        .iter()
        .all(|(name, bytes)| is_there(&place.join(name), bytes));
    all_there && files_below(&place, bundle.entries.len()) == Some(bundle.entries.len())
}

/// How many files a folder and those in it have; `None` when that cannot be told, or there are more than `most`.
fn files_below(folder: &Path, most: usize) -> Option<usize> {
    let mut count = 0;
    let for_containers = folder.join(FOR_CONTAINERS);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).ok()? {
            let entry = entry.ok()?;
            if entry.file_type().ok()?.is_dir() {
                let path = entry.path();
                if path != for_containers {
                    folders.push(path);
                }
            } else {
                count += 1;
            }
            if count > most || folders.len() > most {
                return None;
            }
        }
    }
    Some(count)
}

/// Writes `target/gen/`, after it has been staged: every entry of the bundle as a file.
fn lay_out(stage: &WorkingFolder, target: &Path, bundle: &Bundle) -> Result<(), BuildError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| BuildError::File { path, source }
    };
    let fresh = stage.path().join("gen");
    let place = target.join("gen");
    std::fs::create_dir(&fresh).map_err(failed(&place))?;
    for (name, bytes) in &bundle.entries {
        let path = fresh.join(name);
        // Errors name where it was to be: what is staged is gone when somebody reads them.
        let entry = place.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed(folder_of(&entry)))?;
        }
        std::fs::write(&path, bytes).map_err(failed(&entry))?;
    }
    // The old copy goes into the staging folder, which is removed at the end.
    replace_folder(&fresh, &place, &stage.path().join("old")).map_err(failed(&place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_bundle_may_be_gone_already() {
        let folder = tempfile::tempdir().expect("a folder");
        let former = folder.path().join("shop.zip");
        std::fs::write(&former, "").expect("writable");
        assert_eq!(removed(former.clone()).expect("removed"), Some(former.clone()));
        // Another build was faster.
        assert_eq!(removed(former).expect("gone"), None);
        assert!(removed(folder.path().to_owned()).is_err());
    }
}
