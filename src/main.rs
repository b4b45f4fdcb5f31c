//! The `mgw` program: reads the process's surroundings once, runs one command, turns its outcome into an exit code.

use clap::Parser;
use mgw::cli::Cli;
use mgw::context::{Context, Environment};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::from_process();
    let context = Context::new(cli.global, environment);
    match mgw::commands::run(cli.command, &context) {
        Ok(code) => code.into(),
        Err(failure) => {
            context.ui.failure(&failure);
            failure.code.into()
        }
    }
}
