//! `mgw completions`

use crate::cli::Cli;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use clap::CommandFactory;
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
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mgw", &mut script);
    context.ui.bytes(&script);
    Ok(ExitCode::Success)
}
