//! Writes the merged counters as OpenMetrics text.

use super::api::{CLASSES, METHODS, method_label};
use super::backends;
use super::connected::connected;
use super::discovery::discovery;
use super::global_limits::global_limits;
use super::histogram::HistogramSum;
use super::quotas::quotas;
use super::revocation_sources::revocation_sources;
use super::shared_quotas::shared_quotas;
use super::subscription_data::subscription_data;
use super::traffic_manager::traffic_manager;
use super::usage::usage;
use super::{CoreMetrics, Metrics};
use crate::auth::{KeySourceStatus, RevocationSourceStatus};
use crate::connected::ConnectedStatus;
use crate::discovery::{DiscoveryCount, DiscoveryStatus};
use crate::names::NameCounts;
use crate::refusal::Refusal;
use crate::shared_quotas::SharedQuotaStatus;
use crate::subscription_data::DataStatus;
use crate::throttle::{CounterStatus, LimitsStatus};
use crate::traffic_manager::GroupStatus;
use crate::upstream::EndpointState;
use crate::usage::UsageStatus;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Values that are read where they live.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gauges {
    pub(crate) connections: u64,
    pub(crate) idle_backend_connections: u64,
    /// What is known of backends.
    pub(crate) endpoints: Vec<Arc<EndpointState>>,
    pub(crate) access_log_dropped: u64,
    pub(crate) log_lines_lost: u64,
    pub(crate) token_hits: u64,
    pub(crate) token_misses: u64,
    pub(crate) tokens_remembered: u64,
    pub(crate) certificate_hits: u64,
    pub(crate) certificate_misses: u64,
    /// Issuers whose keys come from a URL.
    pub(crate) key_sources: Vec<KeySourceStatus>,
    /// `None`: no token is introspected.
    pub(crate) introspection_failures: Option<u64>,
    /// `None`: no call is validated by the key manager.
    pub(crate) key_validation_failures: Option<u64>,
    /// `None`: no claims about users are fetched.
    pub(crate) claim_retrieval_failures: Option<u64>,
    pub(crate) revoked_tokens: u64,
    pub(crate) revocation_sources: Vec<RevocationSourceStatus>,
    /// `None`: they are not loaded while the gateway runs.
    pub(crate) subscription_data: Option<DataStatus>,
    /// `None`: no control plane is followed.
    pub(crate) connected: Option<ConnectedStatus>,
    /// `None`: quotas are counted here.
    pub(crate) global_limits: Option<LimitsStatus>,
    pub(crate) counters: CounterStatus,
    /// `None`: this gateway counts for itself.
    pub(crate) shared_quotas: Option<SharedQuotaStatus>,
    /// Backends that are looked up.
    pub(crate) discovery: Vec<DiscoveryStatus>,
    pub(crate) discovery_counts: Vec<DiscoveryCount>,
    /// How looking up backends' names goes.
    pub(crate) names: NameCounts,
    pub(crate) operator_blocks: u64,
    /// Groups of receivers of events; none: the traffic manager is not told of requests.
    pub(crate) event_groups: Vec<GroupStatus>,
    /// `None`: there are no usage records.
    pub(crate) usage: Option<UsageStatus>,
    pub(crate) config_generation: u64,
    /// The bundle that was given last is not served.
    pub(crate) bundle_refused: bool,
    pub(crate) apis: u64,
    pub(crate) ready: bool,
    /// When the first server certificate expires, in seconds since 1970; `None` without TLS.
    pub(crate) certificate_expires: Option<i64>,
}

/// Returns the text of a scrape.
pub(crate) fn expose(metrics: &Arc<Metrics>, gauges: Gauges) -> String {
    let mut registry = Registry::with_prefix("mgw");
    registry.register_collector(Box::new(Scrape {
        metrics: Arc::clone(metrics),
        gauges,
    }));
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => text,
        // Writing to a string fails only when a label cannot be written, and all labels are text.
        Err(fmt::Error) => String::new(),
    }
}

#[derive(Debug)]
struct Scrape {
    metrics: Arc<Metrics>,
    gauges: Gauges,
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.requests(&mut encoder)?;
        self.refusals(&mut encoder)?;
        self.upstream(&mut encoder)?;
        backends::failures(&mut encoder, &self.metrics)?;
        backends::states(&mut encoder, &self.gauges.endpoints)?;
        self.key_sources(&mut encoder)?;
        revocation_sources(&mut encoder, &self.gauges.revocation_sources)?;
        if let Some(status) = &self.gauges.subscription_data {
            subscription_data(&mut encoder, status)?;
        }
        if let Some(status) = &self.gauges.connected {
            connected(&mut encoder, status)?;
        }
        if let Some(status) = &self.gauges.global_limits {
            global_limits(&mut encoder, status)?;
        }
        quotas(&mut encoder, &self.gauges.counters)?;
        if let Some(status) = &self.gauges.shared_quotas {
            shared_quotas(&mut encoder, status)?;
        }
        discovery(&mut encoder, &self.gauges.discovery, &self.gauges.discovery_counts)?;
        traffic_manager(&mut encoder, &self.gauges.event_groups)?;
        if let Some(status) = &self.gauges.usage {
            usage(&mut encoder, status)?;
        }
        self.metrics.files.encode(&mut encoder)?;
        self.single_values(&mut encoder)
    }
}

