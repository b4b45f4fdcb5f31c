//! The parts of the benchmark that need a process of their own: this program, started again.
//!
//! A server role prints the address it listens on as its first line and stops when its standard input is closed, so it
//! cannot outlive the benchmark even when that is killed.

mod backend;
mod load;
mod splice;

use crate::counting::{Operation, remember};
use crate::failure::Failure;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Which part this process plays.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Role {
    /// Answers every request with 1 KB of JSON.
    Backend,
    /// Copies bytes between clients and a backend.
    Splice {
        /// Where connections are passed on to.
        #[arg(long)]
        backend: SocketAddr,
    },
    /// Does one operation again and again.
    Repeat {
        /// The operation.
        #[arg(long, value_enum)]
        operation: Operation,
        /// How often.
        #[arg(long)]
        times: u64,
    },
    /// Makes the counters of many subjects and says how much memory they take.
    Remember {
        /// How many.
        #[arg(long)]
        subjects: u64,
        /// Gateways share the limits.
        #[arg(long)]
        shared: bool,
    },
    /// Sends requests over keep-alive connections and reports like the `wrk` script does.
    Load {
        /// Where the requests go.
        #[arg(long)]
        address: SocketAddr,
        /// Number of connections.
        #[arg(long)]
        connections: u32,
        /// How long.
        #[arg(long)]
        seconds: u32,
        /// The requests, one `path<TAB>token` a line.
        #[arg(long)]
        requests: PathBuf,
    },
}

/// Plays a part until it ends.
pub(crate) fn run(role: Role, runtime: &tokio::runtime::Runtime) -> Result<(), Failure> {
    match role {
        Role::Backend => runtime.block_on(backend::run()),
        Role::Repeat { operation, times } => {
            crate::report::data(&operation.repeat(times).to_string());
            Ok(())
        }
        Role::Remember { subjects, shared } => remember(subjects, shared),
        Role::Splice { backend } => splice::run(backend),
        Role::Load {
            address,
            connections,
            seconds,
            requests,
        } => runtime.block_on(load::run(address, connections, seconds, &requests)),
    }
}

/// Tells the benchmark where this process listens.
fn announce(address: SocketAddr) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{address}")
        .and_then(|()| out.flush())
        .map_err(Failure::socket("announce the address"))
}

/// Ends this process when the benchmark closes its standard input, by ending itself or by being killed.
fn end_with_parent() {
    std::thread::spawn(|| {
        // Nothing is ever written there: any return means the other side is gone.
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        std::process::exit(0);
    });
}
