//! Applications, API ids, key mappings and subscriptions that the control plane tells while the gateway runs.
//!
//! Everything is loaded at the start without delaying it, again from time to time, and whenever the event hub is connected
//! again; notifications bring changes in between; what a decision misses is looked up. The [`Store`] keeps it all in
//! memory and outlives the control plane's absence. Deciding by it is not done here, see `auth::subscription`.

mod changes;
mod client;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod ids;
mod limits;
mod load;
mod lookup;
mod notices;
mod records;
mod shards;
mod status;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod wire;

pub use status::{DataState, DataStatus};
pub use store::Counts;

pub(crate) use ids::Ids;
pub(crate) use lookup::{ABSENT_MS, LookedUp, Missing};
pub(crate) use records::{Application, KeyMapping, Subscription};
pub(crate) use store::{Seen, Store};

use crate::asking::Asking;
use crate::config::SubscriptionDataSettings;
use crate::told_once::ToldOnce;
use client::InternalData;
use lookup::Lookups;
use status::Counters;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{Notify, watch};

/// Time between two looks for what can be forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// The data, and the connection that they come by.
#[derive(Debug)]
pub(crate) struct SubscriptionData {
    store: Store,
    client: InternalData,
    settings: SubscriptionDataSettings,
    tenant: Arc<str>,
    lookups: Lookups,
    counters: Counters,
    /// Somebody wants everything loaded again.
    reload: Notify,
    /// There is another password.
    new_password: Notify,
    /// Counts changes that a new bundle has to bring.
    changes: watch::Sender<u64>,
    /// Notifications arrive.
    notified: AtomicBool,
    /// Why none do.
    told: ToldOnce,
    control: tokio::runtime::Handle,
}

impl SubscriptionData {
    /// Starts loading on the runtime of `control`; does not wait for it.
    pub(crate) fn start(
        settings: &SubscriptionDataSettings,
        asking: &Asking,
        control: &tokio::runtime::Handle,
    ) -> Result<Arc<Self>, String> {
        let data = Arc::new(Self {
            store: Store::new(settings.limits.max_objects),
            client: InternalData::new(settings, asking)?,
            settings: settings.clone(),
            tenant: settings.tenant.as_str().into(),
            lookups: Lookups::new(control),
            counters: Counters::default(),
            reload: Notify::new(),
            new_password: Notify::new(),
            changes: watch::Sender::new(0),
            notified: AtomicBool::new(false),
            told: ToldOnce::default(),
            control: control.clone(),
        });
        control.spawn(Arc::clone(&data).keep_loaded());
        control.spawn(Arc::clone(&data).sweep());
        Ok(data)
    }

    /// What is known.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// How long the look-ups of one request may take.
    pub(crate) fn lookup_timeout(&self) -> Duration {
        self.settings.limits.lookup_timeout
    }

    /// The tenant whose data these are.
    pub(crate) fn tenant(&self) -> &Arc<str> {
        &self.tenant
    }

    /// How the connection is doing.
    pub(crate) fn status(&self) -> DataStatus {
        self.counters.status(
            self.store.counts(),
            self.lookups.absent_count(),
            self.is_notified(),
            Instant::now(),
        )
    }

    /// Questions that were put off for a former password's sake are asked at once.
    pub(crate) fn has_new_password(&self) {
        self.lookups.open();
        self.new_password.notify_one();
    }

    fn is_notified(&self) -> bool {
        self.notified.load(Ordering::Acquire)
    }

    fn no_room(&self, rejected: u64) {
        self.counters.rejected(rejected);
        tracing::error!(
            rejected,
            "there is no room for more subscription data and its callers are refused; raise apim.eventHub.maxObjects"
        );
    }

    async fn sweep(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            ticks.tick().await;
            self.store.sweep(now_ms());
        }
    }
}

/// Returns the time in milliseconds since the epoch.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
