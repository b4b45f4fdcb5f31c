//! Requests by method and class of status.

use super::add;
use super::backends::{BackendCounters, sum};
use http::StatusCode;
use mgw_bundle::config::Method;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Methods, with one place for all that no resource can declare.
pub(super) const METHODS: usize = Method::ALL.len() + 1;
/// Classes of status: 1xx to 5xx, and answers that never came to an end.
pub(super) const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "aborted"];

/// Requests by method and class of status.
#[derive(Debug, Default)]
pub(crate) struct Requests([[AtomicU64; CLASSES.len()]; METHODS]);

impl Requests {
    /// Counts a request; `status` is `None` when its answer broke off.
    pub(crate) fn count(&self, method: Option<Method>, status: Option<StatusCode>) {
        let method = method.map_or(METHODS - 1, |method| method as usize);
        let class = status.map_or(CLASSES.len() - 1, |status| {
            usize::from(status.as_u16() / 100).clamp(1, 5) - 1
        });
        if let Some(counter) = self.0.get(method).and_then(|classes| classes.get(class)) {
            add(counter, 1);
        }
    }

    /// Adds this shard to a sum.
    pub(super) fn add_to(&self, sums: &mut [[u64; CLASSES.len()]; METHODS]) {
        for (classes, sums) in self.0.iter().zip(sums) {
            for (counter, sum) in classes.iter().zip(sums) {
                *sum += counter.load(Relaxed);
            }
        }
    }
}

/// The name of a method's place.
pub(super) fn method_label(position: usize) -> &'static str {
    Method::ALL.get(position).map_or("other", |method| method.as_str())
}

/// The counters of one API. A core's shard exists from its first request to the API on.
#[derive(Debug)]
pub(crate) struct ApiMetrics {
    pub(super) name: String,
    pub(super) version: String,
    label: String,
    cores: Box<[OnceLock<Box<Requests>>]>,
    /// A core's shard exists from its first request to a backend of the API on.
    backends: Box<[OnceLock<Box<BackendCounters>>]>,
}

impl ApiMetrics {
    pub(super) fn new(name: &str, version: &str, cores: usize) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            label: format!("{name}:{version}"),
            cores: (0..cores).map(|_| OnceLock::new()).collect(),
            backends: (0..cores).map(|_| OnceLock::new()).collect(),
        }
    }

    /// `name:version`.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The shard of a core.
    pub(crate) fn core(&self, core: usize) -> Option<&Requests> {
        self.cores.get(core).map(|shard| &**shard.get_or_init(Box::default))
    }

    /// What a core counts about backends of the API.
    pub(crate) fn backend(&self, core: usize) -> Option<&BackendCounters> {
        self.backends.get(core).map(|shard| &**shard.get_or_init(Box::default))
    }

    pub(super) fn backend_sum<'a>(&'a self, read: impl Fn(&'a BackendCounters) -> Option<&'a AtomicU64>) -> u64 {
        sum(
            self.backends.iter().filter_map(OnceLock::get).map(|shard| &**shard),
            read,
        )
    }

    pub(super) fn sums(&self) -> [[u64; CLASSES.len()]; METHODS] {
        let mut sums = [[0; CLASSES.len()]; METHODS];
        for shard in self.cores.iter().filter_map(OnceLock::get) {
            shard.add_to(&mut sums);
        }
        sums
    }
}
