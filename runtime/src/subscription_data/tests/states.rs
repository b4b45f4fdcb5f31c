//! The connection in good and bad times: loads, faults, look-ups.

use super::plane::Plane;
use crate::asking::Asking;
use crate::auth::tests::server::{ok, status};
use crate::config::{SubscriptionDataLimits, SubscriptionDataSettings};
use crate::event_hub::amqp::TopicObserver;
use crate::subscription_data::ids::Ids;
use crate::subscription_data::store::Seen;
use crate::subscription_data::{DataState, DataStatus, LookedUp, Missing, SubscriptionData};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Long enough that only a broken test waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Settings of a gateway that is connected to `plane`, by user `admin` with password `canary`.
pub(super) fn connected() -> SubscriptionDataSettings {
    SubscriptionDataSettings {
        url: "http://unset".parse().expect("a URL"),
        username: "admin".into(),
        password: "canary".into(),
        ca_file: None,
        tenant_header: None,
        tenant: "carbon.super".into(),
        limits: SubscriptionDataLimits {
            refresh: Duration::from_secs(3600),
            recheck: Duration::from_secs(3600),
            lookup_timeout: PATIENCE,
            max_objects: 100,
        },
    }
}

pub(super) struct Situation {
    pub(super) plane: Plane,
    pub(super) data: Arc<SubscriptionData>,
    asking: Asking,
}

impl Situation {
    pub(super) async fn start(settings: SubscriptionDataSettings) -> Self {
        Self::with(Plane::start(), settings)
    }

    fn with(plane: Plane, mut settings: SubscriptionDataSettings) -> Self {
        settings.url = format!("{}/internal/data/v1", plane.url()).parse().expect("a URL");
        let control = tokio::runtime::Handle::current();
        let asking = Asking::default();
        let data = SubscriptionData::start(&settings, &asking, &control).expect("a client");
        Self { plane, data, asking }
    }

