//! The look-ups of this gateway: one for each backend, whatever number of endpoints use it.

use super::candidate::{Candidate, Identity, PlaceMaker};
use super::etcd::{self, Etcd, EtcdSetUpError};
use super::file;
use super::sink::Sink;
use super::srv;
use super::status::{
    Counters, DiscoveryCount, DiscoveryState, DiscoveryStatus, SOURCES, SharedStanding, Standing, read,
};
use crate::config::DiscoverySettings;
use crate::upstream::{Found, Looking, Origins, Places};
use arc_swap::ArcSwap;
use mgw_bundle::config::{self, BackendProtocol};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use tokio::runtime::Handle;

/// The look-ups of this gateway.
#[derive(Debug)]
pub(crate) struct Discovery {
    settings: DiscoverySettings,
    origins: Arc<Origins>,
    control: Handle,
    counters: [Arc<Counters>; SOURCES.len()],
    known: Mutex<HashMap<Key, Entry>>,
    /// Made when the first backend is looked up there.
    etcd: OnceLock<Result<Arc<Etcd>, EtcdSetUpError>>,
}

/// Of what places are made beside URLs: a digest of what is trusted of backends, and what is spoken.
pub(crate) type MadeWith = ([u8; 32], BackendProtocol);

/// What makes two look-ups the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    source: config::Discovery,
    default: String,
    made_with: MadeWith,
}

#[derive(Debug)]
struct Entry {
    found: Weak<Found>,
    standing: SharedStanding,
}

impl Discovery {
    pub(crate) fn new(settings: &DiscoverySettings, origins: &Arc<Origins>, control: &Handle) -> Self {
        Self {
            settings: settings.clone(),
            origins: Arc::clone(origins),
            control: control.clone(),
            counters: Default::default(),
            known: Mutex::default(),
            etcd: OnceLock::new(),
        }
    }

    /// Looks a backend up from now on. It is at `default` until something is found; `maker` makes places, and `made_with`
    /// tells makers apart that make different ones.
    ///
    /// # Errors
    ///
    /// Why the default cannot be used, or why this cannot be looked up.
    pub(crate) fn find(
        &self,
        source: &config::Discovery,
        default: &str,
        maker: PlaceMaker,
        made_with: MadeWith,
    ) -> Result<Arc<Found>, &'static str> {
        let place = maker(default, Identity::Itself)?;
        let key = Key {
            source: source.clone(),
            default: default.to_owned(),
            made_with,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, entry| entry.found.strong_count() > 0);
        if let Some(found) = known.get(&key).and_then(|entry| entry.found.upgrade()) {
            return Ok(found);
        }
        let places = Arc::new(ArcSwap::from_pointee(Places::one(place)));
        let standing = Arc::new(Mutex::new(Standing {
            state: DiscoveryState::Looking,
            at: vec![default.to_owned()],
            changed_at_ms: 0,
        }));
        let (label, name) = described(source);
        let sink = Sink {
            source: label,
            name: name.to_owned(),
            default: default.to_owned(),
            maker,
            places: Arc::clone(&places),
            standing: Arc::clone(&standing),
            counters: self.counters(label),
            used: vec![Candidate::equal(default)],
        };
        let task = match source {
            config::Discovery::Etcd { key } => {
                let etcd = self.etcd.get_or_init(|| Etcd::new(&self.settings.etcd).map(Arc::new));
                let etcd = etcd.as_ref().map_err(|error| error.reason())?;
                let watching = etcd::watch(Arc::clone(etcd), key.clone(), sink);
                self.control.spawn(watching).abort_handle()
            }
            config::Discovery::File { path } => {
                let path = file::below(&self.settings.folder, path)?;
                self.control.spawn(file::watch(path, sink)).abort_handle()
            }
            config::Discovery::Srv { name } => {
                let watching = srv::watch(Arc::clone(&self.origins), name.clone(), sink);
                self.control.spawn(watching).abort_handle()
            }
        };
        let found = Arc::new(Found::new(places, Looking::from(task)));
        known.insert(
            key,
            Entry {
                found: Arc::downgrade(&found),
                standing,
            },
        );
        Ok(found)
    }

    /// Returns how every look-up stands, in the order of sources and names.
    pub(crate) fn status(&self) -> Vec<DiscoveryStatus> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = known.iter().filter(|(_, entry)| entry.found.strong_count() > 0);
        let mut all: Vec<_> = in_use
            .map(|(key, entry)| {
                let (source, name) = described(&key.source);
                let Standing {
                    state,
                    at,
                    changed_at_ms,
                } = read(&entry.standing);
                DiscoveryStatus {
                    source,
                    name: name.to_owned(),
                    state,
                    at,
                    changed_at_ms,
                }
            })
            .collect();
        all.sort_by(|left, right| (left.source, &left.name).cmp(&(right.source, &right.name)));
        all
    }

    /// Returns the counts of every way of looking up.
    pub(crate) fn counts(&self) -> Vec<DiscoveryCount> {
        let all = SOURCES.iter().zip(&self.counters);
        all.map(|(source, counters)| counters.read(source)).collect()
    }

    fn counters(&self, label: &str) -> Arc<Counters> {
        let mut all = SOURCES.iter().zip(&self.counters);
        let own = all.find(|(source, _)| **source == label);
        own.map(|(_, counters)| Arc::clone(counters)).unwrap_or_default()
    }
}

/// The way of looking up in a word, and what is looked up.
fn described(source: &config::Discovery) -> (&'static str, &str) {
    match source {
        config::Discovery::Etcd { key } => ("etcd", key),
        config::Discovery::File { path } => ("file", path),
        config::Discovery::Srv { name } => ("srv", name),
    }
}
