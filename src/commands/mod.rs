//! One command per file: the arguments, whose doc comments are the help text, then one function.

pub mod add;
pub mod admin;
pub mod apply;
pub mod audit;
mod broker;
pub mod build;
pub(crate) mod bundle_file;
pub mod check;
pub mod complete_line;
pub mod completions;
pub(crate) mod connect;
mod credentials;
mod definitions;
pub mod demo;
pub(crate) mod deploy;
pub mod diff;
pub mod doctor;
pub mod explain;
pub(crate) mod findings;
pub mod generate;
pub mod help;
mod image_bundle;
pub mod init;
pub mod inspect;
mod interrupt;
pub mod keys;
pub mod login;
pub mod logout;
pub mod man;
mod members;
pub mod migrate;
pub(crate) mod own_build;
pub mod pull;
mod remote;
mod report_file;
pub mod rollback;
pub mod run;
pub mod sandbox;
pub(crate) mod secrets;
pub mod sign;
pub(crate) mod signing_keys;
pub mod status;
pub mod test;
pub mod token;
mod toolkit;
mod trust_store;
pub mod usage;
pub mod verify;
pub mod version;
pub mod whoami;

pub(crate) use broker::setting as broker_setting;
pub(crate) use credentials::{API_CLOUD_URL, SessionArgs};

use crate::cli::Command;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Admin(args) => admin::run(args, context),
        Command::Add(args) => add::run(args, context),
        Command::Apply(args) => apply::run(args, context),
        Command::Audit(args) => audit::run(args, context),
        Command::Build(args) => build::run(args, context),
        Command::Check(args) => check::run(args, context),
        Command::CompleteLine(args) => complete_line::run(args, context),
        Command::Completions(args) => completions::run(args, context),
        Command::Demo(args) => demo::run(args, context),
        Command::Diff(args) => diff::run(args, context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::Explain(args) => explain::run(args, context),
        Command::Generate(args) => generate::run(args, context),
        Command::Help(args) => help::run(args, context),
        Command::Init(args) => init::run(args, context),
        Command::Inspect(args) => inspect::run(args, context),
        Command::Keys(args) => keys::run(args, context),
        Command::Man(args) => man::run(args, context),
        Command::Migrate(args) => migrate::run(args, context),
        Command::Login(args) => login::run(args, context),
        Command::Logout(args) => logout::run(args, context),
        Command::Pull(args) => pull::run(args, context),
        Command::Rollback(args) => rollback::run(args, context),
        Command::Run(args) => run::run(args, context),
        Command::Status(args) => status::run(args, context),
        Command::Test(args) => test::run(args, context),
        Command::Token(args) => token::run(args, context),
        Command::Usage(args) => usage::run(args, context),
        Command::Sign(args) => sign::run(args, context),
        Command::Sandbox(args) => sandbox::run(args, context),
        Command::Whoami(args) => whoami::run(args, context),
        Command::Verify(args) => verify::run(args, context),
        Command::Version(args) => version::run(args, context),
    }
}
