//! The task that leases.
//!
//! It takes counters from the desk, asks the store for more, and looks at every lease again until nobody uses it: to give
//! back what is left, and to lease the next window before it begins. Commands are on their way together, so that waiting for
//! one does not hold up the others; each counter has one at a time.

use super::looks::Looks;
use super::status::Tally;
use super::store::{Store, Window};
use crate::throttle::{Counters, LeaseDesk};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use mgw_quota::{Ask, Counter, LeaseTerms, PoolId};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, mpsc};

/// Commands on their way at most. The store sees no more of a gateway, however much there is to do.
const MAX_IN_FLIGHT: usize = 256;
/// Those of them at most while which another look begins: requests that wait for leases come first.
const LOOKS_IN_FLIGHT: usize = MAX_IN_FLIGHT / 2;
/// Requests that were being decided when an allowance was lowered have been decided after this.
const DECIDED: Duration = Duration::from_millis(2);

/// What the task works with.
pub(super) struct Leasing {
    pub(super) desk: Arc<LeaseDesk>,
    pub(super) store: Arc<Store>,
    pub(super) tally: Arc<Tally>,
    pub(super) counters: Arc<Counters>,
    /// Told when the store has forgotten everything.
    pub(super) forgotten: Arc<Notify>,
}

/// What a counter that was dealt with needs next.
type Next = Option<(u64, Arc<Counter>)>;

impl Leasing {
    /// Runs until the gateway ends.
    pub(super) async fn run(self, mut arriving: mpsc::Receiver<Arc<Counter>>) {
        let mut looks = Looks::default();
        let mut in_flight = FuturesUnordered::new();
        // What is reported again after the store forgot it, some at a time.
        let mut reports: Vec<Arc<Counter>> = Vec::new();
        loop {
            let now_ms = now_ms();
            while in_flight.len() < LOOKS_IN_FLIGHT
                && let Some(counter) = looks.due(now_ms)
            {
                in_flight.push(self.attend(Task::Look, counter));
            }
            while in_flight.len() < LOOKS_IN_FLIGHT
                && let Some(counter) = reports.pop()
            {
                in_flight.push(self.attend(Task::Report, counter));
            }
            let has_room = in_flight.len() < MAX_IN_FLIGHT;
            let may_look = in_flight.len() < LOOKS_IN_FLIGHT;
            let next_look = looks.next_ms().filter(|_| may_look).map(|at| at.saturating_sub(now_ms));
            let sleep = pin!(async {
                match next_look {
                    Some(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
                    None => std::future::pending().await,
                }
            });
            tokio::select! {
                counter = arriving.recv(), if has_room => match counter {
                    Some(counter) => in_flight.push(self.attend(Task::Lease, counter)),
                    None => return,
                },
                Some(next) = in_flight.next(), if !in_flight.is_empty() => {
                    if let Some((at_ms, counter)) = next {
                        looks.plan(at_ms, counter);
                    }
                }
                () = self.forgotten.notified() => {
                    reports = self.counters.in_use(now_ms);
                    tokio::spawn(remind(Arc::clone(&self.store), self.counters.strict_in_use(now_ms)));
                }
                () = sleep => {}
            }
        }
    }

    async fn attend(&self, task: Task, counter: Arc<Counter>) -> Next {
        match task {
            Task::Lease => self.lease(&counter).await,
            // Somebody is asking at this moment, which is as good.
            Task::Look | Task::Report if !counter.claim_lease() => {}
            Task::Look => self.look(&counter).await,
            Task::Report => self.report(&counter).await,
        }
        let now_ms = now_ms();
        // While the store is away, what counts nothing of the present window has nothing to tell, and has to be forgotten
        // as any other counter.
        let is_over = matches!(task, Task::Look) && !self.is_connected() && counter.is_idle(now_ms);
        (!is_over && counter.is_leased()).then(|| (self.next_look_ms(&counter, now_ms), counter))
    }

    fn is_connected(&self) -> bool {
        self.store.link.connection().is_some()
    }

    /// Asks for more. The counter is claimed.
    async fn lease(&self, counter: &Counter) {
        let (now_ms, terms) = (now_ms(), self.desk.terms());
        let reply = match counter.ask(now_ms, &terms) {
            Some(ask) if self.is_connected() => self.settle(counter, ask, now_ms).await,
            _ => false,
        };
        if !reply {
            counter.settle_alone(self::now_ms(), &terms);
            self.tally.took_alone();
        }
        counter.settled();
    }

    /// Tells a store that has forgotten. The counter is claimed.
    async fn report(&self, counter: &Counter) {
        let now_ms = now_ms();
        if let Some(ask) = counter.report(now_ms) {
            self.settle(counter, ask, now_ms).await;
        }
        counter.settled();
    }

    /// Looks after a lease. The counter is claimed.
    async fn look(&self, counter: &Counter) {
        let (now_ms, terms) = (now_ms(), self.desk.terms());
        counter.ask_again(now_ms);
        if self.is_connected() {
            let before = counter.usage(now_ms).allowance;
            if let Some(kept) = counter.lower_idle(now_ms, &terms) {
                tokio::time::sleep(DECIDED).await;
                let now_ms = self::now_ms();
                if let Some(ask) = counter.give_back(now_ms, kept)
                    && self.settle(counter, ask, now_ms).await
                {
                    self.tally.gave_back(before.saturating_sub(kept));
                }
            } else if counter.remaining_ms(now_ms) <= lead_ms(counter, &terms)
                && let Some(ask) = counter.ask_ahead(now_ms, &terms)
            {
                self.settle(counter, ask, now_ms).await;
            }
        }
        counter.settled();
    }

    /// One round trip; returns whether the store answered.
    async fn settle(&self, counter: &Counter, ask: Ask, now_ms: u64) -> bool {
        let Some(pool) = counter.pool() else {
            return false;
        };
        let window = Window::of(*pool, counter, ask.window, now_ms);
        let Some(reply) = self.store.settle(window, ask).await else {
            return false;
        };
        self.tally.leased(reply.granted, reply.overshoot(window.limit));
        counter.settle(ask, reply);
        true
    }

    /// The next look is due when the lease should be used up, or when the next window is to be leased.
    fn next_look_ms(&self, counter: &Counter, now_ms: u64) -> u64 {
        let terms = self.desk.terms();
        let ahead = counter.remaining_ms(now_ms).saturating_sub(lead_ms(counter, &terms));
        now_ms
            + if ahead == 0 {
                terms.idle_ms
            } else {
                ahead.min(terms.idle_ms)
            }
    }
}

/// How long before its end a window's successor is leased: at different times for different limits, whose windows all end
/// together.
fn lead_ms(counter: &Counter, terms: &LeaseTerms) -> u64 {
    let lead = terms.lead_ms(counter.window_ms());
    let number = counter.pool().and_then(|pool| pool.last()).copied().unwrap_or_default();
    lead - u64::from(number) * lead / 512
}

/// Tells a store that has forgotten what was taken of strict limits.
async fn remind(store: Arc<Store>, strict: Vec<(PoolId, Arc<Counter>)>) {
    let now_ms = now_ms();
    let store = &*store;
    futures_util::stream::iter(strict)
        .for_each_concurrent(LOOKS_IN_FLIGHT, async |(pool, counter)| {
            let window = Window::present(pool, &counter, now_ms);
            store.remind(window, counter.used(now_ms)).await;
        })
        .await;
}

#[derive(Clone, Copy)]
enum Task {
    Lease,
    Look,
    Report,
}

pub(super) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    super::milliseconds(since)
}
