//! Counters of the request path: one shard per core, merged when somebody asks.
//!
//! A shard is written by its own core only, with plain loads and stores; readers on other threads see each value whole.
//! Labels come from the bundle and from fixed lists, never from requests, so their number is bounded.

mod api;
mod backends;
mod connected;
mod core;
mod discovery;
mod expose;
mod file_reloads;
mod global_limits;
mod histogram;
mod quotas;
mod revocation_sources;
mod shared_quotas;
mod subscription_data;
mod traffic_manager;
mod usage;

pub(crate) use self::core::CoreMetrics;
pub(crate) use api::ApiMetrics;
pub(crate) use backends::BackendCounters;
pub(crate) use expose::{Gauges, expose};
pub(crate) use file_reloads::{FilePart, FileReloads};

use crossbeam_utils::CachePadded;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// All counters of the gateway.
#[derive(Debug)]
pub(crate) struct Metrics {
    cores: Box<[Arc<CachePadded<CoreMetrics>>]>,
    /// By API id. Those of removed APIs go with them.
    apis: Mutex<BTreeMap<String, Arc<ApiMetrics>>>,
    pub(crate) reloads: AtomicU64,
    pub(crate) reload_failures: AtomicU64,
    pub(crate) files: FileReloads,
}

impl Metrics {
    pub(crate) fn new(cores: usize) -> Self {
        Self {
            cores: (0..cores).map(|_| Arc::default()).collect(),
            apis: Mutex::default(),
            reloads: AtomicU64::new(0),
            reload_failures: AtomicU64::new(0),
            files: FileReloads::default(),
        }
    }

    /// The shards, one per core.
    pub(crate) fn cores(&self) -> &[Arc<CachePadded<CoreMetrics>>] {
        &self.cores
    }

    /// Finds or makes the counters of each API. Counters of APIs that both bundles have go on.
    pub(crate) fn apis<'a>(&self, apis: impl Iterator<Item = &'a mgw_bundle::config::Api>) -> Vec<Arc<ApiMetrics>> {
        let mut known = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        apis.map(|api| {
            let make = || Arc::new(ApiMetrics::new(&api.name, &api.version, self.cores.len()));
            Arc::clone(known.entry(api.id.clone()).or_insert_with(make))
        })
        .collect()
    }

    /// Forgets the counters of APIs that are not served any more.
    pub(crate) fn keep(&self, served: &[Arc<ApiMetrics>]) {
        let served: HashSet<*const ApiMetrics> = served.iter().map(Arc::as_ptr).collect();
        let mut known = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, metrics| served.contains(&Arc::as_ptr(metrics)));
    }
}

/// Adds to a counter that only this thread writes: no locked instruction.
fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(amount), Relaxed);
}
