//! Where requests leave the counters whose leases run low, and the leasing task finds them.

use mgw_quota::{Counter, LeaseTerms};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// Counters that wait at most. What finds no room asks with its next request.
const ROOM: usize = 1 << 16;

/// The requests' side of the desk. Leaving a counter never waits.
#[derive(Debug)]
pub struct LeaseDesk {
    terms: LeaseTerms,
    gateways: AtomicU64,
    waiting: mpsc::Sender<Arc<Counter>>,
}

impl LeaseDesk {
    /// Creates a desk where leases have these terms, and the end at which counters arrive.
    pub fn new(terms: LeaseTerms) -> (Self, mpsc::Receiver<Arc<Counter>>) {
        let (waiting, arriving) = mpsc::channel(ROOM);
        let desk = Self {
            gateways: AtomicU64::new(terms.gateways),
            terms,
            waiting,
        };
        (desk, arriving)
    }

    /// Returns the terms with the number of gateways that is known now.
    pub fn terms(&self) -> LeaseTerms {
        LeaseTerms {
            gateways: self.gateways.load(Ordering::Relaxed),
            ..self.terms
        }
    }

    /// Takes over how many gateways there are; never fewer than the settings say. Returns whether that is news, which
    /// counters have to be told.
    pub(crate) fn set_gateways(&self, gateways: u64) -> bool {
        let gateways = gateways.max(self.terms.gateways);
        self.gateways.swap(gateways, Ordering::Relaxed) != gateways
    }

    /// Leaves a counter if its lease runs low and nobody has asked yet. For every counter that decided about a request.
    pub(super) fn look_at(&self, counter: &Arc<Counter>, now_ms: u64) {
        if counter.wants_lease(now_ms) && self.waiting.try_send(Arc::clone(counter)).is_err() {
            counter.settled();
        }
    }
}
