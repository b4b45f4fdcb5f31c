//! The `mgw` program: reads the process's surroundings once, runs one command, turns its outcome into an exit code.

use mgw::cli;
use mgw::context::{Context, Environment};
use std::process::ExitCode;

fn main() -> ExitCode {
    mgw::file_size_limit::outlive();
    let environment = Environment::from_process();
    let words = cli::today(std::env::args_os().collect());
    let cli = match words.and_then(|words| cli::parse(words, &environment)) {
        Ok(cli) => cli,
        Err(error) => return cli::refuse(&error, std::env::args_os(), &environment),
    };
    let context = Context::new(cli.global, environment);
    let outcome = cli::refuse_unreadable(&context.environment).and_then(|()| mgw::commands::run(cli.command, &context));
    context.ui.end(outcome).into()
}
