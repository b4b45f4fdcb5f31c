//! `GET /connected`: how following the control plane goes.

use super::State;
use super::answer::{Answer, error, json, not_allowed};
use super::guard;
use crate::connected::{ConnectedStatus, RefusedBundle};
use crate::subscription_data::DataStatus;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde::Serialize;
use std::net::IpAddr;

/// What `/connected` and, in short, `/ready` tell.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connected {
    /// `fresh`, `stale`, `emergency` or `expired`.
    pub(crate) state: &'static str,
    /// How long it has been so, in seconds.
    state_for_seconds: u64,
    /// Age of what was taken over last, in seconds; absent: nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    control_plane: String,
    signed_in: bool,
    /// Milliseconds since the epoch; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_attempt_at_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_attempt_at_ms: Option<u64>,
    /// One sentence; absent: the last attempt succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    /// What to do about it; absent: it may pass by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// The password or secret that the gateway was given is refused; absent: it is not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    credentials_refused: bool,
    /// How the clocks here and there differ, by more than tokens allow for; absent: they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    clock_skew: Option<String>,
    failures_in_a_row: u64,
}

/// Everything.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectedDetail {
    #[serde(flatten)]
    short: Connected,
    /// Digest of the bundle that the gateway was started with.
    base: String,
    /// Digest of the bundle that is served.
    served: String,
    /// APIs that are served.
    apis: usize,
    /// APIs that the lock of what is served lists.
    locked_apis: usize,
    /// Good bundles that are kept on disk.
    kept: usize,
    /// Why nothing can be kept on disk; absent: it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    state_error: Option<String>,
    poll_seconds: u64,
    thresholds: Ages,
    pulls: Pulls,
    /// The bundle that the gateway was given last and does not serve; absent: it serves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_bundle: Option<Refused>,
    /// Absent: the event hub is not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_hub: Option<EventHub>,
}

/// Ages at which states begin, in seconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Ages {
    stale_seconds: u64,
    emergency_seconds: u64,
    expired_seconds: u64,
}

/// A bundle that is not served.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Refused {
    /// Absent: it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    reason: String,
    at_ms: u64,
}

/// Attempts by result.
#[derive(Debug, Clone, Serialize)]
struct Pulls {
    changed: u64,
    unchanged: u64,
    spared: u64,
    failed: u64,
    refused: u64,
}

/// The control plane's data for gateways, and whether it tells of changes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct EventHub {
    /// `loading`, `current` or `stale`.
    state: &'static str,
    /// Whether notifications arrive.
    notified: bool,
    /// How long ago everything was loaded last; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    /// When that was, in milliseconds since the epoch; 0: never.
    loaded_at_ms: u64,
    applications: usize,
    subscriptions: usize,
    key_mappings: usize,
}

impl Connected {
    pub(crate) fn of(status: &ConnectedStatus) -> Self {
        let report = &status.report;
        Self {
            state: status.state.name(),
            state_for_seconds: status.lasted.as_secs(),
            age_seconds: status.age.map(|age| age.as_secs()),
            control_plane: report.control_plane.clone(),
            signed_in: report.signed_in,
            last_success_at_ms: report.last_success_ms,
            last_attempt_at_ms: report.last_attempt_ms,
            next_attempt_at_ms: report.next_attempt_ms,
            last_error: report.last_error.clone(),
            remedy: report.remedy.clone(),
            credentials_refused: report.credentials_refused,
            clock_skew: report.clock_skew.clone(),
            failures_in_a_row: report.failures_in_a_row,
        }
    }
}

impl Refused {
    pub(crate) fn of(refused: &RefusedBundle) -> Self {
        Self {
            digest: refused.digest.clone(),
            reason: refused.reason.clone(),
            at_ms: refused.at_ms,
        }
    }
}

impl ConnectedDetail {
    /// `served` is the digest of what is served, `apis` how many APIs that has.
    pub(crate) fn of(status: &ConnectedStatus, served: String, apis: usize, data: Option<DataStatus>) -> Self {
        let report = &status.report;
        Self {
            short: Connected::of(status),
            base: report.base.clone(),
            served,
            apis,
            locked_apis: report.locked_apis,
            kept: report.kept,
            state_error: report.state_error.clone(),
            poll_seconds: report.poll.as_secs(),
            thresholds: Ages {
                stale_seconds: report.thresholds.stale.as_secs(),
                emergency_seconds: report.thresholds.emergency.as_secs(),
                expired_seconds: report.thresholds.expired.as_secs(),
            },
            pulls: Pulls {
                changed: report.pulls.changed,
                unchanged: report.pulls.unchanged,
                spared: report.pulls.spared,
                failed: report.pulls.failed,
                refused: report.pulls.refused,
            },
            refused_bundle: report.refused_bundle.as_ref().map(Refused::of),
            event_hub: data.map(|data| EventHub {
                state: data.state.name(),
                notified: data.notified,
                age_seconds: data.age.map(|age| age.as_secs()),
                loaded_at_ms: data.loaded_at_ms,
                applications: data.counts.applications,
                subscriptions: data.counts.subscriptions,
                key_mappings: data.counts.key_mappings,
            }),
        }
    }
}

/// `GET /connected`
pub(super) fn answer<S: State>(state: &S, request: &Request<Incoming>, local: Option<IpAddr>) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    let headers = request.headers();
    let refused = guard::refuse_page(headers, "see the control plane's state")
        .or_else(|| guard::refuse_other_host(headers, local));
    if let Some(refused) = refused {
        return refused;
    }
    match state.connected() {
        // Plain data with text keys is always JSON.
        Some(detail) => json(
            StatusCode::OK,
            serde_json::to_string_pretty(&detail).unwrap_or_default(),
        ),
        None => error(
            StatusCode::NOT_FOUND,
            "this gateway follows no control plane: it runs without --connected",
        ),
    }
}
