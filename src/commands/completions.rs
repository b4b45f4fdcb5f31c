//! `mgw completions`

use crate::completion::script;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use clap_complete::Shell;

/// Arguments of `mgw completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete `mgw` command lines.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the completion script, to be put where the shell looks for it.
pub fn run(args: CompletionsArgs, context: &Context) -> Result<ExitCode, Failure> {
    context.ui.bytes(&script(args.shell));
    Ok(ExitCode::Success)
}
