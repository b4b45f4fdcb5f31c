//! `mgw complete-line`, which the completion scripts call.

use crate::completion::{Completed, complete};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;

/// Arguments of `mgw complete-line`.
#[derive(Debug, clap::Args)]
pub struct CompleteLineArgs {
    /// The words behind the program's name up to the cursor; the last one may be empty.
    #[arg(last = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Prints what may follow, a word a line, with a tab and what it is behind it; `:files` alone stands for any file.
pub fn run(args: CompleteLineArgs, context: &Context) -> Result<ExitCode, Failure> {
    match complete(&args.words, &context.environment) {
        Completed::Files => context.ui.data(":files"),
        Completed::Words(words) => {
            let lines: Vec<String> = words
                .into_iter()
                .map(|word| match word.about.is_empty() {
                    true => word.text,
                    false => format!("{}\t{}", word.text, word.about),
                })
                .collect();
            if !lines.is_empty() {
                context.ui.data(lines.join("\n"));
            }
        }
    }
    Ok(ExitCode::Success)
}
