//! `mgw run` and `mgw token` through the binary, with a real backend.

use crate::running::Running;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

pub const ON_LOOPBACK: [&str; 8] = [
    "--set",
    "listenerConfig.host=127.0.0.1",
    "--set",
    "listenerConfig.httpPort=0",
    "--set",
    "listenerConfig.httpsPort=0",
    "--set",
    "adminConfig.port=0",
];

async fn backend() -> Backend {
    Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts")
}

/// A project with one secured, one scoped and one open operation.
fn project(backend: &str) -> Place {
    let place = Place::new();
    place.write(
        "openapi.yaml",
        &format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: ['{backend}']}}\n\
             components:\n  securitySchemes:\n    sso: {{type: oauth2, flows: {{implicit: {{authorizationUrl: 'https://localhost/a', scopes: {{items_write: write}}}}}}}}\n\
             paths:\n  /items/{{id}}:\n    get:\n      responses: {{'200': {{description: ok}}}}\n    \
             post:\n      security: [{{sso: [items_write]}}]\n      responses: {{'200': {{description: ok}}}}\n  \
             /open:\n    get:\n      x-wso2-disable-security: true\n      responses: {{'200': {{description: ok}}}}\n"
        ),
    );
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    place
}

/// Serves something on free ports: the gateway, and the addresses of its plain and its admin listener.
pub fn run(place: &Place, source: &str, more: &[&str]) -> (Running, String, String) {
    let mut arguments = vec!["run", source, "--output", "json"];
    arguments.extend(ON_LOOPBACK);
    arguments.extend(more);
    let mut running = Running::start(place, &arguments);
    let serving = running.json_line();
    let url = |name: &str| serving[name].as_str().expect("an address").to_owned();
    (running, url("http"), url("admin"))
}

