//! A publisher and the traffic managers that it tells.

use crate::asking::Asking;
use crate::config::{EventPublishing, EventTransport, ReceiverAddress, ReceiverGroup, ServerAddress, Sharing};
use crate::traffic_manager::{Called, Calling, EventPublisher, EventQueue, GroupStatus, Properties, RequestEvent};
use mgw_fixtures::traffic_manager::{Seen, TrafficManager, TrafficManagerOptions};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use uuid::Uuid;

pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn manager() -> TrafficManager {
    TrafficManager::start(TrafficManagerOptions::default())
        .await
        .expect("free ports")
}

/// Waits until something holds of what a traffic manager has seen.
pub(super) async fn until(manager: &TrafficManager, wanted: impl Fn(&Seen) -> bool) {
    let waited = tokio::time::timeout(PATIENCE, manager.wait_until(wanted)).await;
    assert!(waited.is_ok(), "it never comes: {:?}", manager.seen());
}

/// Waits until something holds of several; `now` tells how it is.
pub(super) async fn eventually(wanted: impl Fn() -> bool, now: impl Fn() -> String) {
    let waiting = async {
        while !wanted() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(waited.is_ok(), "it never comes: {}", now());
}

fn address(address: SocketAddr, tls: bool) -> ServerAddress {
    ServerAddress {
        host: address.ip().to_string(),
        port: address.port(),
        tls,
    }
}

pub(super) fn receiver(manager: &TrafficManager) -> ReceiverAddress {
    ReceiverAddress {
        events: address(manager.events(), false),
        auth: address(manager.auth(), true),
    }
}

pub(super) fn group(sharing: Sharing, managers: &[&TrafficManager]) -> ReceiverGroup {
    ReceiverGroup {
        sharing,
        receivers: managers.iter().map(|manager| receiver(manager)).collect(),
    }
}

pub(super) fn settings(groups: Vec<ReceiverGroup>) -> EventPublishing {
    EventPublishing {
        transport: EventTransport::Binary {
            groups,
            username: "admin".to_owned(),
            password: "admin".into(),
        },
        ca_file: None,
        queue: 10_000,
        batch: 10,
        timeout: PATIENCE,
        longest_pause: Duration::from_millis(20),
    }
}

/// A publisher with the queue of one core.
pub(super) struct Publishing {
    pub(super) publisher: EventPublisher,
    pub(super) queue: EventQueue,
}

impl Publishing {
    /// Starts it; it trusts the managers' authorities.
    pub(super) fn start(settings: &EventPublishing, managers: &[&TrafficManager]) -> Self {
        let roots: String = managers.iter().map(|manager| manager.authority_pem()).collect();
        let started = EventPublisher::start(
            settings,
            &Asking::new(Some(roots.into_bytes()), None),
            1,
            &Handle::current(),
        );
        let (publisher, queues) = started.expect("certificates");
        let queue = queues.into_iter().next().expect("one core");
        Self { publisher, queue }
    }

    /// Offers events with these numbers.
    pub(super) fn offer(&self, numbers: std::ops::Range<u128>) {
        numbers.for_each(|number| self.queue.offer(event(number)));
    }

    pub(super) fn status(&self, group: usize) -> GroupStatus {
        self.publisher.groups().status()[group]
    }

    /// Waits until something holds of a group.
    pub(super) async fn until(&self, group: usize, wanted: impl Fn(&GroupStatus) -> bool) {
        eventually(|| wanted(&self.status(group)), || format!("{:?}", self.status(group))).await;
    }

    pub(super) async fn finish(self) {
        self.publisher.finish(PATIENCE).await;
    }
}

/// An event that can be told from others, with letters of more than one byte.
pub(super) fn event(number: u128) -> RequestEvent {
    RequestEvent {
        message_id: Uuid::from_u128(number),
        at_ms: 1_700_000_000_000 + number as u64,
        called: Arc::new(Called {
            api_key: "/caf\u{e9}/1.0:1.0".into(),
            api_tier: "10kPerMin".into(),
            resource_key: "/caf\u{e9}/1.0/\u{65e5}\u{672c}:GET".into(),
            resource_tier: "Unlimited".into(),
            api_context: "/caf\u{e9}".into(),
            api_version: "1.0".into(),
            api_tenant: "carbon.super".into(),
            api_name: "Caf\u{e9}__1_0".into(),
            credential_names: Arc::default(),
        }),
        calling: Arc::new(Calling {
            app_key: "2:j\u{f6}rg@carbon.super".into(),
            app_tier: "Gold".into(),
            subscription_key: "2:/caf\u{e9}:1.0".into(),
            subscription_tier: "Silver".into(),
            user_id: "j\u{f6}rg@carbon.super".into(),
            app_tenant: "carbon.super".into(),
            app_id: "2".into(),
        }),
        properties: Properties::of([10, 0, 0, 7].into()).with_query("stra\u{df}e=1"),
    }
}

/// The numbers of the events that a traffic manager took, in their order.
pub(super) fn numbers(manager: &TrafficManager) -> Vec<u128> {
    let events = manager.seen().events;
    let ids = events
        .iter()
        .map(|event| Uuid::parse_str(event.field("messageID")).expect("an id"));
    ids.map(|id| id.as_u128()).collect()
}

pub(super) fn sorted(mut numbers: Vec<u128>) -> Vec<u128> {
    numbers.sort_unstable();
    numbers
}
