//! `mgw keys remove`

use crate::commands::signing_keys;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::KeyName;

/// Arguments of `mgw keys remove`.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// Name of the key.
    #[arg(value_name = "NAME")]
    pub name: KeyName,
}

#[derive(serde::Serialize)]
struct Removed<'a> {
    removed: &'a str,
}

/// Removes both halves of a key.
pub(super) fn run(args: RemoveArgs, context: &Context) -> Result<ExitCode, Failure> {
    signing_keys::store(&context.environment)?.remove(&args.name)?;
    let removed = args.name.as_str();
    context.ui.status("Removed", removed);
    context.ui.result("", &Removed { removed });
    Ok(ExitCode::Success)
}
