//! `mgw verify`

use super::bundle_file;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::ui::count::Counted;
use mgw_bundle::Digest;
use std::path::PathBuf;

/// Arguments of `mgw verify`.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The bundle, or a project folder that has been built.
    #[arg(value_name = "BUNDLE", default_value = ".")]
    pub bundle: PathBuf,
    /// The digest that the bundle must have, as `mgw build` printed it.
    #[arg(long, value_name = "SHA256", env = "MGW_DIGEST")]
    pub digest: Option<String>,
}

#[derive(serde::Serialize)]
struct Verified {
    bundle: String,
    project: String,
    tool: String,
    digest: Digest,
    entries: usize,
    signed: bool,
}

/// Checks every entry of a bundle against its manifest, and the manifest against the digest.
pub fn run(args: VerifyArgs, context: &Context) -> Result<ExitCode, Failure> {
    let expected = args
        .digest
        .as_deref()
        .map(|text| text.strip_prefix("sha256:").unwrap_or(text).parse::<Digest>())
        .transpose()
        .map_err(|error| {
            Failure::new(ExitCode::Usage, "the value of --digest is not a digest")
                .because(error)
                .hint("Copy the digest that `mgw build` printed.")
        })?;
    let path = bundle_file::locate(&args.bundle)?;
    let bundle = bundle_file::read(&path)?;
    if let Some(expected) = expected.filter(|expected| *expected != bundle.digest) {
        return Err(Failure::new(
            ExitCode::Mismatch,
            format!("{} has the digest {}, not {expected}", path.display(), bundle.digest),
        )
        .hint("The bundle is intact, but it is not the one that was asked for."));
    }
    let verified = Verified {
        bundle: shown(&path),
        project: bundle.manifest.project.clone(),
        tool: bundle.manifest.tool.clone(),
        digest: bundle.digest,
        entries: bundle.manifest.entries.len(),
        signed: bundle.signature.is_some(),
    };
    context.ui.status(
        "Verified",
        format_args!(
            "{}: {} intact",
            verified.bundle,
            Counted(verified.entries, "entry is", "entries are")
        ),
    );
    context.ui.result(verified.digest, &verified);
    Ok(ExitCode::Success)
}
