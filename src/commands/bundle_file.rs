//! Reads a bundle named on the command line: the file itself, or a project's latest build.

use crate::compile::project_name_of;
use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::whole_file;
use mgw_bundle::{Bundle, Digest, Limits, ReadError};
use std::path::{Path, PathBuf};

/// Finds the bundle behind `path`: a file, or the build of a project folder.
pub(crate) fn locate(path: &Path) -> Result<PathBuf, Failure> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let layout = Layout::new(path);
    let bundle = layout.bundle(&project_name_of(&layout)?);
    if bundle.is_file() {
        return Ok(bundle);
    }
    Err(Failure::new(
        ExitCode::Environment,
        format!("{} has not been built yet", path.display()),
    )
    .hint(format!("Run `mgw build {}`.", path.display())))
}

/// Reads and checks a bundle file.
pub(crate) fn read(path: &Path) -> Result<Bundle, Failure> {
    Bundle::read(&bytes(path)?, &Limits::default()).map_err(|error| not_intact(path, error))
}

/// The bytes of a bundle file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = whole_file::read_public(path, Limits::default().archive_bytes);
    bytes.map_err(|error| Failure::file("read", path, error))
}

/// What was read is no bundle, or not all of it.
pub(crate) fn not_intact(path: &Path, error: ReadError) -> Failure {
    let mut failure = Failure::from(error);
    failure.message = format!("{} is not an intact bundle", path.display());
    failure
}

/// Compares a bundle with the digest that somebody wrote down, on the command line or else in MGW_DIGEST; without one,
/// every bundle will do.
pub(crate) fn expect_digest(
    path: &Path,
    bundle: &Bundle,
    digest: Option<&str>,
    environment: &Environment,
) -> Result<(), Failure> {
    let expected = digest
        .or_else(|| environment.get("MGW_DIGEST"))
        .map(|text| text.strip_prefix("sha256:").unwrap_or(text).parse::<Digest>())
        .transpose()
        .map_err(|error| {
            Failure::new(ExitCode::Usage, "the value of --digest (MGW_DIGEST) is not a digest")
                .because(error)
                .hint("Copy the digest that `mgw build` printed.")
        })?;
    match expected {
        Some(expected) if expected != bundle.digest => Err(Failure::new(
            ExitCode::Mismatch,
            format!("{} has the digest {}, not {expected}", path.display(), bundle.digest),
        )
        .hint("The bundle is intact, but it is not the one that was asked for.")),
        _ => Ok(()),
    }
}
