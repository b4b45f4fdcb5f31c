//! Reads a bundle named on the command line: the file itself, or a project's latest build.

use crate::compile::project_name_of;
use crate::context::Environment;
use crate::exit::ExitCode;
use crate::failure::{Failure, not_a_project};
use crate::project::Layout;
use crate::shell;
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
    .hint(format!("Run `mgw build {}`.", shell::path(path))))
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
    if let Some(failure) = not_a_project(path) {
        return failure;
    }
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
        .or_else(|| environment.get_even_empty("MGW_DIGEST"))
        .map(|text| text.strip_prefix("sha256:").unwrap_or(text).parse::<Digest>())
        .transpose()
        .map_err(|error| {
            Failure::new(ExitCode::Usage, "the value of --digest (MGW_DIGEST) is not a digest")
                .because(error)
                .hint("Copy the digest that `mgw build` printed; unset MGW_DIGEST where any bundle will do.")
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

#[cfg(test)]
mod tests {
    use super::*;
    use mgw_bundle::{BundleContents, GatewayConfig, config, write_bundle};
    use std::collections::BTreeMap;

    #[test]
    fn a_digest_that_came_out_empty_is_no_digest() {
        let config = GatewayConfig {
            format: config::FORMAT,
            project: "shop".to_owned(),
            apis: Vec::new(),
            policies: config::Policies::default(),
            backend_certificates: Vec::new(),
            service_cors: None,
            api_fault_responses: false,
            global_fault_responses: false,
        };
        let contents = BundleContents {
            tool: "mgw",
            lock: None,
            config: &config,
            snapshot: None,
            entries: BTreeMap::new(),
        };
        let (bytes, digest) = write_bundle(contents).expect("written");
        let bundle = Bundle::read(&bytes, &Limits::default()).expect("intact");
        let (own, other) = (format!("sha256:{digest}"), "0".repeat(64));
        let code = |named: Option<&str>, variable: Option<&str>| {
            let environment: Environment = variable.map(|value| ("MGW_DIGEST", value)).into_iter().collect();
            expect_digest(Path::new("shop.zip"), &bundle, named, &environment)
                .err()
                .map(|failure| failure.code)
        };
        for (named, variable, expected) in [
            (None, None, None),
            (None, Some(own.as_str()), None),
            (Some(own.as_str()), Some(""), None),
            (None, Some(""), Some(ExitCode::Usage)),
            (Some(""), None, Some(ExitCode::Usage)),
            (None, Some(other.as_str()), Some(ExitCode::Mismatch)),
        ] {
            assert_eq!(code(named, variable), expected, "{named:?} {variable:?}");
        }
    }
}
