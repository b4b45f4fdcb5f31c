//! One host name: its addresses, and the task that keeps them up to date.

use super::lookup::{Failed, Found, LookUpError};
use super::registry::Shared;
use super::standing::{Decision, Standing};
use crate::questions::Questions;
use crate::upstream::Unreached;
use arc_swap::ArcSwap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How long a name is looked up again and again after it was used last: longer than connections stay idle.
const IN_USE: Duration = Duration::from_secs(180);
/// Shortest time between two look-ups of one name.
const SHORTEST: Duration = Duration::from_millis(100);
/// An address that so many answers in a row did not name is gone. DNS may name a part of many addresses at a time.
const GONE_AFTER: u8 = 2;

/// An address of a name.
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) ip: IpAddr,
    /// Whether connecting failed lately.
    pub(crate) unreached: Unreached,
}

/// A host name.
#[derive(Debug)]
pub(crate) struct Name {
    host: Box<str>,
    state: ArcSwap<State>,
    /// Where the next connection begins.
    turn: AtomicUsize,
    /// Somebody used the name since the task looked last.
    used: AtomicBool,
    running: AtomicBool,
    /// Counts how often an address went.
    generation: AtomicU64,
    open: Arc<Questions<Result<(), LookUpError>, ()>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default, Clone)]
struct State {
    standing: Standing,
    addresses: Vec<Known>,
}

#[derive(Debug, Clone)]
struct Known {
    address: Arc<Address>,
    /// Answers in a row that did not name it.
    absent: u8,
}

impl Name {
    pub(super) fn new(host: &str, shared: &Arc<Shared>) -> Self {
        Self {
            host: host.into(),
            state: ArcSwap::default(),
            turn: AtomicUsize::new(0),
            used: AtomicBool::new(false),
            running: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            open: Questions::new(&shared.control),
            shared: Arc::clone(shared),
        }
    }

    /// Returns a number that changes when an address is not named any more: connections from before should not be taken
    /// up again. Has the name looked up again and again from now on.
    pub(crate) fn generation(self: &Arc<Self>) -> u64 {
        // The line stays shared between cores while nothing changes.
        if !self.used.load(Relaxed) {
            self.used.store(true, Relaxed);
            self.run();
        }
        self.generation.load(Relaxed)
    }

    /// Returns where to connect, in turn; at once where it is known.
    ///
    /// # Errors
    ///
    /// Why no address is known.
    pub(crate) async fn addresses(self: &Arc<Self>) -> Result<(Vec<Arc<Address>>, usize), LookUpError> {
        let state = self.state.load();
        match state.standing.decide(Instant::now(), &self.shared.settings) {
            Decision::Use => Ok(self.named(&state)),
            Decision::UseStale => {
                self.shared.stale.fetch_add(1, Relaxed);
                Ok(self.named(&state))
            }
            Decision::Fail(error) => Err(error),
            Decision::Wait => {
                let name = Arc::clone(self);
                let asked = self.open.ask((), || async move { name.renew().await }).await;
                self.used.store(true, Relaxed);
                self.run();
                let asked = asked.unwrap_or(Err(LookUpError::TooMany));
                let state = self.state.load();
                match (asked, state.standing.decide(Instant::now(), &self.shared.settings)) {
                    (Ok(()), _) | (Err(_), Decision::Use | Decision::UseStale) => Ok(self.named(&state)),
                    (Err(error), _) => Err(error),
                }
            }
        }
    }

    /// The addresses of the last answer.
    fn named(&self, state: &State) -> (Vec<Arc<Address>>, usize) {
        let named = state.addresses.iter().filter(|known| known.absent == 0);
        let turn = self.turn.fetch_add(1, Relaxed);
        (named.map(|known| Arc::clone(&known.address)).collect(), turn)
    }

    /// Looks the name up.
    async fn renew(&self) -> Result<(), LookUpError> {
        let found = self.shared.look_up.addresses(&self.host).await;
        self.take(found, Instant::now())
    }

