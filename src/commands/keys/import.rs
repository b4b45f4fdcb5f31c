//! `mgw keys import`

use super::ShownKey;
use crate::commands::signing_keys;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::KeyName;
use std::path::PathBuf;

/// Arguments of `mgw keys import`.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// What the key is to be called here.
    #[arg(value_name = "NAME")]
    pub name: KeyName,
    /// Ed25519 key in PEM: PRIVATE KEY (PKCS#8) to sign with, PUBLIC KEY to check with.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Copies a key into the key store.
pub(super) fn run(args: ImportArgs, context: &Context) -> Result<ExitCode, Failure> {
    let key = signing_keys::store(&context.environment)?.import(&args.name, &args.file)?;
    let purpose = match key.private_file {
        Some(_) => "signs and checks",
        None => "checks",
    };
    context.ui.status(
        "Imported",
        format_args!("{} {}: it {purpose}", key.name, key.public.id()),
    );
    context.ui.result(key.public_file.display(), &ShownKey::from(&key));
    Ok(ExitCode::Success)
}
