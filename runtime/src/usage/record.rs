//! What a request leaves behind; cheap to make, formatted elsewhere.

use super::api::{CoreApi, SUPER_TENANT};
use super::texts::Texts;
use crate::auth::Caller;
use crate::refusal::Refusal;
use crate::upstream::AnsweredBy;
use http::StatusCode;
use mgw_bundle::config::Method;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// One request: about 200 bytes, the [`Texts`], and what it shares with nobody but its own core.
#[derive(Debug)]
pub(crate) struct UsageRecord {
    pub(crate) api: Arc<CoreApi>,
    /// Number of the resource in the API.
    pub(crate) resource: usize,
    pub(crate) method: Method,
    /// `None`: nobody was asked for credentials.
    pub(crate) caller: Option<Arc<Caller>>,
    pub(crate) client: IpAddr,
    pub(crate) texts: Texts,
    pub(crate) tls: bool,
    /// When the request came, in milliseconds since the epoch.
    pub(crate) at_ms: u64,
    pub(crate) marks: Marks,
    /// The backend that answered.
    pub(crate) by: Option<AnsweredBy>,
    /// A limit that only reports was exceeded.
    pub(crate) over_quota: bool,
    /// Bytes of the answer's body.
    pub(crate) bytes: u64,
    pub(crate) ending: Ending,
}

/// How a request ended, as far as statistics are concerned. Requests with any other end leave no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A backend answered.
    Answered(StatusCode),
    /// A limit refused it.
    Throttled(Refusal),
    /// No backend answered.
    Failed(Refusal),
}

/// When phases were over, since the request came. Later ones are zero when the request did not get that far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    pub(crate) authenticated: Duration,
    pub(crate) throttled: Duration,
    /// The backend was called.
    pub(crate) called: Duration,
    /// The head of its answer came, or was given up.
    pub(crate) answered: Duration,
}

/// The tenant in a user name: what follows the last `@`.
pub(super) fn tenant_of(user: &str) -> &str {
    user.rsplit_once('@').map_or(SUPER_TENANT, |(_, tenant)| tenant)
}

impl Ending {
    /// Returns how a refused request ended; `None`: it leaves no record, as for one that lacks credentials.
    pub(crate) fn of_refusal(refusal: Refusal, at_backend: bool) -> Option<Self> {
        match refusal {
            Refusal::ApiQuota
            | Refusal::ResourceQuota
            | Refusal::ApplicationQuota
            | Refusal::SubscriptionQuota
            | Refusal::CustomQuota => Some(Self::Throttled(refusal)),
            // What the client did wrong while its request was passed on is not the backend's failure.
            _ if at_backend && refusal.status(false).is_server_error() => Some(Self::Failed(refusal)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_name_their_tenant_last() {
        for (user, tenant) in [
            ("admin", "carbon.super"),
            ("ana@meridian.example", "meridian.example"),
            ("ana@meridian.example@meridianpay", "meridianpay"),
        ] {
            assert_eq!(tenant_of(user), tenant);
        }
    }

    #[test]
    fn only_limits_and_backends_leave_records_of_refusals() {
        for (refusal, at_backend, expected) in [
            (Refusal::ApiQuota, false, Some(Ending::Throttled(Refusal::ApiQuota))),
            // Used up in the middle of an upload.
            (
                Refusal::SubscriptionQuota,
                true,
                Some(Ending::Throttled(Refusal::SubscriptionQuota)),
            ),
            (Refusal::BlockingCondition, false, None),
            (
                Refusal::BackendTimeout,
                true,
                Some(Ending::Failed(Refusal::BackendTimeout)),
            ),
            (Refusal::BodyTooLarge, true, None),
            (Refusal::MissingCredentials, false, None),
            (Refusal::UnknownPolicy, false, None),
            (Refusal::NotFound, false, None),
        ] {
            assert_eq!(Ending::of_refusal(refusal, at_backend), expected, "{refusal:?}");
        }
    }
}
