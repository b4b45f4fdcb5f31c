//! What a gateway asks the pool of a shared limit for, and what it makes of the answer.
//!
//! A gateway reports what it *holds* of a window, never a difference: a report that is repeated or lost changes nothing,
//! and a pool that has forgotten everything knows all again once every gateway has reported.

use crate::Usage;

/// Rates are measured over at least this, or two requests in a row would look like a flood.
const MIN_SPAN_MS: u64 = 100;
/// The least that is asked for where requests keep coming: one unit for the next, one for the time until the answer after
/// that.
const MIN_LEASE: u64 = 2;
/// Where nothing more is to be asked for.
const NEVER: u64 = u64::MAX;

/// How limits are leased. The same for all limits of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTerms {
    /// Gateways that share the limits, this one included.
    pub gateways: u64,
    /// By how many thousandths of a limit all gateways together may be wrong.
    pub tolerance: u64,
    /// How long a lease should last at the observed rate, in milliseconds.
    pub horizon_ms: u64,
    /// After how long without use a lease is given back, in milliseconds.
    pub idle_ms: u64,
}

impl LeaseTerms {
    /// Units of a limit that one gateway may admit in a window before it has asked, and may keep without using them.
    /// At least one: the first request of a caller waits for nobody.
    pub fn first(&self, limit: u64) -> u64 {
        let all = u128::from(limit) * u128::from(self.tolerance) / 1000;
        let own = all / u128::from(self.gateways.max(1));
        u64::try_from(own).unwrap_or(limit).clamp(1, limit.max(1))
    }

    /// The most by which all gateways together may exceed a limit in one window while the store answers: each may have
    /// spent its first units when the pool is empty, except one, whose first units are in the pool's count.
    pub fn worst_overshoot(&self, limit: u64) -> u64 {
        self.first(limit).saturating_mul(self.gateways.saturating_sub(1))
    }

    /// The most units that idle gateways keep from busy ones once their leases have gone back.
    pub fn worst_undershoot(&self, limit: u64) -> u64 {
        self.worst_overshoot(limit).min(limit)
    }

    /// How long before a window ends the next one is leased, in milliseconds.
    pub fn lead_ms(&self, window_ms: u64) -> u64 {
        (window_ms / 4).min(4 * self.horizon_ms)
    }
}

/// What a gateway tells a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The window's number.
    pub window: u64,
    /// Units that the gateway has used or may use.
    pub held: u64,
    /// Units that it wants beside them.
    pub more: u64,
}

/// What a pool answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Units that the gateway may use beside those it holds.
    pub granted: u64,
    /// Units that all gateways hold, the granted ones included.
    pub total: u64,
    /// Units that all gateways held, as the pool knew it before.
    pub before: u64,
}

impl Reply {
    /// Units over the limit that became known with this report.
    pub fn overshoot(&self, limit: u64) -> u64 {
        let over = |total: u64| total.saturating_sub(limit);
        over(self.total).saturating_sub(over(self.before))
    }
}

/// What follows for the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) window: u64,
    pub(crate) allowance: u64,
    /// The count from which more is wanted.
    pub(crate) mark: u64,
    /// Units of others, where the pool told.
    pub(crate) others: Option<u64>,
}

/// One gateway's lease of one limit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lease {
    window: u64,
    /// Units of the window that may be used here.
    held: u64,
    /// Those of them that were taken without the pool.
    borrowed: u64,
    /// The pool may know something else: an answer is missing, or units are borrowed.
    unsure: bool,
    /// Nothing was used between the last two looks.
    idle: bool,
    /// The window in which units were borrowed last.
    alone: Option<u64>,
    /// What is held of the window after it.
    next: Option<Next>,
    granted: u64,
    /// Units per second.
    rate: u64,
    seen: Seen,
}

#[derive(Debug, Clone, Copy)]
struct Next {
    window: u64,
    held: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    used: u64,
    at_ms: u64,
}

impl Lease {
    /// Asks for more of the present window.
    pub(crate) fn ask(&mut self, usage: Usage, limit: u64, now_ms: u64, terms: &LeaseTerms) -> Ask {
        self.turn(usage);
        self.observe(usage, now_ms);
        let mut more = self.needed(limit, terms);
        if usage.used >= usage.allowance {
            // Callers are being refused already: the rate is higher than what could be seen.
            more = more.max(self.granted.saturating_mul(2));
        }
        (self.unsure, self.idle) = (true, false);
        Ask {
            window: usage.window,
            // What was borrowed counts as far as it was used.
            held: (self.held - self.borrowed).max(usage.used),
            more: more.min(limit),
        }
    }

    /// Reports what may be used here, the first units included, and asks for nothing: others have to report before there
    /// is anything to grant.
    pub(crate) fn report(&mut self, usage: Usage) -> Ask {
        self.turn(usage);
        self.unsure = true;
        Ask {
            window: usage.window,
            held: usage.allowance.saturating_sub(self.borrowed).max(usage.used),
            more: 0,
        }
    }

