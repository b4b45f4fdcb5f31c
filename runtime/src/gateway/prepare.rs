//! A gateway before it binds anything: the same for one that serves and one that only explains.

use super::StartError;
use super::start::{Quotas, milliseconds, quotas};
use crate::auth::{CoreAuth, Security};
use crate::clock::Clock;
use crate::config::{KeepAlive, RuntimeConfig};
use crate::core::{Core, Local};
use crate::discovery::Discovery;
use crate::metrics::Metrics;
use crate::operator_blocks::OperatorBlocks;
use crate::proxy::RequestIds;
use crate::server::{ClientTimeouts, ConnectionBudget, ServeSettings};
use crate::snapshot::{Continued, Snapshot};
use crate::throttle::{CoreGlobal, CoreThrottle};
use crate::upstream::{
    ActiveLimit, Connector, EndpointStates, Http2Settings, Origins, Pool, PoolLimits, Prober, Queue, ResponseBounds,
    TokenSources, Upstream,
};
use arc_swap::ArcSwap;
use mgw_bundle::Bundle;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;

/// What a gateway has whatever it serves, and a bundle is compiled with.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) security: Arc<Security>,
    pub(super) quotas: Quotas,
    pub(super) origins: Origins,
    pub(super) operator_blocks: OperatorBlocks,
}

/// A gateway that has read everything and bound nothing.
#[derive(Debug)]
pub(crate) struct Prepared {
    connector: Connector,
    pub(crate) continued: Continued,
    pub(crate) snapshot: Arc<Snapshot>,
}

impl Prepared {
    /// Reads keys and certificates, and compiles a bundle. What goes on beside requests, such as fetching of keys, is begun on
    /// the runtime of `control`. `backends`: the settings for connections to them.
    ///
    /// # Errors
    ///
    /// The bundle does not fit the settings, or a file is unusable.
    pub(crate) fn new(
        bundle: &Bundle,
        config: &RuntimeConfig,
        backends: &RuntimeConfig,
        data_dir: &Path,
        cores: usize,
        control: &Handle,
        unix_ms: u64,
    ) -> Result<Self, StartError> {
        let security = Security::start(config, Some(data_dir), control)?;
        let parts = Parts {
            security,
            quotas: quotas(config, control)?,
            origins: Origins::new(backends, control)?,
            operator_blocks: OperatorBlocks::open(data_dir)?,
        };
        Self::of(parts, bundle, config, cores, control, unix_ms)
    }

    /// The same, of parts that were made before.
    pub(super) fn of(
        parts: Parts,
        bundle: &Bundle,
        config: &RuntimeConfig,
        cores: usize,
        control: &Handle,
        unix_ms: u64,
    ) -> Result<Self, StartError> {
        let (counters, shared_quotas) = parts.quotas;
        let connector = Connector::new(
            config.http_clients.connect_timeout,
            Http2Settings {
                streams: config.http_clients.pool.streams,
                ping: config.http_clients.http2_ping,
                max_headers: config.http_clients.response_limits.max_header_size,
            },
        );
        let origins = Arc::new(parts.origins);
        let prober = Prober {
            runtime: control.clone(),
            upstream: Arc::new(upstream(config, cores, connector, &Clock::new(), &origins)),
        };
        let continued = Continued {
            counters,
            shared_quotas,
            discovery: Discovery::new(&config.discovery, &origins, control),
            tokens: TokenSources::new(&origins, control),
            origins,
            endpoints: EndpointStates::new(cores, Some(prober)),
            security: parts.security,
            metrics: Arc::new(Metrics::new(cores)),
            operator_blocks: parts.operator_blocks,
        };
        let snapshot = Snapshot::compile(bundle, config, &continued, 1, unix_ms)?;
        Ok(Self {
            connector,
            continued,
            snapshot: Arc::new(snapshot),
        })
    }

    /// Makes the state of one core that tells nobody of what it does; `None` for more cores than were prepared for.
    pub(crate) fn core(&self, config: &RuntimeConfig, number: usize, clock: Clock) -> Option<Core> {
        let metrics = self.continued.metrics.cores().get(number)?;
        Some(Core {
            number,
            ids: RequestIds::new(),
            snapshot: ArcSwap::from_pointee(Local(Arc::clone(&self.snapshot))),
            upstream: upstream(config, number, self.connector, &clock, &self.continued.origins),
            clock,
            auth: Mutex::new(CoreAuth::new(config)),
            throttle: Mutex::new(CoreThrottle::new()),
            global: config.global_throttling.as_ref().map(|_| Mutex::new(CoreGlobal::new())),
            events: None,
            access_log: None,
            usage: None,
            metrics: Arc::clone(metrics),
            connections: Arc::default(),
            draining: AtomicBool::new(false),
            last_report_ms: AtomicU64::new(0),
            unreported: AtomicU64::new(0),
        })
    }
}

fn upstream(config: &RuntimeConfig, core: usize, connector: Connector, clock: &Clock, origins: &Origins) -> Upstream {
    let pool = &config.http_clients.pool;
    let limits = PoolLimits {
        idle_per_origin: pool.max_idle,
        idle_ms: milliseconds(pool.idle),
        streams: pool.streams,
    };
    Upstream {
        core,
        pool: Arc::new(Pool::new(limits, Arc::clone(origins.seats()))),
        connector,
        clock: clock.clone(),
        bounds: ResponseBounds {
            headers: config.http_clients.response_limits.max_header_size,
            body: config.http_clients.response_limits.max_body_size.unwrap_or(u64::MAX),
            silence: config.http_clients.stream_idle,
        },
        active: pool.max_active.map(|limit| {
            let queue = Queue {
                wait: pool.wait,
                length: pool.max_waiting,
            };
            ActiveLimit::new(usize::try_from(limit).unwrap_or(usize::MAX), queue)
        }),
    }
}

/// How client connections are served.
pub(crate) fn serve_settings(config: &RuntimeConfig) -> ServeSettings {
    let listener = &config.listener;
    ServeSettings {
        timeouts: ClientTimeouts {
            head_ms: milliseconds(listener.timeouts.request_header),
            idle_ms: milliseconds(listener.timeouts.idle),
            stalled_ms: milliseconds(listener.timeouts.unread),
        },
        tls_handshake: listener.timeouts.tls_handshake,
        keep_alive: listener.keep_alive != KeepAlive::Never,
        http2: listener.http2,
        max_head: listener.max_uri_length + listener.max_header_size + 1024,
        budget: ConnectionBudget::new(listener.max_connections),
    }
}
