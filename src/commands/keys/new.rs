//! `mgw keys new`

use super::ShownKey;
use crate::commands::signing_keys;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::KeyName;

/// Arguments of `mgw keys new`.
#[derive(Debug, clap::Args)]
pub struct NewArgs {
    /// What the key is to be called here.
    #[arg(value_name = "NAME")]
    pub name: KeyName,
}

/// Makes a key; prints the file that those who check need.
pub(super) fn run(args: NewArgs, context: &Context) -> Result<ExitCode, Failure> {
    let key = signing_keys::store(&context.environment)?.create(&args.name)?;
    context
        .ui
        .status("Made", format_args!("{} {}", key.name, key.public.id()));
    if let Some(file) = &key.private_file {
        context.ui.hint(format_args!(
            "Keep a copy of {} where nobody else can read it: without it, nobody signs as {} again.",
            file.display(),
            key.name
        ));
    }
    context.ui.result(key.public_file.display(), &ShownKey::from(&key));
    Ok(ExitCode::Success)
}
