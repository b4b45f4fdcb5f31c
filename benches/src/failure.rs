//! The one error type of the benchmark: it runs to the end or says what stood in the way.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Why the benchmark could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A signal ended the run; every process has been ended.
    #[error("interrupted")]
    Interrupted,
    /// The asynchronous runtime did not start.
    #[error("the runtime did not start")]
    Runtime {
        #[source]
        source: std::io::Error,
    },
    /// A file could not be used.
    #[error("failed to {action} {}", path.display())]
    File {
        action: &'static str,
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A socket could not be used.
    #[error("failed to {action}")]
    Socket {
        action: &'static str,
        #[source]
        source: std::io::Error,
    },
    /// A process could not be started.
    #[error("failed to start {program}")]
    Start {
        program: String,
        #[source]
        source: std::io::Error,
    },
    /// A process ended before its work was done, or with an error.
    #[error("{program} ended with {status}{}", indented(said))]
    Ended {
        program: String,
        status: String,
        said: String,
    },
    /// A process did not do what it was waited for.
    #[error("{program} did not {what} within {seconds} s{}", indented(said))]
    Late {
        program: String,
        what: &'static str,
        seconds: u64,
        said: String,
    },
    /// Two processors' worth of accounting is needed from the system and was not there.
    #[error("the system does not tell the {what} of process {pid}")]
    Accounting { what: &'static str, pid: u32 },
    /// A subject gave another answer than the scenario is about, so its figure would mean nothing.
    #[error(
        "{subject} answered the scenario \"{scenario}\" with {found} where {expected} was expected{}",
        indented(said)
    )]
    Answer {
        subject: &'static str,
        scenario: &'static str,
        expected: u16,
        found: String,
        said: String,
    },
    /// The load generator's report could not be understood.
    #[error("the load generator reported nothing usable{}", indented(said))]
    LoadReport { said: String },
    /// The instruction counter's report could not be understood.
    #[error("valgrind reported no count{}", indented(said))]
    InstructionReport { said: String },
    /// Requests failed below HTTP while a case was measured.
    #[error("{count} requests to {subject} failed on the way in \"{scenario}\"")]
    Transport {
        subject: &'static str,
        scenario: &'static str,
        count: u64,
    },
    /// A key or certificate could not be made.
    #[error("failed to make the token issuer's key")]
    Key(#[from] rcgen::Error),
    /// A token could not be signed.
    #[error("failed to sign a token")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// A document could not be written as JSON.
    #[error("failed to write JSON")]
    Json(#[from] serde_json::Error),
}

impl Failure {
    /// Wraps a failed file operation.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action, path, source }
    }

    /// Wraps a failed socket operation.
    pub(crate) fn socket(action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Socket { action, source }
    }

    /// The exit code: 130 for an interruption, else 1.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Interrupted => ExitCode::from(130),
            _ => ExitCode::FAILURE,
        }
    }
}

/// The message and its causes in one line each.
pub(crate) fn chain(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = std::error::Error::source(failure);
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    text
}

/// What a process said, set off below a message.
fn indented(said: &str) -> String {
    said.lines().map(|line| format!("\n  | {line}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_of_a_process_are_shown() {
        let failure = Failure::Ended {
            program: "haproxy".into(),
            status: "exit status: 1".into(),
            said: "cannot bind\nexiting".into(),
        };
        assert_eq!(
            chain(&failure),
            "haproxy ended with exit status: 1\n  | cannot bind\n  | exiting"
        );
    }
}
