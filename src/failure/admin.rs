//! Failures of the conversation with a gateway's admin listener.

use super::Failure;
use crate::admin::AdminError;
use crate::cloud::CloudError;
use crate::exit::ExitCode;

const WHERE: &str = "Name the admin listener with --url or MGW_ADMIN_URL; its port is 9797, unless \
                     `adminConfig.port` says otherwise.";

impl AdminError {
    /// The failure, where the gateway has been asked and refused with what to do about that.
    pub(crate) fn with_hint(self, hint: &str) -> Failure {
        let is_refused = matches!(self, Self::Refused { status: 404 | 422, .. });
        let failure = Failure::from(self);
        match is_refused {
            true => failure.hint(hint),
            false => failure,
        }
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let message = error.to_string();
        let failure = |code| Self::new(code, message.clone());
        match error {
            AdminError::Address { .. } => failure(ExitCode::Usage).hint("Write it like http://localhost:9797."),
            AdminError::Unreachable { source, .. } => {
                let timed_out = matches!(*source, CloudError::TimedOut { .. });
                let cause = Self::from(*source);
                let failure = failure(ExitCode::Unreachable);
                let failure = match cause.source {
                    Some(source) => failure.because(source),
                    None => failure,
                };
                if timed_out {
                    failure.hint("It did not answer in time; try again.").hint(WHERE)
                } else {
                    failure
                        .hint("Check that the gateway runs there and that `adminConfig.enabled` is not false.")
                        .hint(WHERE)
                }
            }
            AdminError::SomebodyElse { .. } => failure(ExitCode::Unreachable).hint(WHERE),
            AdminError::Unknown { .. } => {
                failure(ExitCode::Unreachable).hint("It may be older than this program; start it with this version.")
            }
            AdminError::Refused { .. } => failure(ExitCode::ControlPlane),
        }
    }
}