    /// Takes the pool's answer.
    pub(crate) fn settle(&mut self, ask: Ask, reply: Reply) -> Settled {
        let held = ask.held.saturating_add(reply.granted);
        if ask.window == self.window {
            self.held = held;
            self.borrowed = 0;
            self.unsure = false;
            self.granted = reply.granted;
        } else {
            self.next = Some(Next {
                window: ask.window,
                held,
            });
        }
        Settled {
            window: ask.window,
            allowance: held,
            mark: match reply.granted {
                0 if ask.more > 0 => NEVER,
                // Half of a lease is left for the time until the next.
                granted => held - granted.div_ceil(2),
            },
            others: Some(reply.total.saturating_sub(held)),
        }
    }

    /// Takes a share without the pool, which cannot be asked: as much as makes up this gateway's part of the limit, and no
    /// more than what was left when the pool could be asked last. Once in a window.
    ///
    /// All gateways together admit no more than the sum of what each held or its part, whichever is more: the limit, where
    /// requests are spread evenly.
    pub(crate) fn alone(&mut self, usage: Usage, others: u64, limit: u64, now_ms: u64, terms: &LeaseTerms) -> Settled {
        self.turn(usage);
        self.observe(usage, now_ms);
        let held = self.held.max(usage.used);
        let share = if self.alone == Some(usage.window) {
            0
        } else {
            let left = limit.saturating_sub(others).saturating_sub(held);
            let part = (limit / terms.gateways.max(1)).max(1);
            part.saturating_sub(held).min(left)
        };
        self.alone = Some(usage.window);
        self.held = held.saturating_add(share);
        self.borrowed += share;
        self.unsure = true;
        Settled {
            window: usage.window,
            allowance: self.held,
            mark: NEVER,
            others: None,
        }
    }

    /// What is to be kept of a lease that nobody uses, if there is something to give back. The counter's allowance has to
    /// be lowered to it before [`Self::give_back`] reports.
    pub(crate) fn spare(&mut self, usage: Usage, limit: u64, now_ms: u64, terms: &LeaseTerms) -> Option<u64> {
        self.turn(usage);
        self.idle = self.seen.used == usage.used;
        self.observe(usage, now_ms);
        let kept = usage.used.saturating_add(terms.first(limit));
        (self.idle && (self.unsure || self.held > kept)).then_some(kept.min(self.held).max(usage.used))
    }

    /// Reports what is left after the allowance was lowered to `kept`.
    pub(crate) fn give_back(&mut self, usage: Usage, kept: u64) -> Ask {
        self.held = kept.max(usage.used);
        self.borrowed = 0;
        self.unsure = true;
        Ask {
            window: usage.window,
            held: self.held,
            more: 0,
        }
    }

    /// Asks for the window after the present one, if this one needed more than what is there without asking.
    pub(crate) fn ahead(&mut self, usage: Usage, limit: u64, terms: &LeaseTerms) -> Option<Ask> {
        self.turn(usage);
        let window = usage.window.wrapping_add(1);
        let leased = self.next.is_some_and(|next| next.window == window);
        (!leased && usage.used > terms.first(limit)).then(|| Ask {
            window,
            held: 0,
            more: self.needed(limit, terms).min(limit),
        })
    }

    /// Returns whether it has to be looked at again: it is in use, or the pool has to be told something.
    pub(crate) fn is_live(&self) -> bool {
        !self.idle || self.unsure || self.next.is_some()
    }

    /// Goes on to the present window.
    fn turn(&mut self, usage: Usage) {
        let window = usage.window;
        if self.window == window {
            return;
        }
        // A window that nobody looked at is over, and what was leased of it with it.
        let next = self.next.take().filter(|next| next.window == window);
        self.held = next.map_or(0, |next| next.held);
        (self.borrowed, self.unsure) = (0, false);
        self.window = window;
        // What is seen first in a window was used since it began, or a single request would look like ten a second.
        self.seen = Seen {
            used: 0,
            at_ms: self.seen.at_ms.max(usage.began_ms),
        };
    }

    fn observe(&mut self, usage: Usage, now_ms: u64) {
        let span = now_ms.saturating_sub(self.seen.at_ms).max(MIN_SPAN_MS);
        let used = usage.used.saturating_sub(self.seen.used);
        let rate = used.saturating_mul(1000) / span;
        // Up at once, down by halves.
        self.rate = rate.max(self.rate.midpoint(rate));
        self.seen = Seen {
            used: usage.used,
            at_ms: now_ms,
        };
    }

    fn needed(&self, limit: u64, terms: &LeaseTerms) -> u64 {
        let needed = self.rate.saturating_mul(terms.horizon_ms) / 1000;
        // Beyond the first units, an idle gateway would have to give back what it gets.
        let least = if needed == 0 { 1 } else { MIN_LEASE };
        needed.max(terms.first(limit)).max(least)
    }
}
