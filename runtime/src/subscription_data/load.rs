//! Loads everything: until it succeeds, then from time to time or when the event hub is connected again.

use super::client::Collection;
use super::store::Lists;
use super::wire::{Element, Unusable, elements};
use super::{SubscriptionData, now_ms};
use crate::control_plane::NoAnswer;
use crate::pause::{Pause, jittered};
use crate::told_once::ToldOnce;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one list may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Largest list, in bytes.
const MAX_LIST: usize = 128 << 20;
/// How long those who ask for a load are waited for, so that many of them make one: the first time, and the longest. It
/// doubles while they go on asking, so that a flood of messages that cannot be read is no flood of loads.
const GATHERING: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Nobody has asked for so long after a load: the next one is waited for as the first.
const QUIET: Duration = Duration::from_secs(30);
/// The pause after the first failure, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

impl SubscriptionData {
    /// Keeps everything loaded, for ever.
    pub(super) async fn keep_loaded(self: Arc<Self>) {
        let mut pause = Pause::new(PAUSES.0, PAUSES.1);
        let mut gathering = Pause::new(GATHERING.0, GATHERING.1);
        let told = ToldOnce::default();
        loop {
            match self.load().await {
                Ok(()) => {
                    pause.reset();
                    told.forget();
                    self.counters.loaded(now_ms(), Instant::now());
                    self.until_outdated(&mut gathering).await;
                }
                Err(reason) => {
                    self.counters.load_failed();
                    if told.is_new(&reason.to_string()) {
                        tracing::warn!(%reason, "subscription data could not be loaded");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(jittered(pause.next_pause())) => {}
                        () = self.new_password.notified() => pause.reset(),
                    }
                }
            }
        }
    }

    /// Waits until what was loaded is too old, or until somebody asks for it. While notifications arrive it may be older: one
    /// that was lost on its way tells nobody.
    async fn until_outdated(&self, gathering: &mut Pause) {
        let loaded = Instant::now();
        let recheck = jittered(self.settings.limits.recheck);
        let refresh = self.settings.limits.refresh;
        loop {
            let longest = if self.is_notified() { recheck } else { refresh };
            let left = longest.saturating_sub(loaded.elapsed());
            if left.is_zero() {
                return;
            }
            // Notifications may end meanwhile.
            let asked = tokio::time::timeout(left.min(refresh), self.reload.notified()).await;
            if asked.is_ok() {
                if loaded.elapsed() > QUIET {
                    gathering.reset();
                }
                return tokio::time::sleep(gathering.next_pause()).await;
            }
        }
    }

    /// All lists or none: half of them would refuse callers whose other half is known.
    async fn load(self: &Arc<Self>) -> Result<(), NoAnswer> {
        let ticket = self.store.begin();
        let lists = Lists {
            apis: self.list(Collection::Apis).await?,
            applications: self.list(Collection::Applications).await?,
            key_mappings: self.list(Collection::KeyMappings).await?,
            subscriptions: self.list(Collection::Subscriptions).await?,
        };
        let own = Arc::clone(self);
        blocking(move || own.store.load(lists, ticket, now_ms())).await
    }

    async fn list<T: Element + Send + 'static>(&self, collection: Collection) -> Result<Vec<T>, NoAnswer> {
        let body = self.client.get(collection, &[], MAX_LIST, DEADLINE).await?;
        let max = self.store.capacity();
        let elements = blocking(move || elements::<T>(&body, max))
            .await?
            .map_err(Unusable::no_answer)?;
        if elements.malformed > 0 {
            self.counters.rejected(elements.malformed);
            let malformed = elements.malformed;
            tracing::warn!(
                malformed,
                ?collection,
                "elements make no sense; their callers are refused"
            );
        }
        Ok(elements.read)
    }
}

/// Large lists take long to read: the control thread has other work meanwhile.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, NoAnswer> {
    tokio::task::spawn_blocking(work).await.map_err(|_| NoAnswer::Broken)
}
