//! One command per file: the arguments, whose doc comments are the help text, then one function.

pub mod completions;
mod credentials;
pub mod doctor;
pub mod init;
mod interrupt;
pub mod login;
pub mod logout;
pub mod man;
pub mod version;
pub mod whoami;

use crate::cli::Command;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Completions(args) => completions::run(args, context),
        Command::Doctor(args) => doctor::run(args, context),
        Command::Init(args) => init::run(args, context),
        Command::Man(args) => man::run(args, context),
        Command::Login(args) => login::run(args, context),
        Command::Logout(args) => logout::run(args, context),
        Command::Whoami(args) => whoami::run(args, context),
        Command::Version(args) => version::run(args, context),
    }
}
