//! What the event hub tells about limits, where the gateway counts by itself: blocks and custom policies are in its bundle, so
//! that a change of them asks for a new one.

use super::SubscriptionData;
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{DecodeError, Feed, FeedItem, Outlet, THROTTLE_DATA, ThrottleData};
use std::sync::Arc;

/// How the connection is doing is told of the notifications, which come over the same one.
#[derive(Debug)]
struct Limits(Arc<SubscriptionData>);

impl SubscriptionData {
    /// Returns the topic with limits for the connection to the event hub, and follows it.
    pub(crate) fn limits_topic(self: &Arc<Self>) -> Topic {
        let (outlet, feed) = Outlet::throttle_data();
        let own = Arc::clone(self);
        self.control.spawn(async move { own.follow_limits(feed).await });
        Topic {
            routing_key: THROTTLE_DATA.to_owned(),
            outlet,
            observer: Arc::new(Limits(Arc::clone(self))),
        }
    }

    async fn follow_limits(&self, mut feed: Feed<ThrottleData>) {
        while let Some(item) = feed.next().await {
            match item {
                FeedItem::Reload | FeedItem::Message(ThrottleData::Block(_) | ThrottleData::KeyTemplate(_)) => {
                    self.bundle_outdated()
                }
                // Somebody else counts for other gateways.
                FeedItem::Message(ThrottleData::Decision(_)) => {}
            }
        }
    }
}

impl TopicObserver for Limits {
    fn current(&self) {}

    fn lost(&self, _: &str) {}

    /// It may have been a block.
    fn skipped(&self, _: DecodeError) {
        self.0.bundle_outdated();
    }
}
