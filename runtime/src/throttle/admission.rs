//! What an admitted request still owes.

use super::{LeaseDesk, Standing};
use mgw_quota::Counter;
use std::sync::Arc;

/// An admitted request.
#[derive(Debug, Default)]
pub struct Admission {
    pub(super) meters: [Option<Arc<Counter>>; 4],
    /// Where meters ask for leases, if they share their limits.
    pub(super) desk: Option<Arc<LeaseDesk>>,
    /// A limit that only reports was exceeded.
    pub over_quota: bool,
    /// What the caller is told about its limits.
    pub standing: Option<Standing>,
}

impl Admission {
    /// Returns whether bytes have to be reported with [`Self::charge`].
    pub fn is_metered(&self) -> bool {
        self.meters.iter().any(Option::is_some)
    }

    /// Counts `bytes` of a request or response body against the bandwidth limits that apply.
    pub fn charge(&self, bytes: u64, now_ms: u64) {
        for meter in self.meters.iter().flatten() {
            meter.add(bytes, now_ms);
            // Else the next request would be refused for want of a lease, however much is left of the limit.
            if let Some(desk) = &self.desk {
                desk.look_at(meter, now_ms);
            }
        }
    }

    pub(super) fn meter(&mut self, counter: &Arc<Counter>) {
        if let Some(free) = self.meters.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(Arc::clone(counter));
        }
    }
}
