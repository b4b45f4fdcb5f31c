//! Counters of the request path: one shard per core, merged when somebody asks.
//!
//! A shard is written by its own core only, with plain loads and stores; readers on other threads see each value whole.
//! Labels come from the bundle and from fixed lists, never from requests, so their number is bounded.

mod api;
mod core;
mod expose;
mod histogram;

pub(crate) use self::core::CoreMetrics;
pub(crate) use api::ApiMetrics;
pub(crate) use expose::{Gauges, expose};

use crossbeam_utils::CachePadded;
use std::collections::BTreeMap;
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
}

impl Metrics {
    pub(crate) fn new(cores: usize) -> Self {
        Self {
            cores: (0..cores).map(|_| Arc::default()).collect(),
            apis: Mutex::default(),
            reloads: AtomicU64::new(0),
            reload_failures: AtomicU64::new(0),
        }
    }

    /// The shards, one per core.
    pub(crate) fn cores(&self) -> &[Arc<CachePadded<CoreMetrics>>] {
        &self.cores
    }

    /// Finds or makes the counters of each API, and forgets those of others. Counters of surviving APIs go on.
    pub(crate) fn apis<'a>(&self, apis: impl Iterator<Item = &'a mgw_bundle::config::Api>) -> Vec<Arc<ApiMetrics>> {
        let mut known = self.apis.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = BTreeMap::new();
        let listed = apis
            .map(|api| {
                let metrics = known
                    .remove(&api.id)
                    .unwrap_or_else(|| Arc::new(ApiMetrics::new(&api.name, &api.version, self.cores.len())));
                kept.insert(api.id.clone(), Arc::clone(&metrics));
                metrics
            })
            .collect();
        *known = kept;
        listed
    }
}

/// Adds to a counter that only this thread writes: no locked instruction.
fn add(counter: &AtomicU64, amount: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(amount), Relaxed);
}
