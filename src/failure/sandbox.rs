//! Failures of the simulated servers and their seed.

use super::Failure;
use crate::exit::ExitCode;
use crate::words::plain;
use crate::yaml::toml_meaning;
use mgw_fixtures::StartError;
use mgw_fixtures::seed::{SeedError, SeedProblem};

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Bind { address, source } => {
                let hint = match source.kind() {
                    std::io::ErrorKind::AddrInUse => "Another program listens there; name a free port, or port 0.",
                    std::io::ErrorKind::PermissionDenied => "Ports below 1024 need permission; name a higher one.",
                    _ => "Name an address of this machine.",
                };
                Self::new(ExitCode::Environment, format!("cannot listen on {address}"))
                    .because(source)
                    .hint(hint)
            }
            StartError::Seed(error) => error.into(),
            StartError::Keys(_) | StartError::Certificates(_) | StartError::Tls(_) => {
                Self::new(ExitCode::Internal, "cannot start the servers").because(error)
            }
        }
    }
}

impl From<SeedError> for Failure {
    fn from(error: SeedError) -> Self {
        match error {
            SeedError::Read { path, source } => Self::file("read", &path, source),
            SeedError::Invalid { problems } => {
                let told = |problem: &SeedProblem| {
                    let said = problem.message.trim();
                    let message = match plain(said) {
                        same if same == said => toml_meaning(said).map_or(same, str::to_owned),
                        plain => plain,
                    };
                    format!("{}:{}:{}: {message}", problem.file, problem.line, problem.column)
                };
                let list: Vec<_> = problems.iter().map(told).collect();
                Self::new(ExitCode::Invalid, format!("the seed is invalid:\n{}", list.join("\n")))
                    .hint("mgw sandbox --export-seed DIR writes a valid one to compare with.")
            }
        }
    }
}
