//! A gateway that is connected to a control plane, through the binary: nothing about callers is in its bundle.

use crate::running::Running;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::seed::SubscriptionStatus;
use mgw_fixtures::simulator::{Edit, Effect, Fault, Options, Shape, Simulator};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

const DEFINITION: &str = "openapi: 3.0.0\ninfo: {title: Orders, version: 1.0.0}\n\
    x-wso2-basePath: /t/meridian/orders/1.0.0\nx-wso2-production-endpoints: {urls: ['BACKEND']}\n\
    components: {securitySchemes: {sso: {type: oauth2, flows: {}}}}\nsecurity: [{sso: []}]\n\
    paths: {/orders: {get: {responses: {'200': {description: ok}}}}}\n";

/// Waits for a condition that another process brings about.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(60), waiting).await.is_ok(),
        "{what}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn new_callers_are_looked_up_and_blocked_ones_are_refused() {
    let options = Options {
        shape: Shape::Apim32,
        ..Options::default()
    };
    let plane = Simulator::start(options).await.expect("a port is free");
    let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
    let backend = backend.expect("the backend starts");
    // The first load does not end before the test says so; whoever is admitted before was looked up.
    let held = Fault::new("/internal/data/v1/subscriptions", Effect::Hold);
    plane.set_fault(held.times(1));

    let place = Place::new();
    place.write("ca.pem", plane.ca_pem());
    place.write("openapi.yaml", &DEFINITION.replace("BACKEND", &backend.url()));
    place.write(
        "micro-gw.conf",
        &format!(
            "[apim.eventHub]\nenable = true\nserviceUrl = \"{url}/\"\nusername = \"dev@meridian.example@meridian\"\n\
             caFile = \"ca.pem\"\nrefreshInterval = 1\nlookupTimeout = 20000\n\
             [[jwtTokenConfig]]\nissuer = \"{issuer}\"\njwksURL = \"{jwks}\"\njwksCaFile = \"ca.pem\"\n",
            url = plane.url(),
            issuer = plane.issuer(),
            jwks = plane.jwks_url(),
        ),
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    let mut command = place.command(&[
        "run",
        "shop",
        "--output",
        "json",
        "--config",
        "micro-gw.conf",
        "--set",
        "listenerConfig.host=127.0.0.1",
        "--set",
        "listenerConfig.httpPort=0",
        "--set",
        "listenerConfig.httpsPort=0",
        "--set",
        "adminConfig.port=0",
    ]);
    command.env("apim_eventHub_password", "demo-password");
    let mut gateway = Running::of(command);
    let serving = gateway.json_line();
    let url = |name: &str| serving[name].as_str().expect("an address").to_owned();
    let (orders, ready) = (
        format!("{}/t/meridian/orders/1.0.0/orders", url("http")),
        format!("{}/ready", url("admin")),
    );

    let authority = reqwest::Certificate::from_pem(plane.ca_pem().as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder()
        .tls_certs_merge([authority])
        .build()
        .expect("a client");
    let token = async |application: &str| {
        let key = plane
            .seed()
            .application_key(application, "PRODUCTION")
            .expect("it is in the seed");
        let request = client
            .post(format!("{}/oauth2/token", plane.url()))
            .basic_auth(&key.consumer_key, Some(&key.consumer_secret))
            .form(&[("grant_type", "client_credentials")]);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    };
    let call = async |token: &str| {
        let answer = client.get(&orders).bearer_auth(token).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        (status, body["fault"]["code"].as_u64())
    };
    let data = async || {
        let ready: Value = client
            .get(&ready)
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("JSON");
        ready["subscriptionData"].clone()
    };

    let (till, suspended) = (token("Till").await, token("Suspended").await);
    // Look-ups ask below the same path: it is the load that is to be held.
    until("the load waits", async || plane.waiting_faults().is_empty()).await;
    assert_eq!(call(&till).await.0, 200);
    assert_eq!(call(&suspended).await, (403, Some(900_907)));
    assert_eq!(data().await["state"], "loading", "the first load goes on all the while");

    plane.clear_faults();
    until("everything is loaded", async || data().await["state"] == "current").await;
    assert_eq!(call(&till).await.0, 200);
    let served = backend.request_count();
    let block = Edit::SubscriptionStatus {
        application: "Till".to_owned(),
        api: "Orders:1.0.0".to_owned(),
        status: SubscriptionStatus::Blocked,
    };
    plane.edit(block).expect("a subscription of the seed");
    until("the block counts", async || call(&till).await == (403, Some(900_907))).await;
    let refused_from = backend.request_count();
    assert_eq!(call(&till).await.0, 403);
    assert!(served <= refused_from && backend.request_count() == refused_from);

    gateway.signal("TERM");
    let outcome = gateway.end().exits(0);
    assert!(!outcome.stderr.contains("demo-password"));
    backend.shutdown().await;
}
