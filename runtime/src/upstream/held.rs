//! What an answer holds until its last byte.

use super::active::Slot;
use super::request_body::Progress;
use crossbeam_utils::CachePadded;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What an answer holds until its last byte. Dropping it ends an upload that is still under way: once the answer is
/// complete, or nobody waits for it, the rest of the request is of no use.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) slot: Option<Slot>,
    pub(super) outstanding: Option<Outstanding>,
    pub(super) upload: Option<Arc<Progress>>,
}

impl Held {
    /// Whether there is anything to hold.
    pub(super) fn is_something(&self) -> bool {
        self.slot.is_some() || self.outstanding.is_some() || self.upload.is_some()
    }

    /// Whether the request has been sent to its end, so that another may follow on the same connection.
    pub(super) fn is_sent(&self) -> bool {
        self.upload.as_ref().is_none_or(|upload| upload.is_complete())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(upload) = self.upload.take()
            && !upload.is_complete()
        {
            upload.stop();
        }
    }
}

/// Requests under way at each target of an endpoint, of all cores.
#[derive(Debug)]
pub(crate) struct Loads(Box<[CachePadded<AtomicUsize>]>);

impl Loads {
    pub(crate) fn new(targets: usize) -> Self {
        Self((0..targets).map(|_| CachePadded::default()).collect())
    }

    pub(crate) fn of(&self, target: usize) -> usize {
        self.0.get(target).map_or(0, |load| load.load(Relaxed))
    }
}

/// One request under way; counted until it is dropped.
#[derive(Debug)]
pub(super) struct Outstanding {
    loads: Arc<Loads>,
    target: usize,
}

impl Outstanding {
    pub(super) fn begin(loads: &Arc<Loads>, target: usize) -> Self {
        if let Some(load) = loads.0.get(target) {
            load.fetch_add(1, Relaxed);
        }
        Self {
            loads: Arc::clone(loads),
            target,
        }
    }
}

impl Drop for Outstanding {
    fn drop(&mut self) {
        if let Some(load) = self.loads.0.get(self.target) {
            load.fetch_sub(1, Relaxed);
        }
    }
}
