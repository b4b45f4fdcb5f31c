//! Whether the gateway takes traffic, and what it serves.

use super::{Connected, Refused};
use serde::Serialize;

/// The answer of `/ready`. Ready means: status 200; otherwise 503 and the reasons.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    /// Why not; empty when ready.
    pub(crate) reasons: Vec<Reason>,
    pub(crate) project: String,
    /// Digest of the bundle being served.
    pub(crate) bundle: String,
    /// The bundle that the gateway was given last and does not serve. No reason to send traffic away: the one before goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused_bundle: Option<Refused>,
    /// APIs being served.
    pub(crate) apis: usize,
    /// Counts the configurations of this process, from 1.
    pub(crate) config_generation: u64,
    /// Issuers whose keys could not be fetched, or are too old: their tokens are refused. No reason to send traffic away,
    /// once they have been asked: every other gateway has the same issuer, and callers of other issuers are served.
    pub(crate) issuers_without_keys: Vec<String>,
    /// Sources of revocations that are read while the gateway runs. No reason to send traffic away.
    pub(crate) revocation_sources: Vec<RevocationSource>,
    /// The control plane's subscription data, where they are loaded while the gateway runs. No reason to send traffic away:
    /// the bundle's data, or those loaded last, are in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subscription_data: Option<SubscriptionData>,
    /// How far the gateway has fallen behind the control plane that it follows. No reason to send traffic away, unless
    /// `connected.expiredRefuses` says so: what was taken over last is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connected: Option<Connected>,
    /// Backends that are looked up while the gateway runs. No reason to send traffic away, once they have been looked for:
    /// the default URL, or what was known before, is used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) discovery: Vec<Discovered>,
    /// Quotas that several gateways share. No reason to send traffic away: without the store each admits its part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shared_quotas: Option<SharedQuotas>,
    /// What the traffic manager tells about quotas, where it counts them. No reason to send traffic away: every other gateway
    /// is told by the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) global_limits: Option<GlobalLimits>,
    /// When the gateway started, RFC 3339.
    pub(crate) started_at: String,
}

/// A source of revocations.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevocationSource {
    /// `redis`, `control-plane` or `event-hub`.
    pub(crate) source: &'static str,
    /// `loading`: nothing was read yet; `current`; `stale`: what was read before is in force.
    pub(crate) state: &'static str,
    /// When it was up to date last, in milliseconds since the epoch; 0: never.
    pub(crate) current_at_ms: u64,
}

/// A backend that is looked up.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Discovered {
    /// `etcd`, `file` or `srv`.
    pub(crate) source: &'static str,
    /// The key, path or name.
    pub(crate) name: String,
    /// `looking`: the first answer is awaited; `current`; `default`: the source knows nothing; `stale`: the source is away
    /// or says nothing usable, and what was known before is used.
    pub(crate) state: &'static str,
    /// Where requests go.
    pub(crate) at: Vec<String>,
    /// When that changed last, in milliseconds since the epoch; 0: never.
    pub(crate) changed_at_ms: u64,
}

/// The control plane's subscription data.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubscriptionData {
    /// `loading`: nothing was loaded yet; `current`; `stale`: what was loaded before is in force.
    pub(crate) state: &'static str,
    /// When everything was loaded last, in milliseconds since the epoch; 0: never.
    pub(crate) loaded_at_ms: u64,
    /// How long ago that was; absent: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) age_seconds: Option<u64>,
    /// Whether notifications of changes arrive.
    pub(crate) notified: bool,
}

/// Quotas that several gateways share.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SharedQuotas {
    /// `connecting`: the store has not answered yet; `shared`; `alone`: the store is away.
    pub(crate) state: &'static str,
    /// Gateways that share them, as far as it is known.
    pub(crate) gateways: u64,
}

/// What the traffic manager tells about quotas.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GlobalLimits {
    /// `loading`: nothing has come yet; `current`: decisions arrive; `stale`: they do not, and those that are in force hold
    /// until they expire.
    pub(crate) decisions: &'static str,
    /// When the event hub was there last, in milliseconds since the epoch; 0: never.
    pub(crate) connected_at_ms: u64,
    /// The same for the lists of key templates and blocks.
    pub(crate) lists: &'static str,
    /// When they were fetched last, in milliseconds since the epoch; 0: never.
    pub(crate) listed_at_ms: u64,
}

/// Why the gateway takes no traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reason {
    /// It is shutting down.
    Draining,
    /// The first fetch of an issuer's keys has neither succeeded nor failed: good tokens would be refused or kept waiting.
    /// It ends within the time that a fetch may take.
    FetchingKeys,
    /// What was taken over from the control plane is too old, and `connected.expiredRefuses` says what that means.
    Expired,
    /// A backend is looked up for the first time. It ends within the time that the source has to answer.
    FindingBackends,
}
