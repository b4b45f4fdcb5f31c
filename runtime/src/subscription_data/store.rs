//! Everything that is known from the control plane about callers, and the rules by which news replace it.
//!
//! Every observation has a ticket, taken when it *begins*: a notification when it arrives, a fetch before it is sent. Of
//! two observations of one object the one with the later ticket stands. Notifications carry the control plane's own time
//! beside: one that is older than the last applied to the same object is dropped, so duplicates and late arrivals do no
//! harm; one without time is taken for the newest. A complete list replaces all that was observed before it began, and what it does not hold is gone.

use super::ids::{Id, Ids};
use super::records::{Api, Application, KeyMapping, Subscription};
use super::shards::{Applied, Change, Shards, Stored};
use crossbeam_utils::CachePadded;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long an object that was removed is remembered, in milliseconds, so that a late notification does not bring it back.
const GONE_MS: u64 = 600_000;

/// An object as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    Application(Application),
    Api(Api),
    KeyMapping(KeyMapping),
    Subscription(Subscription),
}

/// An object that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Removed {
    Application(Ids),
    /// By the bundle's id.
    Api(Arc<str>),
    /// By consumer key.
    KeyMapping(Arc<str>),
    /// By application and API.
    Subscription(Ids, Ids),
}

/// What a notification says about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    Changed(Object),
    Removed(Removed),
}

/// A notification, as far as it concerns the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The control plane's time, in milliseconds since the epoch; 0 when it does not say.
    pub(crate) stamp: u64,
    pub(crate) news: News,
}

/// The four collections, complete.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub(crate) applications: Vec<Application>,
    pub(crate) apis: Vec<Api>,
    pub(crate) key_mappings: Vec<KeyMapping>,
    pub(crate) subscriptions: Vec<Subscription>,
}

/// Records per collection, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Applications.
    pub applications: usize,
    /// APIs.
    pub apis: usize,
    /// Key mappings.
    pub key_mappings: usize,
    /// Subscriptions.
    pub subscriptions: usize,
}

/// What is known of one object.
#[derive(Debug, Clone)]
pub(crate) enum Seen<T> {
    /// It exists.
    Here(Arc<T>),
    /// It does not exist.
    Gone,
    /// Nobody has said anything about it.
    Never,
}

/// All records. Read by every core, written by one task at a time.
#[derive(Debug)]
pub(crate) struct Store {
    applications: Shards<Id, Application>,
    /// By the bundle's id.
    apis: Shards<Arc<str>, Api>,
    key_mappings: Shards<Arc<str>, KeyMapping>,
    /// By application, then API.
    subscriptions: Shards<(Id, Id), Subscription>,
    capacity: usize,
    tickets: AtomicU64,
    /// Ticket of the lists that were loaded last; 0: none were.
    loaded: AtomicU64,
    generation: CachePadded<AtomicU64>,
    writing: Mutex<()>,
}

