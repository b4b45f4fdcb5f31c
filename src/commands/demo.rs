//! `mgw demo`

use crate::context::Context;
use crate::demo::{self, DemoOptions};
use crate::exit::ExitCode;
use crate::failure::Failure;
use std::path::PathBuf;

/// Arguments of `mgw demo`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Make the calls, check the answers and end, instead of staying up until Ctrl-C.
    #[arg(long)]
    pub exit: bool,
    /// Keep the project and everything else that is written in this new folder.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// Shows the whole way from sign-in to served traffic, with a simulated control plane.
pub fn run(args: DemoArgs, context: &Context) -> Result<ExitCode, Failure> {
    let options = DemoOptions {
        exit: args.exit,
        keep: args.keep,
    };
    demo::run(&options, context)
}
