//! What the cores share and the control thread sees.

use crate::admin::{
    BlockError, BlocksInForce, Connected, ConnectedDetail, Discovered, GlobalLimits, Readiness, Reason, Refused,
    RevocationSource, SharedQuotas, State, SubscriptionData,
};
use crate::auth::{AppliedRevocations, KeySourceStatus};
use crate::config::RuntimeConfig;
use crate::connected::{ConnectedReport, ConnectedStatus, RefusedBundle};
use crate::core::Core;
use crate::discovery::{DiscoveryState, DiscoveryStatus};
use crate::gateway::ReloadError;
use crate::metrics::{Gauges, expose};
use crate::operator_blocks::{OperatorBlock, new_block};
use crate::server::ServerTls;
use crate::snapshot::{Continued, Snapshot, SnapshotError};
use crate::throttle::{QuotaFilter, QuotaReset, QuotaStates};
use crate::traffic_manager::Groups;
use crate::upstream::EndpointState;
use crate::usage::{UsageHandle, UsageStatus};
use arc_swap::{ArcSwap, ArcSwapOption};
use mgw_bundle::Bundle;
use mgw_bundle::config::Block;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The gateway as a whole.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) config: RuntimeConfig,
    pub(super) continued: Continued,
    /// TLS of the listeners; `None` without any.
    pub(super) tls: Option<ServerTls>,
    /// `None`: the traffic manager is not told of requests.
    pub(super) event_groups: Option<Groups>,
    /// `None`: there are no usage records.
    pub(super) usage: Option<UsageHandle>,
    pub(super) cores: Vec<Arc<Core>>,
    /// What the cores serve, for the control thread.
    pub(super) snapshot: ArcSwap<Snapshot>,
    /// One reload at a time.
    pub(super) reloading: Mutex<()>,
    /// How following the control plane goes, where one is followed.
    pub(super) connected: ArcSwapOption<ConnectedReport>,
    /// The bundle that the gateway was given last and does not serve, where no control plane is followed.
    pub(super) refused_bundle: ArcSwapOption<RefusedBundle>,
    pub(super) draining: AtomicBool,
    pub(super) lost_log_lines: Arc<AtomicU64>,
    pub(super) started_at: jiff::Timestamp,
}

/// Compiles a bundle.
pub(super) fn compile(
    bundle: &Bundle,
    config: &RuntimeConfig,
    continued: &Continued,
    generation: u64,
) -> Result<Arc<Snapshot>, SnapshotError> {
    Snapshot::compile(bundle, config, continued, generation, unix_ms()).map(Arc::new)
}

pub(super) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