    /// Waits for a condition; gives way to the loading meanwhile.
    pub(super) async fn until(&self, mut wanted: impl FnMut(&DataStatus) -> bool) {
        let waiting = async {
            while !wanted(&self.data.status()) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let done = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(done.is_ok(), "it never comes: {:?}", self.data.status());
    }

    pub(super) async fn loaded(&self, times: usize) {
        self.plane.until_loads(times).await;
        self.until(|status| status.state == DataState::Current).await;
    }

    fn subscribed(&self) -> bool {
        let pair = (Ids::new(Some(12), None), Ids::new(Some(41), None));
        matches!(self.data.store().subscription(pair.0, pair.1), Seen::Here(_))
    }
}

impl Plane {
    pub(super) async fn until_loads(&self, times: usize) {
        let waiting = async {
            while self.loads() < times {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        assert!(
            tokio::time::timeout(PATIENCE, waiting).await.is_ok(),
            "{:?}",
            self.received()
        );
    }
}

#[tokio::test]
async fn everything_is_loaded_by_plain_requests() {
    let mut settings = connected();
    settings.tenant_header = Some("a.example".into());
    let situation = Situation::start(settings).await;
    situation.loaded(1).await;
    assert!(situation.subscribed() && situation.data.store().is_complete());
    let counts = situation.data.status().counts;
    assert_eq!(
        (
            counts.applications,
            counts.apis,
            counts.key_mappings,
            counts.subscriptions
        ),
        (1, 1, 1, 1)
    );
    for request in situation.plane.received() {
        let head = request.to_ascii_lowercase();
        assert!(head.contains("xwso2tenant: a.example"), "{request}");
        assert!(!head.contains("//apis") && !head.contains('?'), "{request}");
    }
}

#[tokio::test]
async fn faults_are_repeated_until_they_end_and_nothing_is_taken_from_them() {
    let faults = [
        status("503 Service Unavailable"),
        status("302 Found"),
        Vec::new(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"list\":[".to_vec(),
        ok(&json!({"list": 7})),
        ok(&json!({"error": "x"})),
        ok(&json!(vec![0; 101])),
        b"garbage\r\n\r\n".to_vec(),
    ];
    for fault in faults {
        let plane = Plane::start();
        let text = String::from_utf8_lossy(&fault).into_owned();
        plane.fault(Some(fault));
        let situation = Situation::with(plane, connected());
        situation.until(|status| status.load_failures > 0).await;
        let status = situation.data.status();
        assert_eq!((status.state, status.loaded_at_ms), (DataState::Loading, 0), "{text}");
        assert!(!situation.data.store().is_complete(), "{text}");
        situation.plane.fault(None);
        situation.until(|status| status.state == DataState::Current).await;
        assert!(situation.subscribed(), "{text}");
    }
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again_and_again() {
    let plane = Plane::start();
    plane.fault(Some(status("401 Unauthorized")));
    let situation = Situation::with(plane, connected());
    // Further loads fail, and unknown callers come, without anything being asked.
    situation.until(|status| status.load_failures > 1).await;
    for key in ["key7", "key8"] {
        let looked_up = situation.data.look_up(Missing::KeyMapping(key.to_owned())).await;
        assert_eq!(looked_up, LookedUp::Unavailable);
    }
    assert_eq!(situation.plane.received().len(), 1, "{:?}", situation.plane.received());
}

#[tokio::test]
async fn another_password_is_tried_at_once() {
    let mut settings = connected();
    settings.password = "former".into();
    let situation = Situation::start(settings).await;
    situation.until(|status| status.load_failures > 1).await;
    let key = || Missing::KeyMapping("key1".into());
    assert_eq!(situation.data.look_up(key()).await, LookedUp::Unavailable);
    let server = situation.plane.url().parse().expect("a URL");
    situation
        .asking
        .accounts()
        .set_password(&server, "admin", &"canary".into());
    situation.data.has_new_password();
    assert_eq!(situation.data.look_up(key()).await, LookedUp::Found);
    situation.until(|status| status.state == DataState::Current).await;
    assert!(situation.subscribed());
}

#[tokio::test]
async fn a_notification_that_was_lost_is_made_good() {
    let mut settings = connected();
    settings.limits.recheck = Duration::from_millis(50);
    let situation = Situation::start(settings).await;
    TopicObserver::current(&*situation.data);
    situation.loaded(1).await;
    // Nobody tells of it, and the connection to the event hub lasts.
    situation.plane.change("subscriptions", Vec::clear);
    situation.until(|status| status.counts.subscriptions == 0).await;
    let status = situation.data.status();
    assert!(status.notified && status.notifications == 0, "{status:?}");
    assert!(!situation.subscribed());
}

#[tokio::test]
async fn what_was_loaded_stays_while_the_control_plane_is_away() {
    let mut settings = connected();
    settings.limits.refresh = Duration::from_millis(10);
    let situation = Situation::start(settings).await;
    situation.loaded(1).await;
    situation.plane.fault(Some(status("500 Internal Server Error")));
    situation.until(|status| status.state == DataState::Stale).await;
    assert!(situation.subscribed());
    situation.plane.fault(None);
    situation.until(|status| status.state == DataState::Current).await;
    // What has vanished is gone with the next load.
    situation.plane.change("subscriptions", Vec::clear);
    situation.until(|status| status.counts.subscriptions == 0).await;
    assert!(!situation.subscribed());
}

#[tokio::test]
async fn elements_that_make_no_sense_are_counted_and_do_not_keep_others_away() {
    let plane = Plane::start();
    plane.change("subscriptions", |list| {
        list.push(json!({"apiId": "41", "appId": [], "policyId": 1}))
    });
    let situation = Situation::with(plane, connected());
    situation.loaded(1).await;
    assert_eq!(situation.data.status().rejected, 1);
    assert!(situation.subscribed());
}

#[tokio::test]
async fn those_who_miss_the_same_object_share_one_question() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    let key = json!({"applicationId": 12, "consumerKey": "new", "keyType": "SANDBOX"});
    situation
        .plane
        .change("application-key-mappings", |list| list.push(key));
    let missing = Missing::KeyMapping("new".into());
    let answers = futures_util::future::join_all((0..50).map(|_| situation.data.look_up(missing.clone()))).await;
    assert!(answers.iter().all(|answer| *answer == LookedUp::Found), "{answers:?}");
    assert_eq!(situation.plane.lookups(), 1);
    assert!(matches!(situation.data.store().key_mapping("new"), Seen::Here(_)));
}

#[tokio::test]
async fn unknown_objects_are_not_asked_for_again_and_again() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    let missing = [
        Missing::KeyMapping("x&appId=12".into()),
        Missing::Application(Ids::new(Some(99), None)),
        Missing::Api {
            id: mgw_bundle::api_id("Ledger", "9"),
            context: "/ledger/9".into(),
            version: "9".into(),
        },
        Missing::Subscription {
            application: Ids::new(Some(12), None),
            api: Ids::new(Some(42), None),
        },
    ];
    for _ in 0..3 {
        for missing in &missing {
            assert_eq!(situation.data.look_up(missing.clone()).await, LookedUp::Absent);
        }
    }
    assert_eq!(situation.plane.lookups(), 4);
    assert_eq!(situation.data.status().lookup_failures, 0);
}

#[tokio::test]
async fn a_key_that_cannot_be_is_nobody_elses_trouble() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    for key in [String::new(), "x".repeat(1025)] {
        assert_eq!(situation.data.look_up(Missing::KeyMapping(key)).await, LookedUp::Absent);
    }
    assert_eq!(situation.plane.lookups(), 0);
    situation.plane.fault(Some(status("400 Bad Request")));
    let odd = Missing::KeyMapping("a\u{1}b".into());
    assert_eq!(situation.data.look_up(odd).await, LookedUp::Absent);
    situation.plane.fault(None);
    assert_eq!(
        situation.data.look_up(Missing::KeyMapping("key1".into())).await,
        LookedUp::Found
    );
}

#[tokio::test]
async fn answers_that_hold_something_else_are_not_taken() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    let other = json!([{"applicationId": 12, "consumerKey": "other", "keyType": "PRODUCTION"}]);
    situation.plane.fault(Some(ok(&other)));
    assert_eq!(
        situation.data.look_up(Missing::KeyMapping("new".into())).await,
        LookedUp::Absent
    );
    assert!(!matches!(situation.data.store().key_mapping("other"), Seen::Here(_)));
}

#[tokio::test]
async fn a_control_plane_that_does_not_answer_is_left_alone_for_a_while() {
    let situation = Situation::start(connected()).await;
    situation.loaded(1).await;
    situation.plane.fault(Some(status("500 Internal Server Error")));
    for number in 0..20 {
        let missing = Missing::KeyMapping(number.to_string());
        assert_eq!(situation.data.look_up(missing).await, LookedUp::Unavailable);
    }
    assert_eq!(situation.plane.lookups(), 1);
    assert_eq!(situation.data.status().lookup_failures, 1);
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_not_waited_for() {
    // Nobody accepts: the connection stays in the queue.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut settings = connected();
    settings.url = format!("http://{}", silent.local_addr().expect("bound"))
        .parse()
        .expect("a URL");
    settings.limits.lookup_timeout = Duration::from_millis(50);
    let data =
        SubscriptionData::start(&settings, &Asking::default(), &tokio::runtime::Handle::current()).expect("a client");
    assert_eq!(
        data.look_up(Missing::KeyMapping("new".into())).await,
        LookedUp::Unavailable
    );
    assert_eq!(data.status().lookup_failures, 1);
}

#[tokio::test]
async fn secrets_show_nowhere() {
    let situation = Situation::start(connected()).await;
    assert!(!format!("{:?}", situation.data).contains("canary"));
}