impl Scrape {
    fn requests(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "requests",
            "Finished requests by API, method and class of status",
            None,
            MetricType::Counter,
        )?;
        let apis = self.metrics.apis.lock().unwrap_or_else(PoisonError::into_inner);
        for api in apis.values() {
            encode_requests(&mut family, &api.name, &api.version, &api.sums())?;
        }
        let mut unrouted = [[0; CLASSES.len()]; METHODS];
        for core in &self.metrics.cores {
            core.unrouted.add_to(&mut unrouted);
        }
        encode_requests(&mut family, "", "", &unrouted)
    }

    fn refusals(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "refusals",
            "Requests that the gateway answered itself, by reason and code",
            None,
            MetricType::Counter,
        )?;
        for refusal in Refusal::ALL {
            let count = self.sum(|core| core.refusals.get(refusal.index()));
            if count > 0 {
                let code = refusal.code(false).to_string();
                let labels = [("reason", refusal.label()), ("code", code.as_str())];
                ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }

    fn upstream(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut sum = HistogramSum::default();
        for core in &self.metrics.cores {
            sum.add(&core.upstream);
        }
        encoder
            .encode_descriptor(
                "upstream_latency_seconds",
                "Time from handing a request to a backend to the head of its answer",
                None,
                MetricType::Histogram,
            )?
            .encode_histogram::<NoLabelSet>(sum.sum_seconds(), sum.count(), &sum.buckets(), None)
    }

    /// The labels are the operator's issuers: few, and none from requests.
    fn key_sources(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let sources = &self.gauges.key_sources;
        if sources.is_empty() {
            return Ok(());
        }
        let mut family = encoder.encode_descriptor(
            "issuer_keys",
            "Keys of an issuer that may be used",
            None,
            MetricType::Gauge,
        )?;
        for source in sources {
            let keys = if source.usable {
                i64::try_from(source.keys).unwrap_or(i64::MAX)
            } else {
                0
            };
            ConstGauge::new(keys).encode(family.encode_family(&[("issuer", source.issuer.as_str())])?)?;
        }
        let mut family = encoder.encode_descriptor(
            "issuer_key_failures",
            "Failed attempts to fetch the keys of an issuer",
            None,
            MetricType::Counter,
        )?;
        for source in sources {
            let labels = [("issuer", source.issuer.as_str())];
            ConstCounter::new(source.failures).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }

    fn single_values(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let gauges = &self.gauges;
        for (name, help, value) in [
            (
                "requests_in_flight",
                "Requests being served",
                self.sum(|core| Some(&core.in_flight)),
            ),
            ("connections", "Open client connections", gauges.connections),
            (
                "web_sockets",
                "Open WebSockets",
                self.sum(|core| Some(&core.web_sockets)),
            ),
            (
                "backend_connections_idle",
                "Idle connections to backends",
                gauges.idle_backend_connections,
            ),
            (
                "config_generation",
                "Number of the configuration being served",
                gauges.config_generation,
            ),
            (
                "bundle_refused",
                "Whether the bundle that the gateway was given last is not served",
                u64::from(gauges.bundle_refused),
            ),
            ("apis", "APIs being served", gauges.apis),
            (
                "tokens_remembered",
                "Tokens whose verdict is remembered",
                gauges.tokens_remembered,
            ),
            ("revoked_tokens", "Revocations in force", gauges.revoked_tokens),
            (
                "operator_blocks",
                "Blocks in force that operators have set",
                gauges.operator_blocks,
            ),
            ("ready", "Whether the gateway takes traffic", u64::from(gauges.ready)),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX)).encode(metric)?;
        }
        for (name, help, value) in [
            (
                "connections_accepted",
                "Client connections accepted",
                self.sum(|core| Some(&core.connections_accepted)),
            ),
            (
                "web_socket_messages_from_clients",
                "WebSocket messages of clients that were passed on",
                self.sum(|core| Some(&core.messages_from_clients)),
            ),
            (
                "web_socket_messages_to_clients",
                "WebSocket messages of backends that were passed on",
                self.sum(|core| Some(&core.messages_to_clients)),
            ),
            (
                "connections_refused",
                "Client connections closed at once because too many were open",
                self.sum(|core| Some(&core.connections_refused)),
            ),
            (
                "malformed_requests",
                "Connections closed because what came was no request that can be read, or too large to be read",
                self.sum(|core| Some(&core.malformed)),
            ),
            (
                "tls_handshake_failures",
                "TLS handshakes that failed",
                self.sum(|core| Some(&core.handshake_failures)),
            ),
            ("token_cache_hits", "Tokens whose verdict was cached", gauges.token_hits),
            (
                "token_cache_misses",
                "Tokens that had to be checked",
                gauges.token_misses,
            ),
            (
                "client_certificate_cache_hits",
                "Client certificates whose verdict was cached",
                gauges.certificate_hits,
            ),
            (
                "client_certificate_cache_misses",
                "Client certificates that had to be judged",
                gauges.certificate_misses,
            ),
            (
                "access_log_dropped",
                "Access log lines that were dropped",
                gauges.access_log_dropped,
            ),
            (
                "log_lines_lost",
                "Lines of the gateway's log that were lost: nobody read them",
                gauges.log_lines_lost,
            ),
            (
                "dns_failures",
                "Look-ups of backends' names that failed",
                gauges.names.failures,
            ),
            (
                "dns_changes",
                "Times that addresses of a backend's name went",
                gauges.names.changes,
            ),
            (
                "dns_stale_connections",
                "Connections to addresses whose time is over, because DNS could not be asked",
                gauges.names.stale,
            ),
            (
                "reloads",
                "Configurations taken over",
                self.metrics.reloads.load(Relaxed),
            ),
            (
                "reload_failures",
                "Configurations refused",
                self.metrics.reload_failures.load(Relaxed),
            ),
        ] {
            let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(value).encode(metric)?;
        }
        for (name, help, failures) in [
            (
                "introspection_failures",
                "Questions about tokens that the key manager did not answer as it should",
                gauges.introspection_failures,
            ),
            (
                "key_validation_failures",
                "Questions about calls that the key validation service did not answer as it should",
                gauges.key_validation_failures,
            ),
            (
                "claim_retrieval_failures",
                "Tries to fetch claims about a user that brought none",
                gauges.claim_retrieval_failures,
            ),
        ] {
            if let Some(failures) = failures {
                let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
                ConstCounter::new(failures).encode(metric)?;
            }
        }
        if let Some(expires) = gauges.certificate_expires {
            let metric = encoder.encode_descriptor(
                "certificate_expires_seconds",
                "When the first server certificate expires, in seconds since 1970",
                None,
                MetricType::Gauge,
            )?;
            ConstGauge::new(expires).encode(metric)?;
        }
        let mut build = encoder.encode_descriptor("build", "The gateway's version", None, MetricType::Info)?;
        build.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }

    fn sum<'a>(&'a self, counter: impl Fn(&'a CoreMetrics) -> Option<&'a AtomicU64>) -> u64 {
        let cores = self.metrics.cores.iter().filter_map(|core| counter(core));
        cores.fold(0, |sum, counter| sum.wrapping_add(counter.load(Relaxed)))
    }
}

