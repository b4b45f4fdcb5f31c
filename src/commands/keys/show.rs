//! `mgw keys show`

use crate::commands::signing_keys;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::KeyReference;
use mgw_bundle::Digest;

/// Arguments of `mgw keys show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Name of a key, or a PEM file.
    #[arg(value_name = "KEY")]
    pub key: KeyReference,
}

#[derive(serde::Serialize)]
struct Shown {
    key_id: Digest,
    public_key: String,
}

/// Prints the public half in PEM, never the private one.
pub(super) fn run(args: ShowArgs, context: &Context) -> Result<ExitCode, Failure> {
    let key = signing_keys::store(&context.environment)?.public(&args.key)?;
    let shown = Shown {
        key_id: key.id(),
        public_key: key.to_pem(),
    };
    context.ui.detail(format_args!("key {}", shown.key_id));
    context.ui.result(shown.public_key.trim_end(), &shown);
    Ok(ExitCode::Success)
}
