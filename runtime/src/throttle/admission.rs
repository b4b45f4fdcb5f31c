//! What an admitted request still owes.

use super::decide::over;
use super::{LeaseDesk, LevelKind, Standing};
use crate::refusal::Rejection;
use mgw_quota::Counter;
use std::sync::Arc;

/// An admitted request.
#[derive(Debug, Default)]
pub struct Admission {
    pub(super) meters: [Option<Meter>; 4],
    /// Where meters ask for leases, if they share their limits.
    pub(super) desk: Option<Arc<LeaseDesk>>,
    /// A limit that only reports was exceeded.
    pub over_quota: bool,
    /// What the caller is told about its limits.
    pub standing: Option<Standing>,
}

/// A limit on bytes.
#[derive(Debug)]
pub(super) struct Meter {
    kind: LevelKind,
    counter: Arc<Counter>,
    stops: bool,
}

impl Admission {
    /// Returns whether bytes have to be reported with [`Self::charge`].
    pub fn is_metered(&self) -> bool {
        self.meters.iter().any(Option::is_some)
    }

    /// Counts `bytes` of a request or response body against the bandwidth limits that apply.
    pub fn charge(&self, bytes: u64, now_ms: u64) {
        for meter in self.meters.iter().flatten() {
            meter.counter.add(bytes, now_ms);
            // Else the next request would be refused for want of a lease, however much is left of the limit.
            if let Some(desk) = &self.desk {
                desk.look_at(&meter.counter, now_ms);
            }
        }
    }

    /// Returns which limit on bytes leaves nothing more, though `spared` bytes of what is charged do not count. Where gateways
    /// share it, that is so when all of them together have used it up: what is under way does not end because the next lease
    /// has not come yet.
    pub fn used_up(&self, now_ms: u64, spared: u64) -> Option<Rejection> {
        let full = self.stopping().find(|meter| meter.left(now_ms, spared) == 0)?;
        Some(over(full.kind, &full.counter, now_ms))
    }

    /// How many bytes the limits leave that stop requests.
    pub fn left(&self, now_ms: u64) -> u64 {
        let left = self.stopping().map(|meter| meter.left(now_ms, 0));
        left.min().unwrap_or(u64::MAX)
    }

    fn stopping(&self) -> impl Iterator<Item = &Meter> {
        self.meters.iter().flatten().filter(|meter| meter.stops)
    }

    pub(super) fn meter(&mut self, kind: LevelKind, counter: &Arc<Counter>, stops: bool) {
        if let Some(free) = self.meters.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(Meter {
                kind,
                counter: Arc::clone(counter),
                stops,
            });
        }
    }
}

impl Meter {
    fn left(&self, now_ms: u64, spared: u64) -> u64 {
        let used = self.counter.used_by_all(now_ms).saturating_sub(spared);
        self.counter.limit().saturating_sub(used)
    }
}
