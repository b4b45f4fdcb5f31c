//! Errors of serving a bundle.

use super::{Detail, Failure};
use crate::exit::ExitCode;
use crate::local_issuer::LocalIssuerError;
use mgw_runtime::config::Places;
use mgw_runtime::{BindError, CertificateError, EndpointProblem, ReloadError, SnapshotError, StartError, TlsError};
use std::borrow::Cow;

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
        let code = match &error {
            StartError::Snapshot(_)
            | StartError::Security(_)
            | StartError::SharedQuotas(_)
            | StartError::NoListener => ExitCode::Invalid,
            _ => ExitCode::Environment,
        };
        let hint = start_remedy(&error);
        Self::new(code, "the gateway cannot start").because(error).hint(hint)
    }
}

/// What to do about a secret of the gateway itself that is not set.
pub(crate) const SET_SECRET: &str = "Set it in the environment of the gateway, with `_` for `.`.";

/// What to do about something that keeps a gateway from starting.
pub(crate) fn start_remedy(error: &StartError) -> Cow<'static, str> {
    let remedy = match error {
        StartError::Security(_) | StartError::Tls(_) | StartError::Trust(_)
            if error.problems().iter().any(|problem| problem.missing.is_some()) =>
        {
            SET_SECRET
        }
        StartError::Bind(error @ BindError::InUse { .. }) => {
            let setting = error.setting();
            return format!("Stop the other program, or choose another port: --set {setting}=PORT.").into();
        }
        StartError::Bind(error) => {
            return format!("Correct `{}`, or the `host` beside it.", error.setting()).into();
        }
        StartError::Snapshot(SnapshotError::Endpoints(problems)) => {
            let lacks_secret = problems.iter().find(|problem| problem.missing.is_some());
            lacks_secret.or(problems.first()).map_or("", endpoint_remedy)
        }
        StartError::Snapshot(_) => "Build the bundle again with this version.",
        StartError::Tls(TlsError::Certificate(CertificateError::Suites { .. })) => {
            "Leave `mutualSSLConfig.ciphers` out, add a suite for such a key to it, or give the gateway a certificate with another key (`mgw help tls`)."
        }
        StartError::Tls(_) | StartError::Trust(_) => {
            "Check the certificate, key and trust files that the settings name, and the folder of --data-dir."
        }
        StartError::Security(_) => {
            "Check what the settings say about issuers, users and certificates, and the files they name."
        }
        StartError::SharedQuotas(_) => {
            "Check `throttlingConfig.shared.url` and the certificates of `throttlingConfig.shared.caFile`."
        }
        StartError::AccessLog(_) => "Check the path of the access log in the settings.",
        StartError::Usage(_) => "Set `api.usage.data.path` to a folder that this gateway alone may write to.",
        StartError::Blocks(_) => {
            "Restore the file from a copy; if the blocks in it are not needed any more, remove it."
        }
        StartError::TrafficManager { .. } => {
            "Check the certificates that throttlingConfig.receiverCaFile names, or those of the trust store."
        }
        StartError::NoListener => "Switch the HTTP or the HTTPS listener on in the settings.",
        StartError::Thread(_) => "Check the limits of processes and open files.",
    };
    remedy.into()
}

/// What to do about an endpoint that cannot be used.
pub(crate) fn endpoint_remedy(problem: &EndpointProblem) -> &'static str {
    match (&problem.missing, &problem.setting) {
        (Some(_), _) => {
            "Set it in the environment of the gateway; `mgw help backend-credentials` describes such settings."
        }
        (None, Some(_)) => "Correct the setting, or leave it out to have what the definition says.",
        (None, None) => {
            "Correct the endpoint in the definition; `mgw help backends` and `mgw help backend-credentials` say what it may be."
        }
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
