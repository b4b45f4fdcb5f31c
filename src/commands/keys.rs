//! `mgw keys`

mod import;
mod list;
mod new;
mod remove;
mod show;

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::StoredKey;
use mgw_bundle::Digest;

/// Arguments of `mgw keys`.
#[derive(Debug, clap::Args)]
pub struct KeysCommand {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with the keys that sign bundles.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Make a key that signs bundles.
    New(new::NewArgs),
    /// List the keys that are here.
    List(list::ListArgs),
    /// Print the public half of a key, for those who check.
    Show(show::ShowArgs),
    /// Take over a key that was made elsewhere, or somebody's public key.
    Import(import::ImportArgs),
    /// Remove a key for good.
    Remove(remove::RemoveArgs),
}

/// Looks after the keys that sign bundles.
pub fn run(args: KeysCommand, context: &Context) -> Result<ExitCode, Failure> {
    match args.action {
        Action::New(args) => new::run(args, context),
        Action::List(args) => list::run(args, context),
        Action::Show(args) => show::run(args, context),
        Action::Import(args) => import::run(args, context),
        Action::Remove(args) => remove::run(args, context),
    }
}

/// A key as programs see it: nothing of the private half but that it is there.
#[derive(Debug, serde::Serialize)]
struct ShownKey<'a> {
    name: &'a str,
    key_id: Digest,
    signs: bool,
    public_key_file: String,
}

impl<'a> From<&'a StoredKey> for ShownKey<'a> {
    fn from(key: &'a StoredKey) -> Self {
        Self {
            name: key.name.as_str(),
            key_id: key.public.id(),
            signs: key.private_file.is_some(),
            public_key_file: key.public_file.display().to_string(),
        }
    }
}
