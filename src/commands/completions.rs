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

/// The result with `--output json`.
#[derive(Debug, serde::Serialize)]
struct Shown {
    shell: String,
    script: String,
}

/// Prints the completion script, to be put where the shell looks for it.
pub fn run(args: CompletionsArgs, context: &Context) -> Result<ExitCode, Failure> {
    let script = script(args.shell);
    if context.ui.is_json() {
        let shown = Shown {
            shell: args.shell.to_string(),
            script: String::from_utf8_lossy(&script).into_owned(),
        };
        context.ui.result("", &shown);
    } else {
        context.ui.bytes(&script);
    }
    Ok(ExitCode::Success)
}
