//! Measures what one request costs the gateway, beside a byte-splice floor and HAProxy, in one run on one machine.
//!
//! Everything runs on loopback, each part in a process of its own so that its processor time can be read by itself: the
//! sample backend and the floor are this program again in another [`role`], HAProxy and `wrk` are the installed ones,
//! the gateway is `mgw run` with a bundle that `mgw build` made from a generated [`project`]. Figures of one run belong
//! together; absolute values drift with the machine, the ratios hold. Nothing here asserts a time.
//!
//! [`bench::run`] is the whole run; [`measure`] is where a figure comes from.
//!
//! [`counting`] looks at counters by themselves; [`definitions`] measures checking and building large definitions; [`pull`] measures pulling many APIs; [`quotas`] predicts what shared
//! quotas cost, and how exact they are, on many gateways.

mod answer;
mod args;
mod bench;
mod counting;
mod definitions;
mod failure;
mod load;
mod machine;
mod measure;
mod process;
mod project;
mod pull;
mod quotas;
mod report;
mod role;
mod scenario;
mod start;
mod statistics;
mod subject;

use crate::args::{Args, Command};
use crate::failure::Failure;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => match args.command {
            Some(Command::Role(role)) => role::run(role, &runtime),
            Some(Command::Instructions { requests }) => {
                runtime.block_on(counting::instructions(args.mgw.as_deref(), requests, args.output))
            }
            Some(Command::Memory { subjects }) => runtime.block_on(counting::memory(subjects, args.output)),
            Some(Command::Definitions(definitions)) => runtime.block_on(until_stopped(definitions::run(
                &definitions,
                args.mgw.as_deref(),
                args.output,
            ))),
            Some(Command::Pull(pull)) => {
                runtime.block_on(until_stopped(pull::run(&pull, args.mgw.as_deref(), args.output)))
            }
            Some(Command::Quotas(quotas)) => quotas::run(&quotas, args.output),
            None => runtime.block_on(until_stopped(bench::run(&args))),
        },
        Err(source) => Err(Failure::Runtime { source }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            report::say(&format!("error: {}", failure::chain(&failure)));
            failure.exit_code()
        }
    }
}

/// Runs the benchmark until it ends or a signal stops it. Either way every process it started is ended: they are owned
/// by the future that is dropped here.
async fn until_stopped(run: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::select! {
        result = run => result,
        () = process::stop_signal() => Err(Failure::Interrupted),
    }
}
