//! Telling the traffic manager of requests, from the start of a gateway to its end.

use crate::support::{GatewayBuilder, PATIENCE, api, eventually};
use mgw_fixtures::traffic_manager::{TrafficManager, TrafficManagerOptions};
use mgw_runtime::StartError;
use std::fs;
use std::sync::Arc;

fn builder(ca_file: &str, receiver: &str, auth: &str) -> GatewayBuilder {
    GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).file(&format!(
        "[throttlingConfig]\nenabledGlobalTMEventPublishing = true\njmsConnectionProviderUrl = \"amqp://a:b@127.0.0.1:1\"\nreceiverCaFile = \"{ca_file}\"\n\
         [[throttlingConfig.binary.URLGroup]]\nreceiverURL = \"tcp://{receiver}\"\nauthURL = \"ssl://{auth}\"\n"
    ))
}

#[test]
fn a_gateway_signs_in_tells_its_metrics_and_signs_out() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let manager = runtime
        .block_on(TrafficManager::start(TrafficManagerOptions::default()))
        .expect("free ports");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ca_file = folder.path().join("ca.pem");
    fs::write(&ca_file, manager.authority_pem()).expect("written");
    let (receiver, auth) = (manager.events().to_string(), manager.auth().to_string());
    let gateway = Arc::new(builder(ca_file.to_str().expect("UTF-8"), &receiver, &auth).start());
    runtime.block_on(manager.wait_until(|seen| seen.logins == 1 && seen.connections == 1));
    eventually("the receiver is told to be there", || {
        gateway.metric("mgw_traffic_manager_receivers_connected{group=\"1\"}") == Some(1.0)
    });
    for (name, value) in [
        ("receivers", 1.0),
        ("events_waiting", 0.0),
        ("events_sent_total", 0.0),
        ("events_dropped_total", 0.0),
        ("events_refused_total", 0.0),
        ("failures_total", 0.0),
    ] {
        let name = format!("mgw_traffic_manager_{name}{{group=\"1\"}}");
        assert_eq!(gateway.metric(&name), Some(value), "{name}");
    }
    let draining = std::thread::spawn({
        let gateway = Arc::clone(&gateway);
        move || gateway.running.drain(PATIENCE)
    });
    runtime.block_on(manager.wait_until(|seen| seen.logouts == 1 && seen.connections == 0));
    draining.join().expect("it drains");
}

#[test]
fn authorities_that_cannot_be_used_keep_a_gateway_from_starting() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = folder.path().join("empty.pem");
    fs::write(&empty, "").expect("written");
    let broken = folder.path().join("broken.pem");
    fs::write(
        &broken,
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .expect("written");
    for (file, expected) in [
        (&empty, "throttlingConfig.receiverCaFile"),
        (&broken, "prepare the connection to the traffic manager"),
        (&folder.path().join("missing.pem"), "throttlingConfig.receiverCaFile"),
    ] {
        let file = file.to_str().expect("UTF-8");
        let error: StartError = builder(file, "127.0.0.1:1", "127.0.0.1:2")
            .try_start()
            .err()
            .expect("no start");
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.named(), [file]);
    }
}

#[test]
fn what_is_off_has_no_metrics() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")]).start();
    assert_eq!(gateway.metric("mgw_traffic_manager_receivers{group=\"1\"}"), None);
}
