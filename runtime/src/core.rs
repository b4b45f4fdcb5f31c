//! What one core has to itself: nothing here is changed by another core while requests are served.

use crate::access_log::AccessLog;
use crate::auth::CoreAuth;
use crate::clock::Clock;
use crate::metrics::CoreMetrics;
use crate::proxy::RequestIds;
use crate::server::Connections;
use crate::snapshot::Snapshot;
use crate::throttle::{CoreGlobal, CoreThrottle};
use crate::traffic_manager::EventQueue;
use crate::upstream::{FailureReason, Fault, Upstream};
use crate::usage::UsageQueue;
use arc_swap::ArcSwap;
use crossbeam_utils::CachePadded;
use http::HeaderValue;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// A core's own handle on the shared snapshot: requests count references here, where no other core does.
#[derive(Debug)]
pub(crate) struct Local(pub(crate) Arc<Snapshot>);

/// What one core has to itself.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) number: usize,
    pub(crate) clock: Clock,
    pub(crate) ids: RequestIds,
    pub(crate) snapshot: ArcSwap<Local>,
    pub(crate) upstream: Upstream,
    /// Hardly ever contended: only this core's thread takes it, apart from a scrape.
    pub(crate) auth: Mutex<CoreAuth>,
    /// Never contended: only this core's thread takes it.
    pub(crate) throttle: Mutex<CoreThrottle>,
    /// For quotas that the traffic manager counts, where it does. Never contended either.
    pub(crate) global: Option<Mutex<CoreGlobal>>,
    /// Where admitted requests are told; `None`: the traffic manager is not told of them.
    pub(crate) events: Option<EventQueue>,
    pub(crate) access_log: Option<AccessLog>,
    /// Where usage records go; `None`: there are none.
    pub(crate) usage: Option<UsageQueue>,
    pub(crate) metrics: Arc<CachePadded<CoreMetrics>>,
    pub(crate) connections: Arc<Connections>,
    pub(crate) draining: AtomicBool,
    /// When a backend failure was last reported, and how many have been left out since.
    pub(crate) last_report_ms: AtomicU64,
    pub(crate) unreported: AtomicU64,
}

impl Core {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// Takes a new snapshot for the requests to come.
    pub(crate) fn take_over(&self, snapshot: &Arc<Snapshot>) {
        self.snapshot.store(Arc::new(Local(Arc::clone(snapshot))));
    }

    /// Warns about a request that got no whole answer, once a second at the most: a backend that is down fails with every
    /// request. The client's faults are for the access log.
    pub(crate) fn report_failure(
        &self,
        api: &str,
        id: &HeaderValue,
        failure: FailureReason,
        error: &(dyn std::error::Error + 'static),
    ) {
        let fault = failure.fault();
        if fault == Fault::Client {
            return;
        }
        let now_ms = self.clock.monotonic_ms().max(1);
        let last = self.last_report_ms.load(Relaxed);
        if last != 0 && now_ms.saturating_sub(last) < 1000 {
            self.unreported.store(self.unreported.load(Relaxed) + 1, Relaxed);
            return;
        }
        self.last_report_ms.store(now_ms, Relaxed);
        let unreported = self.unreported.swap(0, Relaxed);
        let id = id.to_str().unwrap_or("-");
        tracing::warn!(
            api,
            id,
            fault = fault.word(),
            reason = failure.word(),
            unreported,
            error,
            "a request got no whole answer of its backend"
        );
    }
}
