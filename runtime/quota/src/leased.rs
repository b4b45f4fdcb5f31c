//! How a counter's part of a shared limit is asked for, by the one task that leases.
//!
//! The order is always: a request says that it [wants a lease](Counter::wants_lease), or the task
//! [claims](Counter::claim_lease) the counter; then the task asks, tells the counter the answer, and
//! [lets go](Counter::settled). Between claim and letting go the claimer is alone.

use crate::lease::Settled;
use crate::share::{PoolId, Share};
use crate::{Ask, Counter, LeaseTerms, Reply};

impl Counter {
    /// The pool of the limit; `None` where it is not shared.
    pub fn pool(&self) -> Option<&PoolId> {
        self.share().map(Share::pool)
    }

    /// Returns whether the allowance runs low and nobody has asked yet. Whoever gets `true` has claimed the counter and
    /// has to see to it that the task asks.
    pub fn wants_lease(&self, now_ms: u64) -> bool {
        self.share().is_some_and(|share| {
            let (window, used) = self.position(now_ms);
            share.wants(window, used)
        })
    }

    /// Claims the counter, unless it is claimed.
    pub fn claim_lease(&self) -> bool {
        self.share().is_some_and(Share::claim)
    }

    /// Lets go.
    pub fn settled(&self) {
        if let Some(share) = self.share() {
            share.settled();
        }
    }

    /// Takes over other terms, as when gateways have come or gone: requests go by them from now on, where nothing has been
    /// asked of the window yet.
    pub fn set_terms(&self, terms: &LeaseTerms) {
        if let Some(share) = self.share() {
            share.set_first(terms.first(self.limit()));
        }
    }

    /// What to ask the pool for.
    pub fn ask(&self, now_ms: u64, terms: &LeaseTerms) -> Option<Ask> {
        let share = self.share()?;
        share.set_first(terms.first(self.limit()));
        let usage = self.usage(now_ms);
        Some(share.lease().ask(usage, self.limit(), now_ms, terms))
    }

    /// What to tell a pool that has forgotten.
    pub fn report(&self, now_ms: u64) -> Option<Ask> {
        let usage = self.usage(now_ms);
        Some(self.share()?.lease().report(usage))
    }

    /// What to ask the pool for the next window, where that makes sense.
    pub fn ask_ahead(&self, now_ms: u64, terms: &LeaseTerms) -> Option<Ask> {
        let usage = self.usage(now_ms);
        self.share()?.lease().ahead(usage, self.limit(), terms)
    }

    /// Takes the pool's answer.
    pub fn settle(&self, ask: Ask, reply: Reply) {
        if let Some(share) = self.share() {
            let settled = share.lease().settle(ask, reply);
            apply(share, settled);
        }
    }

    /// Takes a share without the pool, which cannot be asked.
    pub fn settle_alone(&self, now_ms: u64, terms: &LeaseTerms) {
        if let Some(share) = self.share() {
            share.set_first(terms.first(self.limit()));
            let usage = self.usage(now_ms);
            let others = share.others(usage.window);
            let settled = share.lease().alone(usage, others, self.limit(), now_ms, terms);
            apply(share, settled);
        }
    }

    /// Lowers the allowance where nobody uses it, and returns what is kept of it. Requests that are being decided at this
    /// moment may still go by the old one: [`Self::give_back`] is to be called when they are through.
    pub fn lower_idle(&self, now_ms: u64, terms: &LeaseTerms) -> Option<u64> {
        let share = self.share()?;
        let usage = self.usage(now_ms);
        let kept = share.lease().spare(usage, self.limit(), now_ms, terms)?;
        share.allow(usage.window, kept);
        share.set_mark(usage.window, kept);
        Some(kept)
    }

    /// What to report after [`Self::lower_idle`].
    pub fn give_back(&self, now_ms: u64, kept: u64) -> Option<Ask> {
        let usage = self.usage(now_ms);
        Some(self.share()?.lease().give_back(usage, kept))
    }

    /// Lets requests ask again where the pool was empty, or could not be asked.
    pub fn ask_again(&self, now_ms: u64) {
        if let Some(share) = self.share() {
            share.ask_again(self.usage(now_ms).window);
        }
    }

    /// Returns whether a look at the lease has to be planned; `false` where one is, or nothing is shared.
    pub fn plan_look(&self) -> bool {
        self.share().is_some_and(Share::plan_look)
    }

    /// The planned look is taken.
    pub fn looking(&self) {
        if let Some(share) = self.share() {
            share.looking();
        }
    }

    /// Returns whether the lease has to be looked at again: it is in use, or the pool has to be told something.
    pub fn is_leased(&self) -> bool {
        self.share().is_some_and(|share| share.lease().is_live())
    }
}

fn apply(share: &Share, settled: Settled) {
    share.set_mark(settled.window, settled.mark);
    if let Some(others) = settled.others {
        share.set_others(settled.window, others);
    }
    // Last: who sees the new allowance sees the mark that belongs to it.
    share.allow(settled.window, settled.allowance);
}
