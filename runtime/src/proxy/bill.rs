//! What is under way owes to limits on bytes: charged in steps, so that others see it and it can be ended in time.

use crate::clock::Clock;
use crate::refusal::Rejection;
use crate::throttle::Admission;

/// Bytes after which a charge is due,
pub(super) const STEP: u64 = 64 * 1024;
/// and time, in milliseconds, if anything passes.
const STEP_MS: u64 = 1000;

/// An admitted request that limits on bytes count.
#[derive(Debug)]
pub(super) struct Bill {
    admission: Admission,
    paid: u64,
    charged_ms: u64,
}

impl Bill {
    /// Begins one for what passes from now on, after `passed` bytes; `None`: no limit counts them.
    pub(super) fn open(admission: Admission, passed: u64, clock: &Clock) -> Option<Self> {
        admission.is_metered().then(|| Self {
            admission,
            paid: passed,
            charged_ms: clock.coarse_ms(),
        })
    }

    /// Charges what has `passed` so far, when it is worth it. Returns which limit leaves nothing more, see [`Self::used_up`].
    pub(super) fn go_on(&mut self, passed: u64, clock: &Clock, spared: u64) -> Option<Rejection> {
        let since_ms = clock.coarse_ms().saturating_sub(self.charged_ms);
        if passed.saturating_sub(self.paid) < STEP && since_ms < STEP_MS {
            return None;
        }
        self.charge(passed, clock);
        self.used_up(clock, spared)
    }

    /// Charges what has `passed` so far.
    pub(super) fn charge(&mut self, passed: u64, clock: &Clock) {
        let now = clock.now();
        self.admission.charge(passed.saturating_sub(self.paid), now.unix_ms);
        self.paid = passed;
        self.charged_ms = now.monotonic_ms;
    }

    /// Returns which limit leaves nothing more, though `spared` bytes of what is charged do not count.
    pub(super) fn used_up(&self, clock: &Clock, spared: u64) -> Option<Rejection> {
        self.admission.used_up(clock.now().unix_ms, spared)
    }

    /// How much the limits leave.
    pub(super) fn left(&self, clock: &Clock) -> u64 {
        self.admission.left(clock.now().unix_ms)
    }
}
