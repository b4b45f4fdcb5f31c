//! `mgw sign`

use super::{bundle_file, signing_keys};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::shown;
use crate::public_file;
use crate::signing::KeyReference;
use mgw_bundle::{Bundle, Digest, Limits, sign_bundle};
use std::path::PathBuf;

/// Arguments of `mgw sign`.
#[derive(Debug, clap::Args)]
pub struct SignArgs {
    /// The bundle, or a project folder that has been built.
    #[arg(value_name = "BUNDLE", default_value = ".")]
    pub bundle: PathBuf,
    /// Key to sign with: its name, or a PEM file (repeatable) [default: MGW_SIGNING_KEY, or the file that MGW_SIGNING_KEY_FILE names]
    #[arg(long = "key", value_name = "KEY")]
    pub keys: Vec<KeyReference>,
    /// The digest that the bundle must have, as `mgw build` printed it [default: that of MGW_DIGEST]
    #[arg(long, value_name = "SHA256")]
    pub digest: Option<String>,
}

#[derive(serde::Serialize)]
struct Signed {
    bundle: String,
    digest: Digest,
    key_ids: Vec<Digest>,
}

/// Adds signatures to a bundle that has been built. What is signed is what was read: the bundle's digest stays.
pub fn run(args: SignArgs, context: &Context) -> Result<ExitCode, Failure> {
    let keys = signing_keys::to_sign_with(&args.keys, context)?;
    if keys.is_empty() {
        return Err(Failure::new(ExitCode::Usage, "there is no key to sign with").hint(
            "Name one with --key NAME or --key FILE, or set MGW_SIGNING_KEY_FILE; `mgw keys new NAME` makes one.",
        ));
    }
    let path = bundle_file::locate(&args.bundle)?;
    let mut bytes = bundle_file::bytes(&path)?;
    let limits = Limits::default();
    let bundle = Bundle::read(&bytes, &limits).map_err(|error| bundle_file::not_intact(&path, error))?;
    bundle_file::expect_digest(&path, &bundle, args.digest.as_deref(), &context.environment)?;
    for key in &keys {
        bytes = sign_bundle(&bytes, key, &limits)?;
    }
    public_file::replace(&path, &bytes).map_err(|error| Failure::file("write", &path, error))?;
    let signed = Signed {
        bundle: shown(&path),
        digest: bundle.digest,
        key_ids: keys.iter().map(|key| key.public().id()).collect(),
    };
    for key in &signed.key_ids {
        context
            .ui
            .status("Signed", format_args!("{} with key {key}", signed.bundle));
    }
    context.ui.result(signed.digest, &signed);
    Ok(ExitCode::Success)
}
