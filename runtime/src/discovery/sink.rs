//! Takes what a look-up brings, or keeps what was known.

use super::candidate::{Candidate, PlaceMaker, places};
use super::status::{Counters, DiscoveryState, SharedStanding};
use crate::upstream::Places;
use arc_swap::ArcSwap;
use std::fmt;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a task puts what it finds.
pub(super) struct Sink {
    /// `etcd`, `file` or `srv`.
    pub(super) source: &'static str,
    /// The key, path or name.
    pub(super) name: String,
    /// The default URL.
    pub(super) default: String,
    pub(super) maker: PlaceMaker,
    pub(super) places: Arc<ArcSwap<Places>>,
    pub(super) standing: SharedStanding,
    pub(super) counters: Arc<Counters>,
    /// What is in use.
    pub(super) used: Vec<Candidate>,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink")
            .field("source", &self.source)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Sink {
    /// Has requests go where the source says.
    pub(super) fn found(&mut self, candidates: Vec<Candidate>) {
        match self.replace(candidates) {
            Ok(()) => {
                self.becomes(DiscoveryState::Current);
            }
            Err(reason) => self.refuse(reason),
        }
    }

    /// Has requests go to the default URL: the source says that it knows nothing.
    pub(super) fn missing(&mut self) {
        let default = Candidate::equal(&self.default);
        match self.replace(vec![default]) {
            Ok(()) => {
                self.becomes(DiscoveryState::Default);
            }
            // The default was usable when the endpoint was compiled.
            Err(reason) => self.refuse(reason),
        }
    }

    /// Keeps what was known: the source says something that is no place.
    pub(super) fn refuse(&mut self, reason: &str) {
        self.counters.refused.fetch_add(1, Relaxed);
        let (source, name) = (self.source, &self.name);
        // What it says may hold a password.
        tracing::error!(
            source,
            name,
            "what was looked up {reason}; what was known before stays in use"
        );
        self.becomes(DiscoveryState::Stale);
    }

    /// Keeps what was known: the source could not be asked.
    pub(super) fn failed(&mut self, reason: impl fmt::Display) {
        self.counters.failures.fetch_add(1, Relaxed);
        let (source, name) = (self.source, &self.name);
        if self.becomes(DiscoveryState::Stale) {
            tracing::warn!(source, name, %reason, "a backend cannot be looked up; what was known before stays in use");
        } else {
            tracing::debug!(source, name, %reason, "a backend can still not be looked up");
        }
    }

    fn replace(&mut self, candidates: Vec<Candidate>) -> Result<(), &'static str> {
        if candidates == self.used {
            return Ok(());
        }
        let places = places(&candidates, &self.maker)?;
        self.places.store(Arc::new(places));
        self.counters.changes.fetch_add(1, Relaxed);
        let at: Vec<String> = candidates.iter().map(|candidate| candidate.url.clone()).collect();
        tracing::info!(
            source = self.source,
            name = self.name,
            ?at,
            "a backend was found in another place"
        );
        self.used = candidates;
        let mut standing = self.standing();
        standing.at = at;
        standing.changed_at_ms = unix_ms();
        Ok(())
    }

    /// Returns whether this is news.
    fn becomes(&self, state: DiscoveryState) -> bool {
        let mut standing = self.standing();
        let before = std::mem::replace(&mut standing.state, state);
        if before == DiscoveryState::Stale && state != before {
            tracing::info!(
                source = self.source,
                name = self.name,
                "a backend can be looked up again"
            );
        }
        before != state
    }

    fn standing(&self) -> MutexGuard<'_, super::status::Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
