//! `mgw usage`

pub mod export;
mod folder;
pub mod import;
pub mod retry;
pub mod status;

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Arguments of `mgw usage`.
#[derive(Debug, clap::Args)]
pub struct UsageCommand {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do with usage records.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Show how it goes with the usage records of a running gateway.
    Status(status::StatusArgs),
    /// Copy files that wait for their upload into one file, to be taken elsewhere.
    Export(export::ExportArgs),
    /// Upload what was exported, from another machine.
    Import(import::ImportArgs),
    /// Have files that the service did not take, and that were set aside, uploaded or exported again.
    Retry(retry::RetryArgs),
}

/// Looks after usage records.
pub fn run(args: UsageCommand, context: &Context) -> Result<ExitCode, Failure> {
    match args.action {
        Action::Status(args) => status::run(args, context),
        Action::Export(args) => export::run(args, context),
        Action::Import(args) => import::run(args, context),
        Action::Retry(args) => retry::run(args, context),
    }
}
