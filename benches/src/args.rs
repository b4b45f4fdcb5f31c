//! The command line.

use crate::definitions::DefinitionArgs;
use crate::pull::PullArgs;
use crate::quotas::QuotaArgs;
use crate::role::Role;
use crate::scenario::{Scenario, SubjectKind};
use std::path::PathBuf;

/// Measures gateway CPU per request beside a byte-splice floor and HAProxy.
#[derive(Debug, clap::Parser)]
#[command(name = "mgw-bench", version, max_term_width = 100)]
pub(crate) struct Args {
    /// How often every case is measured; the medians are reported.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub rounds: u32,
    /// How long the load runs in each round of a case.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub seconds: u32,
    /// Keep-alive connections of the load.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub connections: u32,
    /// What standard output carries.
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub output: Output,
    /// Measure only these (repeatable).
    #[arg(long = "subject", value_enum, value_name = "SUBJECT")]
    pub subjects: Vec<SubjectKind>,
    /// Measure only these (repeatable).
    #[arg(long = "scenario", value_enum, value_name = "SCENARIO")]
    pub scenarios: Vec<Scenario>,
    /// The gateway to measure; built from this workspace when absent.
    #[arg(long, value_name = "FILE")]
    pub mgw: Option<PathBuf>,
    /// The HAProxy to compare with.
    #[arg(long, value_name = "FILE")]
    pub haproxy: Option<PathBuf>,
    /// Use the built-in load generator although `wrk` is installed.
    #[arg(long)]
    pub no_wrk: bool,
    /// Something else to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What standard output carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Output {
    /// A table for people.
    Text,
    /// One JSON document for programs.
    Json,
}

/// Subcommands.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Simulates gateways that share quotas: traffic to the store, errors, memory.
    Quotas(QuotaArgs),
    /// Measures checking and building a large definition.
    Definitions(DefinitionArgs),
    /// Measures pulling many APIs, and pulling them again with nothing changed.
    Pull(PullArgs),
    /// Counts the instructions of requests and parts of their path with `valgrind`.
    Instructions {
        /// Count whole requests only.
        #[arg(long)]
        requests: bool,
    },
    /// Measures the memory that counters of many subjects take.
    Memory {
        /// How many subjects.
        #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(1..=50_000_000))]
        subjects: u64,
    },
    /// One part of the benchmark; started by the benchmark itself.
    #[command(hide = true, subcommand)]
    Role(Role),
}
