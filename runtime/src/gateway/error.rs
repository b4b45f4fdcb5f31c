//! Why a gateway does not start, or does not take a new bundle.

use crate::access_log::AccessLogError;
use crate::auth::SecurityError;
use crate::operator_blocks::BlockFileError;
use crate::server::{BindError, TlsError};
use crate::shared_quotas::SharedQuotasError;
use crate::snapshot::SnapshotError;
use crate::upstream::TrustError;
use crate::usage::UsageError;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// Why a gateway does not start. Nothing is left running or bound.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The bundle cannot be served with these settings.
    #[error("the bundle cannot be served")]
    Snapshot(#[from] SnapshotError),
    /// Keys, certificates and users that cannot be used; all of them.
    #[error("{}", Listed(.0))]
    Security(Vec<SecurityError>),
    /// A port cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The store of shared quotas.
    #[error(transparent)]
    SharedQuotas(#[from] SharedQuotasError),
    /// TLS towards clients.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// TLS towards backends.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The access log.
    #[error(transparent)]
    AccessLog(#[from] AccessLogError),
    /// Usage records.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// Blocks that operators have set.
    #[error(transparent)]
    Blocks(#[from] BlockFileError),
    /// The traffic manager cannot be told of requests.
    #[error("prepare the connection to the traffic manager: {reason}")]
    TrafficManager {
        /// `throttlingConfig.receiverCaFile`.
        ca_file: Option<PathBuf>,
        /// What is wrong.
        reason: String,
    },
    /// The settings switch every listener off.
    #[error("no listener is switched on")]
    NoListener,
    /// The operating system gave no thread or event loop.
    #[error("a thread could not be started")]
    Thread(#[source] std::io::Error),
}

impl StartError {
    /// Returns the files, aliases and issuers that the problem is about, as
    /// [`Places`](crate::config::Places) knows them.
    pub fn named(&self) -> Vec<String> {
        match self {
            Self::Security(errors) => errors.iter().filter_map(SecurityError::named).collect(),
            Self::Tls(error) => error.named().into_iter().collect(),
            Self::Trust(error) => error.named().into_iter().collect(),
            Self::AccessLog(error) => vec![error.path.display().to_string()],
            Self::SharedQuotas(SharedQuotasError::CaFile { path, .. }) => vec![path.display().to_string()],
            Self::SharedQuotas(SharedQuotasError::Unusable) => Vec::new(),
            Self::TrafficManager { ca_file, .. } => ca_file.iter().map(|path| path.display().to_string()).collect(),
            Self::Snapshot(_)
            | Self::Bind(_)
            | Self::Usage(_)
            | Self::Blocks(_)
            | Self::NoListener
            | Self::Thread(_) => Vec::new(),
        }
    }
}

impl From<Vec<SecurityError>> for StartError {
    fn from(errors: Vec<SecurityError>) -> Self {
        Self::Security(errors)
    }
}

struct Listed<'a>(&'a [SecurityError]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Several parts of the gateway may stumble over one setting.
        let mut said: Vec<String> = Vec::new();
        for error in self.0 {
            // A list has no source of its own to be printed below it.
            let text = match error.source() {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            };
            if !said.contains(&text) {
                said.push(text);
            }
        }
        f.write_str(&said.join("; "))
    }
}

/// Why a new bundle is not taken. The old one goes on serving.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The bundle cannot be served with these settings.
    #[error("the new bundle cannot be served")]
    Snapshot(#[from] SnapshotError),
    /// The clients of the new bundle cannot be believed.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The gateway is shutting down.
    #[error("the gateway is shutting down")]
    Draining,
}
