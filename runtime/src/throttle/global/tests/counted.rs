//! The whole way round: requests become events, a traffic manager takes them, and what follows from their number comes back
//! as a decision.

use super::gateway::{Served, bearer, decision, eventually, lists, publish, taken_back};
use crate::auth::tests::server::{Server, ok};
use crate::event_hub::amqp::rabbitmq::RabbitMq;
use mgw_fixtures::traffic_manager::{TrafficManager, TrafficManagerOptions};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const HOUR: u64 = 3_600_000;
/// Requests that each key may make.
const LIMIT: usize = 5;

/// Counts the events of a traffic manager by the values of a field.
fn counts(manager: &TrafficManager, field: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in manager.seen().events {
        *counts.entry(event.field(field).to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn requests_are_counted_by_the_traffic_manager_and_refused_by_its_decisions() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let (manager, driving) = {
        let manager = runtime.block_on(TrafficManager::start(TrafficManagerOptions::default()));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let driving = std::thread::spawn(move || {
            let _ = runtime.block_on(stopped);
        });
        (manager.expect("free ports"), (stop, driving))
    };
    let mut broker = RabbitMq::prepare();
    broker.start();
    let backend = Server::start(ok(&json!({"ok": true})));
    let plane = Server::serve(lists(&json!([]), &json!({})));
    let folder = tempfile::tempdir().expect("a folder");
    let authority = folder.path().join("authority.pem");
    std::fs::write(&authority, manager.authority_pem()).expect("writes");
    let conf = format!(
        "throttlingConfig.enabledGlobalTMEventPublishing = true\n\
         throttlingConfig.receiverCaFile = \"{}\"\n\
         throttlingConfig.jmsConnectionProviderUrl = \"amqp://admin:canary@127.0.0.1:{}/carbon\"\n\
         throttlingConfig.dataRetriever.serverUrl = \"http://{}/internal/data/v1/\"\n\
         throttlingConfig.dataRetriever.username = \"cp\"\nthrottlingConfig.dataRetriever.password = \"canary\"\n",
        authority.display(),
        broker.port,
        plane.address
    );
    let tables = format!(
        "[[throttlingConfig.binary.URLGroup]]\nreceiverURL = \"tcp://{}\"\nauthURL = \"ssl://{}\"\n",
        manager.events(),
        manager.auth()
    );
    let served = Served::start(&conf, &tables, &backend);
    served.until_ready_says("decisions", "current");
    let (ana, bo) = (bearer("ana"), bearer("bo"));

    // Everybody calls up to the limit; the traffic manager counts what passes.
    for _ in 0..LIMIT {
        assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
        assert_eq!(served.code("/ledger/1.0.0/x", ""), 0);
    }
    assert_eq!(served.code("/till/1.0.0/x", &bo), 0);
    eventually("all events came", || manager.seen().events.len() == 2 * LIMIT + 1);
    let by_application = counts(&manager, "appKey");
    let over: Vec<_> = by_application
        .iter()
        .filter(|(key, count)| key.ends_with(":ana") && **count >= LIMIT)
        .map(|(key, _)| key.clone())
        .collect();
    assert_eq!(over, ["12:ana"]);
    publish(&broker, 3, &[decision(&over[0], HOUR, None)]);
    served.until(900_803, "/till/1.0.0/x", &ana);
    assert_eq!(served.code("/till/1.0.0/x", &bo), 0, "another user of the application");

    // The same for what callers share: the keys are those that the events told.
    let subscriptions = counts(&manager, "subscriptionKey");
    let address = subscriptions
        .keys()
        .find(|key| key.starts_with("127.0.0.1"))
        .expect("an address");
    publish(&broker, 4, &[decision(address, HOUR, None)]);
    served.until(900_804, "/ledger/1.0.0/x", "");
    let resources = counts(&manager, "resourceKey");
    let till = resources.keys().find(|key| key.contains("till")).expect("a resource");
    publish(&broker, 4, &[decision(&format!("{till}_default"), HOUR, None)]);
    served.until(900_802, "/till/1.0.0/x", &bo);

    // What was refused was told nobody, and what passes again is.
    assert_eq!(served.code("/till/1.0.0/x", &ana), 900_802);
    publish(&broker, 3, &[taken_back(address)]);
    served.until(0, "/ledger/1.0.0/x", "");
    eventually("all came that reached the backend", || {
        manager.seen().events.len() == backend.requests()
    });
    let seen = manager.seen();
    assert!(seen.violations.is_empty(), "{:?}", seen.violations);
    let last = seen.events.last().expect("there are events");
    assert_eq!(
        (last.field("subscriptionKey"), last.field("apiName")),
        (address.as_str(), "Ledger__1_0_0")
    );
    assert_eq!(last.properties["ip"], 2_130_706_433);

    served.running.drain(Duration::ZERO);
    let (stop, driving) = driving;
    let _ = stop.send(());
    driving.join().expect("it ends");
}
