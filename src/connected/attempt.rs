//! What came of an attempt.

use crate::cause::chain;
use crate::cloud::CloudError;
use crate::cloud::pull::PullError;
use crate::failure::Failure;
use crate::pulling::PullingError;
use std::error::Error;
use std::fmt::Write;

/// Longest reason that is told, in characters.
const LONGEST: usize = 500;

/// What came of an attempt that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// Something had changed, and it is served.
    Changed,
    /// Nothing had changed.
    Unchanged,
    /// No API had changed, and nothing else was asked for.
    Spared,
}

/// Why nothing was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missed {
    pub(super) kind: MissedKind,
    /// One sentence without a full stop and without secrets.
    pub(super) reason: String,
}

/// What kind of reason it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissedKind {
    /// The control plane could not be asked, or did not answer as it should.
    Failed,
    /// It asked for patience.
    Busy,
    /// Nobody is signed in, or the session ended.
    NotSignedIn,
    /// What it said is not served: it is incomplete, or has errors.
    Refused,
}

impl Missed {
    pub(super) fn new(kind: MissedKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: shortened(reason.into()),
        }
    }

    /// For an error whose text is fit for operators.
    pub(super) fn failed(error: &(dyn Error + 'static)) -> Self {
        Self::new(MissedKind::Failed, sentence(error))
    }
}

impl From<CloudError> for Missed {
    fn from(error: CloudError) -> Self {
        let kind = match &error {
            CloudError::NotSignedIn { .. }
            | CloudError::SessionEnded { .. }
            | CloudError::WrongCredentials { .. }
            | CloudError::ClientRefused { .. } => MissedKind::NotSignedIn,
            CloudError::Status { status: 429, .. } => MissedKind::Busy,
            _ => MissedKind::Failed,
        };
        Self::new(kind, sentence(&error))
    }
}

impl From<PullingError> for Missed {
    fn from(error: PullingError) -> Self {
        match error {
            PullingError::Pull(PullError::Cloud(error)) => error.into(),
            PullingError::Pull(PullError::Apis { ref failed, .. }) => {
                let first = failed.first().map(|(api, cause)| format!(": {api}: {cause}"));
                let is_busy = failed.iter().any(|(_, cause)| cause.status() == Some(429));
                let kind = if is_busy { MissedKind::Busy } else { MissedKind::Failed };
                Self::new(kind, format!("{error}{}", first.unwrap_or_default()))
            }
            error => Self::failed(&error),
        }
    }
}

impl From<Failure> for Missed {
    fn from(failure: Failure) -> Self {
        Self::of_failure(&failure)
    }
}

impl Missed {
    /// For what a command would have shown.
    pub(super) fn of_failure(failure: &Failure) -> Self {
        let mut reason = failure.message.clone();
        if let Some(source) = &failure.source {
            let _ = write!(reason, ": {}", sentence(source.as_ref()));
        }
        Self::new(MissedKind::Failed, reason)
    }
}

/// Why a bundle is not served, in one sentence without secrets.
pub(crate) fn reason(failure: &Failure) -> String {
    Missed::of_failure(failure).reason
}

/// An error and its causes in one line.
pub(super) fn sentence(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for said in chain(error) {
        if text.is_empty() {
            text = said;
        } else if !text.contains(&said) {
            let _ = write!(text, ": {said}");
        }
    }
    text
}

fn shortened(text: String) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::error::RequestName;

    fn status(status: u16) -> CloudError {
        CloudError::Status {
            request: RequestName {
                method: "GET".into(),
                host: "cp.example".into(),
                path: "/apis".into(),
            },
            status,
            message: "no\nway".into(),
            is_own: true,
        }
    }

    #[test]
    fn reasons_are_told_apart() {
        let kind = |error: CloudError| Missed::from(error).kind;
        assert_eq!(kind(status(500)), MissedKind::Failed);
        assert_eq!(kind(status(429)), MissedKind::Busy);
        let profile = "default".to_owned();
        assert_eq!(kind(CloudError::NotSignedIn { profile }), MissedKind::NotSignedIn);
        let message = String::new();
        assert_eq!(kind(CloudError::ClientRefused { message }), MissedKind::NotSignedIn);
        let failed = vec![("Orders 1".to_owned(), status(429)), ("Menu 1".to_owned(), status(500))];
        let several = PullingError::Pull(PullError::Apis { total: 3, failed });
        let missed = Missed::from(several);
        assert_eq!(missed.kind, MissedKind::Busy);
        assert!(
            missed
                .reason
                .starts_with("2 of 3 APIs could not be read: Orders 1: GET /apis answered 429")
        );
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        assert!(Missed::from(status(500)).reason.ends_with("no way"));
        let long = Missed::new(MissedKind::Failed, "é".repeat(10_000));
        assert_eq!(long.reason.chars().count(), LONGEST + 1);
    }
}
