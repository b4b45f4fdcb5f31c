//! One command per file: the arguments, whose doc comments are the help text, then one function.

pub mod completions;
pub mod init;
pub mod man;
pub mod version;

use crate::cli::Command;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Runs a command.
pub fn run(command: Command, context: &Context) -> Result<ExitCode, Failure> {
    match command {
        Command::Completions(args) => completions::run(args, context),
        Command::Init(args) => init::run(args, context),
        Command::Man(args) => man::run(args, context),
        Command::Version(args) => version::run(args, context),
    }
}
