//! The names that this gateway knows.

use super::lookup::{Failed, Found, LookUp, LookUpError, SrvRecord};
use super::name::Name;
use crate::config::DnsSettings;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::runtime::Handle;

/// The names that this gateway knows: those of its backends, which operators bound.
#[derive(Debug)]
pub(crate) struct Names {
    known: Mutex<HashMap<Box<str>, Weak<Name>>>,
    shared: Arc<Shared>,
}

/// What all names have in common.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: DnsSettings,
    pub(super) look_up: LookUp,
    pub(super) control: Handle,
    pub(super) failures: AtomicU64,
    pub(super) changes: AtomicU64,
    pub(super) stale: AtomicU64,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct NameCounts {
    /// Look-ups that failed.
    pub(crate) failures: u64,
    /// Times that addresses of a name went.
    pub(crate) changes: u64,
    /// Connections to addresses that do not hold any more.
    pub(crate) stale: u64,
}

impl Names {
    /// Looks nothing up yet. Look-ups run on `control`.
    pub(crate) fn new(settings: &DnsSettings, control: &Handle) -> Self {
        Self {
            known: Mutex::default(),
            shared: Arc::new(Shared {
                settings: settings.clone(),
                look_up: LookUp::new(settings),
                control: control.clone(),
                failures: AtomicU64::new(0),
                changes: AtomicU64::new(0),
                stale: AtomicU64::new(0),
            }),
        }
    }

    /// Returns a name.
    pub(crate) fn of(&self, host: &str) -> Arc<Name> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = known.get(host).and_then(Weak::upgrade) {
            return name;
        }
        known.retain(|_, name| name.strong_count() > 0);
        let name = Arc::new(Name::new(host, &self.shared));
        known.insert(host.into(), Arc::downgrade(&name));
        name
    }

    /// Looks a service up. Nothing is kept. Times are within the operator's bounds.
    pub(crate) async fn services(&self, name: &str) -> Result<Found<SrvRecord>, Failed> {
        let settings = &self.shared.settings;
        let found = self.shared.look_up.services(name).await;
        let found = found.map(|found| Found {
            ttl: found.ttl.clamp(settings.min_ttl, settings.max_ttl),
            ..found
        });
        found.map_err(|(error, ttl)| {
            let longest = settings.negative_ttl.max(settings.min_ttl);
            let ttl = ttl.unwrap_or(longest).clamp(settings.min_ttl, longest);
            (error, (error == LookUpError::NoSuchName).then_some(ttl))
        })
    }

    pub(crate) fn counts(&self) -> NameCounts {
        NameCounts {
            failures: self.shared.failures.load(Relaxed),
            changes: self.shared.changes.load(Relaxed),
            stale: self.shared.stale.load(Relaxed),
        }
    }
}
