//! Looks single objects up that a decision misses: once per object at a time, a bounded number at once, within a deadline.

use super::client::Collection;
use super::ids::Ids;
use super::records::{Api, Application, KeyMapping, Subscription};
use super::store::Object;
use super::wire::{Element, MAX_TEXT, Unusable, elements};
use super::{SubscriptionData, now_ms};
use crate::control_plane::NoAnswer;
use crate::questions::Questions;
use quick_cache::unsync::Cache;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// For how long an object that the control plane does not know is not asked for again, in milliseconds.
pub(crate) const ABSENT_MS: u64 = 10_000;
/// For how long nothing is asked after a question that nobody answered, in milliseconds.
const CLOSED_MS: u64 = 5_000;
/// Unknown objects that are remembered.
const MAX_ABSENT: usize = 10_000;
/// Questions at the same time.
const MAX_CALLS: usize = 16;
/// Largest answer, in bytes: one object, or the few that share its name.
const MAX_ANSWER: usize = 1 << 20;
/// Elements that are read of an answer.
const MAX_ELEMENTS: usize = 1024;

/// An object that a decision misses.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Missing {
    /// By consumer key.
    KeyMapping(String),
    Application(Ids),
    /// With the bundle's id, to tell it from others at the same path.
    Api {
        id: String,
        context: String,
        version: String,
    },
    Subscription {
        application: Ids,
        api: Ids,
    },
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookedUp {
    /// It is in the store now.
    Found,
    /// The control plane does not know it.
    Absent,
    /// Nobody could say.
    Unavailable,
}

/// The questions that are under way, and those that need not be asked again.
#[derive(Debug)]
pub(super) struct Lookups {
    questions: Arc<Questions<LookedUp, Missing>>,
    /// With the time until which it stands.
    absent: Mutex<Cache<Missing, u64>>,
    calls: Semaphore,
    closed_until_ms: AtomicU64,
}

impl Lookups {
    /// Questions are asked on the runtime of `control`.
    pub(super) fn new(control: &tokio::runtime::Handle) -> Self {
        Self {
            questions: Questions::new(control),
            absent: Mutex::new(Cache::new(MAX_ABSENT)),
            calls: Semaphore::new(MAX_CALLS),
            closed_until_ms: AtomicU64::new(0),
        }
    }

    /// Asks again after nobody answered.
    pub(super) fn open(&self) {
        self.closed_until_ms.store(0, Ordering::Relaxed);
    }

    /// Notes that the control plane does not know an object.
    fn note_absent(&self, missing: Missing, now_ms: u64) {
        let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        absent.insert(missing, now_ms + ABSENT_MS);
    }

    /// Unknown objects that are remembered, whether or not that still counts.
    pub(super) fn absent_count(&self) -> usize {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn is_absent(&self, missing: &Missing, now_ms: u64) -> bool {
        let absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        absent.get(missing).is_some_and(|until| now_ms < *until)
    }
}

impl SubscriptionData {
    /// Looks an object up. Those who miss the same object share one question, which goes on when one of them leaves.
    pub(crate) async fn look_up(self: &Arc<Self>, missing: Missing) -> LookedUp {
        let (lookups, now) = (&self.lookups, now_ms());
        // None that long is kept.
        if matches!(&missing, Missing::KeyMapping(key) if key.is_empty() || key.len() > MAX_TEXT) {
            return LookedUp::Absent;
        }
        if lookups.is_absent(&missing, now) {
            return LookedUp::Absent;
        }
        if now < lookups.closed_until_ms.load(Ordering::Relaxed) {
            return LookedUp::Unavailable;
        }
        let own = Arc::clone(self);
        let asked = missing.clone();
        let question = || async move { own.question(&asked).await };
        let answer = lookups.questions.ask(missing, question).await;
        answer.unwrap_or(LookedUp::Unavailable)
    }