impl Control {
    /// Compiles a bundle aside and swaps it in; on any failure nothing changes.
    pub(super) fn reload(&self, bundle: &Bundle) -> Result<(), ReloadError> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_draining() {
            return Err(ReloadError::Draining);
        }
        let taken = self.take_over(bundle);
        match &taken {
            Ok(()) => self.refused_bundle.store(None),
            Err(error) => {
                let reason = match error.source() {
                    Some(cause) => format!("{error}: {cause}"),
                    None => error.to_string(),
                };
                self.refuse_bundle(Some(bundle.digest.to_string()), reason);
            }
        }
        taken
    }

    /// Counts and notes a bundle that was to be served and is not.
    pub(super) fn refuse_bundle(&self, digest: Option<String>, reason: String) {
        self.continued.metrics.reload_failures.fetch_add(1, Ordering::Relaxed);
        self.refused_bundle.store(Some(Arc::new(RefusedBundle {
            digest,
            reason,
            at_ms: unix_ms(),
        })));
    }

    fn take_over(&self, bundle: &Bundle) -> Result<(), ReloadError> {
        let metrics = &self.continued.metrics;
        let generation = self.snapshot.load().generation + 1;
        let compiled = compile(bundle, &self.config, &self.continued, generation);
        let served = match &compiled {
            Ok(snapshot) => Arc::clone(snapshot),
            Err(_) => self.snapshot.load_full(),
        };
        let counted: Vec<_> = served.apis.iter().map(|api| Arc::clone(&api.metrics)).collect();
        metrics.keep(&counted);
        let snapshot = compiled?;
        if let Some(tls) = &self.tls {
            tls.believe(snapshot.authenticator.client_trust())?;
        }
        tracing::info!(generation, bundle = %snapshot.digest, apis = snapshot.apis.len(), "a new configuration is served");
        for endpoint in snapshot.endpoints() {
            endpoint.state.serve(&endpoint.targets);
        }
        self.serve(snapshot);
        metrics.reloads.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Has the requests to come see a snapshot.
    pub(super) fn serve(&self, snapshot: Arc<Snapshot>) {
        for core in &self.cores {
            core.take_over(&snapshot);
        }
        self.snapshot.store(snapshot);
    }

    /// Has the requests to come see the blocks of operators as they are now.
    fn serve_blocks(&self, now_ms: u64) {
        let operators = self.continued.operator_blocks.in_force(now_ms);
        self.serve(Arc::new(self.snapshot.load().with_blocks(&operators)));
    }

    /// How many blocks that operators set are in force.
    pub(super) fn operator_blocks(&self) -> usize {
        self.continued.operator_blocks.count(unix_ms())
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    fn connected_status(&self) -> Option<ConnectedStatus> {
        let report = self.connected.load();
        report
            .as_deref()
            .map(|report| ConnectedStatus::at(report, Instant::now()))
    }

    /// The bundle that was given last, where it is not served.
    fn refused_bundle(&self, connected: Option<&ConnectedStatus>) -> Option<Refused> {
        match connected {
            Some(status) => status.report.refused_bundle.as_ref().map(Refused::of),
            None => self.refused_bundle.load().as_deref().map(Refused::of),
        }
    }

    /// Why the gateway takes no traffic; empty when it does.
    fn reasons(
        &self,
        sources: &[KeySourceStatus],
        discovery: &[DiscoveryStatus],
        connected: Option<&ConnectedStatus>,
    ) -> Vec<Reason> {
        let fetching = sources.iter().any(|source| !source.attempted && !source.usable);
        let looking = discovery.iter().any(|one| one.state == DiscoveryState::Looking);
        let expired = connected.is_some_and(ConnectedStatus::refuses);
        let draining = self.is_draining().then_some(Reason::Draining);
        draining
            .into_iter()
            .chain(fetching.then_some(Reason::FetchingKeys))
            .chain(looking.then_some(Reason::FindingBackends))
            .chain(expired.then_some(Reason::Expired))
            .collect()
    }
}

impl State for Control {
    fn readiness(&self) -> Readiness {
        let snapshot = self.snapshot.load();
        let sources = self.continued.security.key_sources(unix_ms());
        let discovery = self.continued.discovery.status();
        let connected = self.connected_status();
        let reasons = self.reasons(&sources, &discovery, connected.as_ref());
        Readiness {
            ready: reasons.is_empty(),
            reasons,
            project: snapshot.project.clone(),
            bundle: snapshot.digest.to_string(),
            refused_bundle: self.refused_bundle(connected.as_ref()),
            apis: snapshot.apis.len(),
            config_generation: snapshot.generation,
            started_at: self.started_at.to_string(),
            revocation_sources: self
                .continued
                .security
                .revocation_sources()
                .into_iter()
                .map(|status| RevocationSource {
                    source: status.source,
                    state: status.state.name(),
                    current_at_ms: status.current_at_ms,
                })
                .collect(),
            subscription_data: self
                .continued
                .security
                .subscription_data()
                .map(|status| SubscriptionData {
                    state: status.state.name(),
                    loaded_at_ms: status.loaded_at_ms,
                    age_seconds: status.age.map(|age| age.as_secs()),
                    notified: status.notified,
                }),
            connected: connected.as_ref().map(Connected::of),
            discovery: discovery
                .into_iter()
                .map(|one| Discovered {
                    source: one.source,
                    name: one.name,
                    state: one.state.name(),
                    at: one.at,
                    changed_at_ms: one.changed_at_ms,
                })
                .collect(),
            shared_quotas: self.continued.shared_quotas.as_ref().map(|shared| {
                let status = shared.status();
                SharedQuotas {
                    state: status.state(),
                    gateways: status.gateways,
                }
            }),
            global_limits: self.continued.security.limits_status().map(|status| GlobalLimits {
                decisions: status.decisions.name(),
                connected_at_ms: status.connected_at_ms,
                lists: status.lists.name(),
                listed_at_ms: status.listed_at_ms,
            }),
            issuers_without_keys: sources
                .into_iter()
                .filter(|source| !source.usable)
                .map(|source| source.issuer)
                .collect(),
        }
    }

    fn revoke(&self, list: &str) -> AppliedRevocations {
        self.continued.security.revocations.apply(list, unix_ms())
    }

    fn connected(&self) -> Option<ConnectedDetail> {
        let status = self.connected_status()?;
        let snapshot = self.snapshot.load();
        let data = self.continued.security.subscription_data();
        let served = snapshot.digest.to_string();
        Some(ConnectedDetail::of(&status, served, snapshot.apis.len(), data))
    }

    fn endpoints(&self) -> Vec<Arc<EndpointState>> {
        self.continued.endpoints.all()
    }

    fn quotas(&self, filter: &QuotaFilter) -> QuotaStates {
        self.continued.counters.quotas(filter, unix_ms())
    }

    fn reset_quotas(&self, which: &QuotaReset) -> u64 {
        let resets = self.continued.counters.reset(which, unix_ms());
        if let Some(shared) = &self.continued.shared_quotas {
            shared.forgive(resets.strict, unix_ms());
        }
        resets.found
    }

    fn blocks(&self) -> BlocksInForce {
        BlocksInForce {
            operators: self.continued.operator_blocks.in_force(unix_ms()),
            bundle: self.snapshot.load().blocks.of_bundle().to_vec(),
        }
    }

    fn block(&self, asked: &[u8]) -> Result<OperatorBlock, BlockError> {
        // Not while a bundle is taken over, which would go on with the blocks of before.
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = unix_ms();
        let new = new_block(asked, now_ms).map_err(BlockError::Request)?;
        if let Block::Api { context } | Block::Subscription { context, .. } = &new.block
            && !self.snapshot.load().blocks.knows_context(context)
        {
            return Err(BlockError::Context(context.clone()));
        }
        let added = self.continued.operator_blocks.add(new, now_ms)?;
        self.serve_blocks(now_ms);
        Ok(added)
    }

    fn unblock(&self, id: u64) -> Result<OperatorBlock, BlockError> {
        let _one_at_a_time = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = unix_ms();
        let removed = self.continued.operator_blocks.remove(id, now_ms)?;
        self.serve_blocks(now_ms);
        Ok(removed)
    }

    fn usage(&self) -> Option<UsageStatus> {
        self.usage.as_ref().map(UsageHandle::status)
    }

    fn metrics(&self) -> String {
        let snapshot = self.snapshot.load();
        let sum = |value: fn(&Core) -> usize| self.cores.iter().map(|core| value(core) as u64).sum();
        let dropped = self.cores.iter().find_map(|core| core.access_log.as_ref());
        let (mut hits, mut misses, mut remembered) = (0, 0, 0);
        let (mut certificate_hits, mut certificate_misses) = (0, 0);
        for core in &self.cores {
            let auth = core.auth.lock().unwrap_or_else(PoisonError::into_inner);
            hits += auth.hits;
            misses += auth.misses;
            certificate_hits += auth.certificate_hits;
            certificate_misses += auth.certificate_misses;
            remembered += auth.remembered() as u64;
        }
        let security = &self.continued.security;
        let key_sources = security.key_sources(unix_ms());
        let discovery = self.continued.discovery.status();
        let connected = self.connected_status();
        let gauges = Gauges {
            connections: sum(|core| core.connections.count()),
            idle_backend_connections: sum(|core| core.upstream.pool.idle()),
            endpoints: self.continued.endpoints.all(),
            access_log_dropped: dropped.map_or(0, |log| log.dropped()),
            log_lines_lost: self.lost_log_lines.load(Ordering::Relaxed),
            token_hits: hits,
            token_misses: misses,
            tokens_remembered: remembered,
            certificate_hits,
            certificate_misses,
            introspection_failures: security.introspection_failures(),
            key_validation_failures: security.key_validation_failures(),
            claim_retrieval_failures: security.claim_retrieval_failures(),
            revoked_tokens: security.revocations.len() as u64,
            revocation_sources: security.revocation_sources(),
            subscription_data: security.subscription_data(),
            global_limits: security.limits_status(),
            counters: self.continued.counters.status(),
            shared_quotas: self.continued.shared_quotas.as_ref().map(|shared| shared.status()),
            operator_blocks: self.operator_blocks() as u64,
            usage: self.usage.as_ref().map(UsageHandle::status),
            event_groups: self.event_groups.as_ref().map(Groups::status).unwrap_or_default(),
            config_generation: snapshot.generation,
            bundle_refused: self.refused_bundle(connected.as_ref()).is_some(),
            apis: snapshot.apis.len() as u64,
            ready: self.reasons(&key_sources, &discovery, connected.as_ref()).is_empty(),
            connected,
            key_sources,
            discovery_counts: self.continued.discovery.counts(),
            discovery,
            names: self.continued.origins.names().counts(),
            certificate_expires: self.tls.as_ref().and_then(|tls| tls.rotation().expires()),
        };
        expose(&self.continued.metrics, gauges)
    }
}
