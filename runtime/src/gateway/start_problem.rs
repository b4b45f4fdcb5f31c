//! What keeps a gateway from starting, one thing at a time.

use super::StartError;
use crate::auth::SecurityError;
use crate::server::{CertificateError, TlsError};
use crate::snapshot::{EndpointProblem, SnapshotError};
use crate::tls::StoreError;
use crate::upstream::TrustError;
use std::error::Error;
use std::io;

/// One of the things that keep a gateway from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartProblem {
    /// What is wrong, a lower-case fragment with its causes.
    pub reason: String,
    /// The file, alias or issuer that it is about, as [`Places`](crate::config::Places) knows it.
    pub named: Option<String>,
    /// The setting that it is about.
    pub setting: Option<&'static str>,
    /// The setting that has to be set, a secret.
    pub missing: Option<String>,
    /// Whether the file is not there.
    pub is_absent: bool,
    /// The endpoint that it is about.
    pub endpoint: Option<EndpointProblem>,
}

impl StartProblem {
    fn of<E: Error + 'static>(error: &E) -> Self {
        Self {
            reason: with_causes(error),
            named: None,
            setting: None,
            missing: None,
            is_absent: causes(error).any(|cause| {
                let cause = cause.downcast_ref::<io::Error>();
                cause.is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
            }),
            endpoint: None,
        }
    }

    fn of_security(error: &SecurityError) -> Self {
        Self {
            named: error.named(),
            setting: error.setting(),
            missing: match error {
                SecurityError::Store(error) => missing(error),
                _ => None,
            },
            ..Self::of(error)
        }
    }

    fn of_endpoint(problem: &EndpointProblem) -> Self {
        Self {
            reason: problem.to_string(),
            named: None,
            setting: None,
            missing: problem.missing.clone(),
            is_absent: false,
            endpoint: Some(problem.clone()),
        }
    }
}

impl StartError {
    /// Returns what is wrong, each for itself.
    pub fn problems(&self) -> Vec<StartProblem> {
        match self {
            Self::Security(errors) => errors.iter().map(StartProblem::of_security).collect(),
            Self::Snapshot(SnapshotError::Endpoints(problems)) => {
                problems.iter().map(StartProblem::of_endpoint).collect()
            }
            other => vec![StartProblem {
                named: other.named().into_iter().next(),
                setting: match other {
                    Self::Tls(TlsError::NobodyTrusted) => Some("mutualSSLConfig.sslVerifyClient"),
                    Self::Tls(TlsError::Certificate(CertificateError::Suites { .. })) => {
                        Some("mutualSSLConfig.ciphers")
                    }
                    Self::AccessLog(_) => Some("b7a.http.accesslog.path"),
                    _ => None,
                },
                missing: match other {
                    Self::Tls(TlsError::Certificate(CertificateError::Store(error)))
                    | Self::Trust(TrustError::Store(error)) => missing(error),
                    _ => None,
                },
                ..StartProblem::of(other)
            }],
        }
    }
}

fn missing(error: &StoreError) -> Option<String> {
    error.missing().map(str::to_owned)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let all: Vec<String> = causes(error).map(ToString::to_string).collect();
    all.join(": ")
}
