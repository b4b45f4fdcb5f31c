//! Applies the event hub's notifications.

use super::changes::concerns_bundle;
use super::ids::Ids;
use super::store::{News, Notice, Object, Removed, Seen};
use super::wire;
use super::{SubscriptionData, now_ms};
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{
    ApiEvent, ApplicationEvent, DecodeError, Event, Feed, FeedItem, KeyMappingEvent, Notification, ObjectId, Outlet,
    SubscriptionEvent,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The topic with changes of the control plane's objects.
const TOPIC: &str = "notification";

/// What a notification means for the store.
#[derive(Debug, PartialEq, Eq)]
struct Meaning {
    news: Option<News>,
    /// Something was not told: everything is to be loaded again.
    reload: bool,
}

impl SubscriptionData {
    /// Returns the topic with notifications for the connection to the event hub, and follows it.
    pub(crate) fn topic(self: &Arc<Self>) -> Topic {
        let (outlet, feed) = Outlet::notifications();
        self.follow(feed);
        Topic {
            routing_key: TOPIC.to_owned(),
            outlet,
            observer: Arc::clone(self) as Arc<dyn TopicObserver>,
        }
    }

    /// Follows notifications until there are no more; does not wait for them.
    pub(crate) fn follow(self: &Arc<Self>, mut feed: Feed<Notification>) {
        let own = Arc::clone(self);
        self.control.spawn(async move {
            while let Some(item) = feed.next().await {
                match item {
                    FeedItem::Reload => {
                        own.reload.notify_one();
                        own.bundle_outdated();
                    }
                    FeedItem::Message(notification) => own.notify(notification),
                }
            }
        });
    }

    fn notify(&self, notification: Notification) {
        let other_tenant = notification
            .tenant
            .as_deref()
            .is_some_and(|tenant| *tenant != *self.tenant);
        if other_tenant {
            self.counters.notified(0, 1);
            return;
        }
        if concerns_bundle(&notification.event) {
            self.bundle_outdated();
        }
        let stamp = notification.timestamp_ms.unwrap_or(0);
        let Meaning { news, reload } = meaning(notification.event);
        if reload {
            self.reload.notify_one();
        }
        let Some(news) = news else { return };
        let changed = match &news {
            News::Changed(Object::Application(own)) => Some(own.ids),
            _ => None,
        };
        let (outdated, rejected) = self.store.notify([Notice { stamp, news }], now_ms());
        if rejected > 0 {
            self.no_room(rejected);
        }
        // The clocks of a control plane's nodes differ: what looks older may be a block. The lists know.
        if outdated > 0 || changed.is_some_and(|ids| self.lacks_owner(ids)) {
            self.reload.notify_one();
        }
        self.counters.notified(1 - outdated.min(1), outdated);
    }

    /// Older generations do not tell who owns a new application, by whom it may be blocked.
    fn lacks_owner(&self, application: Ids) -> bool {
        matches!(self.store.application(application), Seen::Here(own) if own.owner.is_empty())
    }
}

impl TopicObserver for SubscriptionData {
    /// Told again with every sign of life.
    fn current(&self) {
        if !self.notified.swap(true, Ordering::AcqRel) {
            self.told.forget();
            tracing::info!("notifications about subscription data arrive");
        }
    }

    /// Everything is loaded from time to time until the hub is back.
    fn lost(&self, reason: &str) {
        self.notified.store(false, Ordering::Release);
        if self.told.is_new(reason) {
            tracing::warn!(reason, "no notifications about subscription data arrive");
        }
    }

    fn skipped(&self, error: DecodeError) {
        self.counters.rejected(1);
        // What it would have changed is in the lists, or with the APIs.
        self.reload.notify_one();
        self.bundle_outdated();
        tracing::info!(%error, "a notification about subscription data was passed over");
    }
}

/// What an event does not tell is left empty: the record takes it over from what is known already.
fn meaning(event: Event) -> Meaning {
    let changed = |object: Option<Object>, told: bool| Meaning {
        reload: !told || object.is_none(),
        news: object.map(News::Changed),
    };
    let removed = |removed: Option<Removed>| Meaning {
        reload: removed.is_none(),
        news: removed.map(News::Removed),
    };
    match event {
        Event::ApiChanged(api) => {
            let ids = ids(&api.id);
            let named = names(&api).and_then(|(name, version)| wire::api(ids, name, version));
            changed(named.map(Object::Api), true)
        }
        Event::ApiRemoved(api) => {
            let id = names(&api).map(|(name, version)| mgw_bundle::api_id(name, version).into());
            removed(id.map(Removed::Api))
        }
        Event::ApplicationChanged(event) => {
            let told = event.name.is_some() && event.policy.is_some();
            changed(application(event).map(Object::Application), told)
        }
        Event::ApplicationRemoved(event) => removed(Some(Removed::Application(ids(&event.id)))),
        Event::KeyMappingAdded(event) => changed(key_mapping(&event).map(Object::KeyMapping), true),
        Event::KeyMappingRemoved(event) => removed(Some(Removed::KeyMapping(event.consumer_key.into()))),
        Event::SubscriptionChanged(event) => {
            let told = event.policy.is_some();
            changed(subscription(event).map(Object::Subscription), told)
        }
        Event::SubscriptionRemoved(event) => {
            removed(Some(Removed::Subscription(ids(&event.application), ids(&event.api))))
        }
        Event::PolicyChanged(_) | Event::PolicyRemoved(_) | Event::Other(_) => Meaning {
            news: None,
            reload: false,
        },
    }
}

fn ids(id: &ObjectId) -> Ids {
    Ids::new(id.number().and_then(|number| i64::try_from(number).ok()), id.uuid())
}

fn names(api: &ApiEvent) -> Option<(&str, &str)> {
    api.name.as_deref().zip(api.version.as_deref())
}

fn application(event: ApplicationEvent) -> Option<super::Application> {
    let policy = Some(event.policy.unwrap_or_default());
    wire::application(ids(&event.id), event.name.unwrap_or_default(), event.owner, policy)
}

fn key_mapping(event: &KeyMappingEvent) -> Option<super::KeyMapping> {
    wire::key_mapping(ids(&event.application), &event.consumer_key, event.key_type)
}

fn subscription(event: SubscriptionEvent) -> Option<super::Subscription> {
    let policy = event.policy.unwrap_or_default();
    wire::subscription(ids(&event.application), ids(&event.api), policy, event.state)
}
