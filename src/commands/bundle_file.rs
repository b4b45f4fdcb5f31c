//! Reads a bundle named on the command line: the file itself, or a project's latest build.

use crate::compile::project_name_of;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use mgw_bundle::{Bundle, Limits};
use std::io::Read;
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
    let limits = Limits::default();
    let failed = |error| Failure::file("read", path, error);
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    // One byte more than allowed is enough for the reader to refuse it.
    file.take(limits.archive_bytes + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Bundle::read(&bytes, &limits).map_err(|error| {
        let mut failure = Failure::from(error);
        failure.message = format!("{} is not an intact bundle", path.display());
        failure
    })
}