    async fn question(&self, missing: &Missing) -> LookedUp {
        let ticket = self.store.begin();
        // Waiting for a turn counts: the request is gone by then.
        let asked = async {
            let _turn = self.lookups.calls.acquire().await.map_err(|_| NoAnswer::TooLate)?;
            self.fetch_missing(missing).await
        };
        let answered = tokio::time::timeout(self.settings.limits.lookup_timeout, asked).await;
        let objects = match answered.unwrap_or(Err(NoAnswer::TooLate)) {
            // Some generations answer so for what they do not know. A key that they cannot read is nobody's either, and no
            // reason to ask for nobody else.
            Err(NoAnswer::Status(400 | 404)) => Vec::new(),
            Ok(objects) => objects,
            Err(reason) => {
                self.counters.looked_up(false);
                let closed_until = now_ms() + CLOSED_MS;
                let before = self.lookups.closed_until_ms.fetch_max(closed_until, Ordering::Relaxed);
                // Once per pause, not once per caller.
                if before + CLOSED_MS <= closed_until {
                    tracing::warn!(%reason, "an unknown caller could not be looked up");
                }
                return LookedUp::Unavailable;
            }
        };
        self.counters.looked_up(true);
        let found = !objects.is_empty();
        let rejected = self.store.found(objects, ticket, now_ms());
        if rejected > 0 {
            self.no_room(rejected);
        }
        if found && rejected == 0 {
            return LookedUp::Found;
        }
        self.lookups.note_absent(missing.clone(), now_ms());
        LookedUp::Absent
    }

    /// Returns the object that was asked for, if it is in the answer: a control plane may know other parameters than
    /// these, and send more.
    async fn fetch_missing(&self, missing: &Missing) -> Result<Vec<Object>, NoAnswer> {
        match missing {
            Missing::KeyMapping(key) => {
                let query = [("consumerKey", key.as_str())];
                let wanted = |found: &KeyMapping| *found.consumer_key == **key;
                self.few(Collection::KeyMappings, &query, wanted, Object::KeyMapping)
                    .await
            }
            Missing::Application(ids) => {
                let Some(number) = ids.number() else {
                    return Ok(Vec::new());
                };
                let query = [("appId", &*number.to_string())];
                let wanted = |found: &Application| found.ids.number() == Some(number);
                self.few(Collection::Applications, &query, wanted, Object::Application)
                    .await
            }
            Missing::Api { id, context, version } => {
                let query = [("context", context.as_str()), ("version", version.as_str())];
                let wanted = |found: &Api| *found.id == **id;
                self.few(Collection::Apis, &query, wanted, Object::Api).await
            }
            Missing::Subscription { application, api } => {
                let numbers = api.number().zip(application.number());
                let uuids = api.uuid().zip(application.uuid());
                let (names, (api_text, application_text)) = match (numbers, uuids) {
                    (Some((api, application)), _) => (["apiId", "appId"], (api.to_string(), application.to_string())),
                    (None, Some((api, application))) => {
                        let texts = (api.to_string(), application.to_string());
                        (["apiUUID", "applicationUUID"], texts)
                    }
                    (None, None) => return Ok(Vec::new()),
                };
                let query = [(names[0], api_text.as_str()), (names[1], application_text.as_str())];
                let wanted = |found: &Subscription| found.application.meets(*application) && found.api.meets(*api);
                self.few(Collection::Subscriptions, &query, wanted, Object::Subscription)
                    .await
            }
        }
    }

    async fn few<T: Element>(
        &self,
        collection: Collection,
        query: &[(&str, &str)],
        wanted: impl Fn(&T) -> bool,
        object: fn(T) -> Object,
    ) -> Result<Vec<Object>, NoAnswer> {
        let body = self
            .client
            .get(collection, query, MAX_ANSWER, self.settings.limits.lookup_timeout)
            .await?;
        let elements = elements::<T>(&body, MAX_ELEMENTS).map_err(Unusable::no_answer)?;
        self.counters.rejected(elements.malformed);
        Ok(elements
            .read
            .into_iter()
            .filter(|found| wanted(found))
            .map(object)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn unknown_objects_are_remembered_up_to_a_bound() {
        let lookups = Lookups::new(&tokio::runtime::Handle::current());
        let key = |number: usize| Missing::KeyMapping(format!("key{number}"));
        for number in 0..3 * MAX_ABSENT {
            lookups.note_absent(key(number), 1);
            assert!(lookups.absent_count() <= MAX_ABSENT);
        }
        assert!(lookups.absent_count() > MAX_ABSENT / 2, "it is put to use");
        let remembered = (0..3 * MAX_ABSENT).filter(|number| lookups.is_absent(&key(*number), 1));
        assert!(remembered.count() <= MAX_ABSENT);
        assert!(!lookups.is_absent(&key(3 * MAX_ABSENT - 1), 1 + ABSENT_MS));
    }
}