    fn take(&self, found: Result<Found<IpAddr>, Failed>, now: Instant) -> Result<(), LookUpError> {
        let settings = &self.shared.settings;
        let before = self.state.load();
        match found {
            Ok(found) => {
                let addresses = merged(&before.addresses, &found.records);
                let gone = before.addresses.iter().filter(|known| {
                    let is_there = |kept: &Known| Arc::ptr_eq(&kept.address, &known.address);
                    !addresses.iter().any(is_there)
                });
                let gone: Vec<IpAddr> = gone.map(|known| known.address.ip).collect();
                if before.standing.failure.is_some() {
                    tracing::info!(host = self.host, "a name can be looked up again");
                }
                let state = State {
                    standing: Standing::found(now, found.ttl, settings),
                    addresses,
                };
                self.state.store(Arc::new(state));
                if !gone.is_empty() {
                    tracing::info!(host = self.host, ?gone, now = ?found.records, "addresses of a name have changed");
                    self.shared.changes.fetch_add(1, Relaxed);
                    self.generation.fetch_add(1, Relaxed);
                }
                Ok(())
            }
            Err((error, ttl)) => {
                self.shared.failures.fetch_add(1, Relaxed);
                if before.standing.failure.is_none() {
                    let known = before.addresses.len();
                    tracing::warn!(host = self.host, %error, known, "a name cannot be looked up");
                }
                let state = State {
                    standing: before.standing.failed(now, error, ttl, settings),
                    addresses: before.addresses.clone(),
                };
                self.state.store(Arc::new(state));
                Err(error)
            }
        }
    }

    /// Keeps the name up to date for as long as it is in use.
    fn run(self: &Arc<Self>) {
        if !self.running.swap(true, Relaxed) {
            let name = Arc::downgrade(self);
            self.shared.control.spawn(keep(name));
        }
    }
}

async fn keep(name: Weak<Name>) {
    let mut used_at = Instant::now();
    loop {
        let Some(pause) = name
            .upgrade()
            .map(|name| name.state.load().standing.renew_in(Instant::now()))
        else {
            return;
        };
        tokio::time::sleep(pause.max(SHORTEST)).await;
        let Some(name) = name.upgrade() else { return };
        if name.used.swap(false, Relaxed) {
            used_at = Instant::now();
        }
        if used_at.elapsed() > IN_USE {
            name.running.store(false, Relaxed);
            return;
        }
        let asked = Arc::clone(&name);
        let _ = name.open.ask((), || async move { asked.renew().await }).await;
    }
}

/// Returns the addresses that are known after an answer, in its order; those of before are the same ones, and those that it
/// does not name stay for a while.
fn merged(before: &[Known], named: &[IpAddr]) -> Vec<Known> {
    let mut all: Vec<Known> = Vec::new();
    for ip in named {
        if all.iter().any(|known| known.address.ip == *ip) {
            continue;
        }
        let same = before.iter().find(|known| known.address.ip == *ip);
        let address = same.map_or_else(
            || {
                Arc::new(Address {
                    ip: *ip,
                    unreached: Unreached::default(),
                })
            },
            |known| Arc::clone(&known.address),
        );
        all.push(Known { address, absent: 0 });
    }
    let absent = before.iter().filter(|known| !named.contains(&known.address.ip));
    let absent: Vec<Known> = absent
        .filter(|known| known.absent + 1 < GONE_AFTER)
        .map(|known| Known {
            address: Arc::clone(&known.address),
            absent: known.absent + 1,
        })
        .collect();
    all.extend(absent);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_go_when_two_answers_do_not_name_them() {
        let ip = |last: u8| IpAddr::from([127, 0, 0, last]);
        let names = |known: &[Known]| {
            let each = known.iter().map(|known| (known.address.ip, known.absent));
            each.collect::<Vec<_>>()
        };
        let first = merged(&[], &[ip(1), ip(2), ip(1)]);
        assert_eq!(names(&first), [(ip(1), 0), (ip(2), 0)]);
        let second = merged(&first, &[ip(3), ip(2)]);
        assert_eq!(names(&second), [(ip(3), 0), (ip(2), 0), (ip(1), 1)]);
        assert!(
            Arc::ptr_eq(&first[1].address, &second[1].address),
            "what is known of it stays"
        );
        let third = merged(&second, &[ip(3)]);
        assert_eq!(names(&third), [(ip(3), 0), (ip(2), 1)]);
        assert_eq!(names(&merged(&third, &[ip(2)])), [(ip(2), 0), (ip(3), 1)]);
    }
}
