//! One command per file: the arguments, whose doc comments are the help text, then one function.

pub mod init;
pub mod version;

use crate::cli::Command;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(args) => init::run(args, context),
        Command::Version(args) => version::run(args, context),
    }
}