fn encode_requests(
    family: &mut MetricEncoder<'_>,
    api: &str,
    version: &str,
    sums: &[[u64; CLASSES.len()]; METHODS],
) -> fmt::Result {
    for (method, classes) in sums.iter().enumerate() {
        for (class, count) in CLASSES.into_iter().zip(classes) {
            if *count > 0 {
                let labels = [
                    ("api", api),
                    ("version", version),
                    ("method", method_label(method)),
                    ("status", class),
                ];
                ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use mgw_bundle::config::Method;

    #[test]
    fn shards_are_merged() {
        let metrics = Arc::new(Metrics::new(2));
        for shard in metrics.cores() {
            shard.unrouted.count(Some(Method::Get), Some(StatusCode::NOT_FOUND));
            shard.refused(Refusal::NotFound);
            shard.upstream_answered(std::time::Duration::from_millis(3));
            shard.request_began();
            shard.request_ended();
        }
        let text = expose(&metrics, Gauges::default());
        for line in [
            "mgw_requests_total{api=\"\",version=\"\",method=\"GET\",status=\"4xx\"} 2",
            "mgw_requests_in_flight 0",
            "mgw_upstream_latency_seconds_count 2",
            "mgw_upstream_latency_seconds_bucket{le=\"0.005\"} 2",
            "# EOF",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(text.contains("mgw_refusals_total{reason=\""), "{text}");
    }
}
