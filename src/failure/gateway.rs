//! Errors of serving a bundle.

use super::{Detail, Failure};
use crate::exit::ExitCode;
use crate::local_issuer::LocalIssuerError;
use mgw_runtime::config::Places;
use mgw_runtime::{ReloadError, StartError};

/// Makes the failure of a start, with the places of the settings that it goes back to.
pub(crate) fn not_started(error: StartError, places: &Places) -> Failure {
    let mut named = error.named();
    named.sort();
    named.dedup();
    let placed = named.iter().filter_map(|name| Some((places.of(name)?, name)));
    let (hints, details): (Vec<String>, Vec<Detail>) = placed
        .map(|(origin, name)| {
            let detail = Detail {
                // People read it below the error.
                text: String::new(),
                json: serde_json::json!({ "severity": "note", "message": format!("{origin}: names {name}") }),
            };
            (format!("`{name}` is named at {origin}."), detail)
        })
        .unzip();
    let mut failure = Failure::from(error);
    failure.details = details;
    failure.hints.splice(0..0, hints);
    failure
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let (code, hint) = match &error {
            StartError::Bind(_) => (
                ExitCode::Environment,
                "Stop the other program, or choose a port: --set listenerConfig.httpPort=8080.",
            ),
            StartError::Snapshot(_) => (
                ExitCode::Invalid,
                "Build the bundle again with this version, and check the endpoint overrides in the settings.",
            ),
            StartError::Tls(_) | StartError::Trust(_) => (
                ExitCode::Environment,
                "Check the certificate, key and trust files that the settings name, and the folder of --data-dir.",
            ),
            StartError::Security(_) => (
                ExitCode::Invalid,
                "Check what the settings say about issuers, users and certificates, and the files they name.",
            ),
            StartError::SharedQuotas(_) => (
                ExitCode::Invalid,
                "Check `throttlingConfig.shared.url` and the certificates of `throttlingConfig.shared.caFile`.",
            ),
            StartError::AccessLog(_) => (
                ExitCode::Environment,
                "Check the path of the access log in the settings.",
            ),
            StartError::Usage(_) => (
                ExitCode::Environment,
                "Set `api.usage.data.path` to a folder that this gateway alone may write to.",
            ),
            StartError::Blocks(_) => (
                ExitCode::Environment,
                "Restore the file from a copy; if the blocks in it are not needed any more, remove it.",
            ),
            StartError::TrafficManager { .. } => (
                ExitCode::Environment,
                "Check the certificates that throttlingConfig.receiverCaFile names, or those of the trust store.",
            ),
            StartError::NoListener => (
                ExitCode::Invalid,
                "Switch the HTTP or the HTTPS listener on in the settings.",
            ),
            StartError::Thread(_) => (ExitCode::Environment, "Check the limits of processes and open files."),
        };
        Self::new(code, "the gateway cannot start").because(error).hint(hint)
    }
}

impl From<ReloadError> for Failure {
    fn from(error: ReloadError) -> Self {
        Self::new(ExitCode::Invalid, "the bundle was not taken").because(error)
    }
}

impl From<LocalIssuerError> for Failure {
    fn from(error: LocalIssuerError) -> Self {
        match error {
            LocalIssuerError::File { action, path, source } => Self::file(action, &path, source),
            LocalIssuerError::Key { ref path, .. } => {
                let hint = format!("Remove {} to have a new key made.", path.display());
                Self::new(ExitCode::Environment, error.to_string())
                    .because(error)
                    .hint(hint)
            }
        }
    }
}