impl Store {
    /// Creates an empty store for `capacity` records per collection.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            applications: Shards::new(capacity),
            apis: Shards::new(capacity),
            key_mappings: Shards::new(capacity),
            subscriptions: Shards::new(capacity),
            capacity,
            tickets: AtomicU64::new(0),
            loaded: AtomicU64::new(0),
            generation: CachePadded::new(AtomicU64::new(1)),
            writing: Mutex::default(),
        }
    }

    /// Changes whenever a decision may come out differently.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns whether everything was loaded once: what is not here then does not exist, as far as we were told.
    pub(crate) fn is_complete(&self) -> bool {
        self.loaded.load(Ordering::Acquire) > 0
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            applications: self.applications.len(),
            apis: self.apis.len(),
            key_mappings: self.key_mappings.len(),
            subscriptions: self.subscriptions.len(),
        }
    }

    pub(crate) fn key_mapping(&self, consumer_key: &str) -> Seen<KeyMapping> {
        self.seen(self.key_mappings.get(consumer_key))
    }

    pub(crate) fn application(&self, ids: Ids) -> Seen<Application> {
        self.seen(self.applications.newest(ids.all()))
    }

    /// `id` is the bundle's.
    pub(crate) fn api(&self, id: &str) -> Seen<Api> {
        self.seen(self.apis.get(id))
    }

    pub(crate) fn subscription(&self, application: Ids, api: Ids) -> Seen<Subscription> {
        self.seen(self.subscriptions.newest(pairs(application, api)))
    }

    fn seen<T>(&self, stored: Option<Stored<T>>) -> Seen<T> {
        match stored.map(|stored| stored.value) {
            Some(Some(value)) => Seen::Here(value),
            Some(None) => Seen::Gone,
            None if self.is_complete() => Seen::Gone,
            None => Seen::Never,
        }
    }

    /// Begins an observation: to be called before a fetch is sent.
    pub(crate) fn begin(&self) -> u64 {
        self.tickets.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Applies notifications in the order of their arrival. Returns how many were older than what is known, and how many
    /// found no room.
    pub(crate) fn notify(&self, notices: impl IntoIterator<Item = Notice>, now_ms: u64) -> (u64, u64) {
        // Under the lock, so that nothing with a later ticket can be in the maps already.
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changes = Changes::default();
        for Notice { stamp, news } in notices {
            let ticket = self.begin();
            match news {
                News::Changed(object) => changes.add(object, ticket, How::Notified(stamp)),
                News::Removed(removed) => changes.remove(removed, ticket, stamp),
            }
        }
        let applied = self.write(&writing, changes, now_ms);
        let sum = |read: fn(&Applied) -> u64| applied.iter().map(read).sum();
        (sum(|applied| applied.outdated), sum(|applied| applied.rejected))
    }

    /// Applies the answer to a look-up that began with `ticket`. Returns how many records found no room.
    pub(crate) fn found(&self, objects: impl IntoIterator<Item = Object>, ticket: u64, now_ms: u64) -> u64 {
        let mut changes = Changes::default();
        for object in objects {
            changes.add(object, ticket, How::Fetched);
        }
        let writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        // Lists that were asked for later are here already, and know better.
        if ticket < self.loaded.load(Ordering::Relaxed) {
            return 0;
        }
        let applied = self.write(&writing, changes, now_ms);
        applied.iter().map(|applied| applied.rejected).sum()
    }

    fn write(&self, _one_at_a_time: &MutexGuard<'_, ()>, changes: Changes, now_ms: u64) -> [Applied; 4] {
        let applied = [
            self.applications.apply(changes.applications, now_ms),
            self.apis.apply(changes.apis, now_ms),
            self.key_mappings.apply(changes.key_mappings, now_ms),
            self.subscriptions.apply(changes.subscriptions, now_ms),
        ];
        self.changed(applied.iter().any(|applied| applied.visible));
        applied
    }

    /// Puts complete lists, whose fetch began with `ticket`, in the place of what was observed before.
    pub(crate) fn load(&self, lists: Lists, ticket: u64, now_ms: u64) {
        let Lists {
            applications,
            apis,
            key_mappings,
            subscriptions,
        } = lists;
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.loaded.load(Ordering::Relaxed);
        if ticket < before {
            return;
        }
        let applications = applications
            .into_iter()
            .filter_map(|own| Some((own.ids.primary()?, own)));
        let subscriptions = subscriptions
            .into_iter()
            .filter_map(|own| Some((pair(own.application, own.api)?, own)));
        let visible = [
            self.applications.replace(applications.collect(), ticket, now_ms),
            self.apis.replace(
                apis.into_iter().map(|own| (Arc::clone(&own.id), own)).collect(),
                ticket,
                now_ms,
            ),
            self.key_mappings.replace(
                key_mappings
                    .into_iter()
                    .map(|own| (Arc::clone(&own.consumer_key), own))
                    .collect(),
                ticket,
                now_ms,
            ),
            self.subscriptions.replace(subscriptions.collect(), ticket, now_ms),
        ];
        self.loaded.store(ticket, Ordering::Release);
        self.changed(before == 0 || visible.contains(&true));
    }

    /// Forgets objects that have been gone for long. To be called about once a minute.
    ///
    /// Until everything was loaded once, nothing is forgotten: of an object that is not here, the bundle may still say that
    /// it exists.
    pub(crate) fn sweep(&self, now_ms: u64) {
        if !self.is_complete() {
            return;
        }
        let before = now_ms.saturating_sub(GONE_MS);
        let _one_at_a_time = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.applications.forget_gone(before);
        self.apis.forget_gone(before);
        self.key_mappings.forget_gone(before);
        self.subscriptions.forget_gone(before);
    }

    /// After the maps: whoever sees the new number sees the new records.
    fn changed(&self, visible: bool) {
        if visible {
            self.generation.fetch_add(1, Ordering::Release);
        }
    }
}

fn pair(application: Ids, api: Ids) -> Option<(Id, Id)> {
    Some((application.primary()?, api.primary()?))
}

/// Every pair under which a subscription may be kept.
fn pairs(application: Ids, api: Ids) -> impl Iterator<Item = (Id, Id)> {
    application
        .all()
        .flat_map(move |own| api.all().map(move |other| (own, other)))
}

type Pending<K, T> = Vec<(K, u64, Change<T>)>;

/// Changes by collection.
#[derive(Default)]
struct Changes {
    applications: Pending<Id, Application>,
    apis: Pending<Arc<str>, Api>,
    key_mappings: Pending<Arc<str>, KeyMapping>,
    subscriptions: Pending<(Id, Id), Subscription>,
}

/// How an object became known.
#[derive(Clone, Copy)]
enum How {
    /// By a notification of this time.
    Notified(u64),
    Fetched,
}

impl How {
    fn change<T>(self, value: T) -> Change<T> {
        match self {
            Self::Notified(stamp) => Change::Notified {
                stamp,
                value: Some(value),
            },
            Self::Fetched => Change::Fetched(value),
        }
    }
}

impl Changes {
    /// An object without any id is dropped: nothing can refer to it.
    fn add(&mut self, object: Object, ticket: u64, how: How) {
        match object {
            Object::Application(own) => {
                let id = own.ids.primary();
                self.applications.extend(id.map(|id| (id, ticket, how.change(own))));
            }
            Object::Api(own) => self.apis.push((Arc::clone(&own.id), ticket, how.change(own))),
            Object::KeyMapping(own) => {
                let key = Arc::clone(&own.consumer_key);
                self.key_mappings.push((key, ticket, how.change(own)));
            }
            Object::Subscription(own) => {
                let pair = pair(own.application, own.api);
                self.subscriptions
                    .extend(pair.map(|pair| (pair, ticket, how.change(own))));
            }
        }
    }

    /// Under every id that the object may be kept under: lists and notifications need not tell the same ones.
    fn remove(&mut self, removed: Removed, ticket: u64, stamp: u64) {
        match removed {
            Removed::Application(ids) => self.applications.extend(ids.all().map(|id| (id, ticket, gone(stamp)))),
            Removed::Api(id) => self.apis.push((id, ticket, gone(stamp))),
            Removed::KeyMapping(key) => self.key_mappings.push((key, ticket, gone(stamp))),
            Removed::Subscription(application, api) => self
                .subscriptions
                .extend(pairs(application, api).map(|pair| (pair, ticket, gone(stamp)))),
        }
    }
}

fn gone<T>(stamp: u64) -> Change<T> {
    Change::Notified { stamp, value: None }
}