async fn status(request: reqwest::RequestBuilder) -> u16 {
    request.send().await.expect("the gateway answers").status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_openapi_file_is_served_with_local_tokens() {
    let backend = backend().await;
    let place = project(&backend.url());
    let (gateway, url, admin) = run(&place, "shop", &["--local-issuer"]);
    let client = reqwest::Client::new();
    let token = place.mgw(&["token", "shop"]).exits(0).stdout.trim().to_owned();
    let narrow = place
        .mgw(&["token", "shop", "--scope", "other"])
        .exits(0)
        .stdout
        .trim()
        .to_owned();

    let items = format!("{url}/shop/items/7");
    assert_eq!(status(client.get(&items).bearer_auth(&token)).await, 200);
    assert_eq!(status(client.post(&items).bearer_auth(&token).body("{}")).await, 200);
    assert_eq!(status(client.get(format!("{url}/shop/open"))).await, 200);
    let served = backend.request_count();
    assert_eq!(served, 3);

    assert_eq!(status(client.get(&items)).await, 401);
    assert_eq!(status(client.get(&items).bearer_auth("nonsense")).await, 401);
    assert_eq!(status(client.post(&items).bearer_auth(&narrow).body("{}")).await, 403);
    assert_eq!(status(client.delete(&items).bearer_auth(&token)).await, 405);
    assert_eq!(
        status(client.get(format!("{url}/shop/none")).bearer_auth(&token)).await,
        404
    );
    assert_eq!(status(client.get(format!("{url}/elsewhere"))).await, 404);
    assert_eq!(backend.request_count(), served, "no refusal reaches the backend");

    assert_eq!(status(client.get(format!("{admin}/ready"))).await, 200);
    let metrics = client
        .get(format!("{admin}/metrics"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(metrics.contains("mgw_"), "{metrics}");

    gateway.signal("TERM");
    gateway.end().exits(0);
    backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_flag_local_tokens_are_refused() {
    let backend = backend().await;
    let place = project(&backend.url());
    let (gateway, url, _) = run(&place, "shop", &[]);
    let token = place.mgw(&["token", "shop"]).exits(0).stdout.trim().to_owned();
    let call = reqwest::Client::new()
        .get(format!("{url}/shop/items/7"))
        .bearer_auth(token);
    assert_eq!(status(call).await, 401);
    assert_eq!(backend.request_count(), 0);
    gateway.signal("INT");
    let outcome = gateway.end().exits(0);
    assert!(
        outcome.stderr.contains("no token issuer is trusted"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_taken_port_is_told_with_its_setting() {
    let place = project("http://127.0.0.1:1");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port();
    for setting in [
        "listenerConfig.httpPort",
        "listenerConfig.httpsPort",
        "adminConfig.port",
    ] {
        let set = format!("{setting}={port}");
        let mut arguments = vec!["run", "shop"];
        arguments.extend(ON_LOOPBACK);
        arguments.extend(["--set", &set]);
        let remedy = format!("Stop the other program, or choose another port: --set {setting}=PORT.");
        let told = place.mgw(&arguments).exits(7).says("is already in use");
        told.says(&remedy);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_bundle_is_taken_and_a_broken_one_is_not() {
    let backend = backend().await;
    let place = project(&backend.url());
    place.mgw(&["build", "shop"]).exits(0);
    let (gateway, url, admin) = run(&place, "shop/target/shop.zip", &[]);
    let client = reqwest::Client::new();
    let ready = async || -> serde_json::Value {
        let answer = client.get(format!("{admin}/ready")).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    };
    let before = ready().await["bundle"].clone();

    std::fs::write(place.path().join("shop/target/shop.zip"), "broken").unwrap();
    gateway.signal("HUP");
    let mut told = ready().await;
    for _ in 0..600 {
        if told.get("refusedBundle").is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        told = ready().await;
    }
    let reason = told["refusedBundle"]["reason"].as_str();
    assert!(reason.is_some_and(|reason| reason.contains("shop.zip")), "{told}");
    assert_eq!((&told["ready"], &told["bundle"]), (&true.into(), &before));
    let metrics = client.get(format!("{admin}/metrics")).send().await.expect("an answer");
    let metrics = metrics.text().await.expect("text");
    assert!(metrics.contains("mgw_bundle_refused 1\n"), "{metrics}");
    assert!(!metrics.contains("mgw_reload_failures_total 0\n"), "{metrics}");
    assert_eq!(status(client.get(format!("{url}/shop/open"))).await, 200);

    let changed = place
        .read("shop/api_definitions/openapi.yaml")
        .replace("/open:", "/opened:");
    place.write("shop/api_definitions/openapi.yaml", &changed);
    place.mgw(&["build", "shop"]).exits(0);
    gateway.signal("HUP");
    let mut opened = 404;
    for _ in 0..600 {
        opened = status(client.get(format!("{url}/shop/opened"))).await;
        if opened == 200 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(opened, 200);
    // Requests see the bundle before the refusal of the one before it is forgotten.
    let mut told = ready().await;
    for _ in 0..600 {
        if told.get("refusedBundle").is_none() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        told = ready().await;
    }
    assert_ne!(told["bundle"], before);
    assert_eq!(told.get("refusedBundle"), None, "{told}");
    gateway.signal("TERM");
    let outcome = gateway.end().exits(0);
    assert!(outcome.stderr.contains("not an intact bundle"), "{}", outcome.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_key_that_cannot_be_used_is_named() {
    let backend = backend().await;
    let place = project(&backend.url());
    let key = |make: &str| {
        let output = std::process::Command::new("openssl")
            .args(make.split_whitespace())
            .current_dir(place.path())
            .output()
            .expect("openssl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    key("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem");
    key("pkey -in private.pem -pubout -out shop/conf/issuer.pem");
    place.write(
        "shop/conf/micro-gw.conf",
        "[[jwtTokenConfig]]\nissuer = \"https://issuer.test\"\npublicKeyFile = \"issuer.pem\"\n",
    );
    let (gateway, url, admin) = run(&place, "shop", &[]);
    let client = reqwest::Client::new();
    place.write("shop/conf/issuer.pem", "broken");
    gateway.signal("HUP");
    let mut counted = false;
    for _ in 0..600 {
        let answer = client.get(format!("{admin}/metrics")).send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        counted = text.contains("mgw_file_reload_failures_total{part=\"keys\"} 1\n");
        if counted {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(counted);
    assert_eq!(status(client.get(format!("{url}/shop/open"))).await, 200);
    gateway.signal("TERM");
    let outcome = gateway.end().exits(0);
    for expected in ["changed files cannot be used", "issuer.pem"] {
        assert!(outcome.stderr.contains(expected), "{expected} in {}", outcome.stderr);
    }
}

#[test]
fn a_port_in_use_is_named() {
    let place = project("http://127.0.0.1:9");
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let set = format!("listenerConfig.httpPort={port}");
    let mut arguments = vec!["run", "shop"];
    arguments.extend(ON_LOOPBACK);
    arguments.extend(["--set", &set]);
    place.mgw(&arguments).exits(7).says(&port.to_string()).says("hint:");
}

#[test]
fn settings_that_are_wrong_are_all_reported_with_their_place() {
    let place = project("http://127.0.0.1:9");
    place.write(
        "shop/conf/micro-gw.conf",
        "[listenerConfig]\nhttpPort = \"many\"\nhttpPrt = 1\n",
    );
    place
        .mgw(&["run", "shop"])
        .exits(3)
        .says("micro-gw.conf:2:")
        .says("micro-gw.conf:3:")
        .says("httpPort");
}

#[test]
fn files_that_cannot_be_used_are_reported_with_the_lines_that_name_them() {
    let place = project("http://127.0.0.1:9");
    place.write(
        "shop/conf/micro-gw.conf",
        "[[jwtTokenConfig]]\nissuer = \"https://a.example\"\npublicKeyFile = \"keys/missing.pem\"\n\n\
         [[jwtTokenConfig]]\nissuer = \"https://b.example\"\n  certificateAlias = \"nobody\"\n",
    );
    place
        .mgw(&["run", "shop"])
        .exits(3)
        // Beside the file that names it, not in the working directory.
        .says("`shop/conf/keys/missing.pem` is named at shop/conf/micro-gw.conf:3:1.")
        .says("`nobody` is named at shop/conf/micro-gw.conf:7:3.")
        .says("there is no trust store");
}

#[test]
fn what_is_not_there_cannot_be_served() {
    let place = Place::new();
    place.mgw(&["run", "nowhere.zip"]).exits(7).says("nowhere.zip");
    place.mgw(&["run", "."]).exits(3).says("not a project");
    place.mgw(&["token", "."]).exits(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_version_is_told_with_both_addresses() {
    let place = project("http://localhost:1");
    let definition = place.read("shop/api_definitions/openapi.yaml");
    let versioned = definition.replace(
        "x-wso2-basePath: /shop",
        "x-wso2-basePath: /shop/{version}\nx-mgw-default-version: true",
    );
    place.write("shop/api_definitions/openapi.yaml", &versioned);
    let mut arguments = vec!["run", "shop", "--output", "json"];
    arguments.extend(ON_LOOPBACK);
    let serving = Running::start(&place, &arguments).json_line();
    let url = serving["http"].as_str().expect("an address");
    let api = &serving["apis"][0];
    assert_eq!(api["url"], format!("{url}/shop/1.0.0"));
    assert_eq!(api["default_version_url"], format!("{url}/shop"));
}
