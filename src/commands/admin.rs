//! `mgw admin`

pub mod block;
pub mod reset_quota;
pub mod unblock;

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Arguments of `mgw admin`.
#[derive(Debug, clap::Args)]
pub struct AdminCommand {
    /// What to change.
    #[command(subcommand)]
    pub change: Change,
}

/// What to change in a running gateway.
#[derive(Debug, clap::Subcommand)]
pub enum Change {
    /// Start the count of a limit again.
    ResetQuota(reset_quota::ResetQuotaArgs),
    /// Refuse requests, at once and for as long as you say.
    Block(block::BlockArgs),
    /// Let blocked requests pass again.
    Unblock(unblock::UnblockArgs),
}

/// Changes what a running gateway does.
pub fn run(args: AdminCommand, context: &Context) -> Result<ExitCode, Failure> {
    match args.change {
        Change::ResetQuota(args) => reset_quota::run(args, context),
        Change::Block(args) => block::run(args, context),
        Change::Unblock(args) => unblock::run(args, context),
    }
}
