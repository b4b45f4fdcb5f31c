//! Signing in and pulling through the binary, against the simulator.

use crate::running::Running;
use crate::support::{Outcome, Place};
use mgw_fixtures::simulator::{Effect, Fault, Options, Simulator};
use std::io::Write;
use std::process::{Command, Stdio};

const PASSWORD: &str = "demo-password";

async fn simulator() -> Simulator {
    Simulator::start(Options::default())
        .await
        .expect("the simulator starts")
}

/// A place whose user is not signed in yet, with the control plane's certificate authority at hand.
fn place(simulator: &Simulator) -> Place {
    let place = Place::new();
    place.write("ca.pem", simulator.ca_pem());
    place
}

fn login(place: &Place, simulator: &Simulator, password: &str) -> Outcome {
    let mut command = place.command(&[
        "login",
        "--url",
        simulator.url(),
        "--ca",
        "ca.pem",
        "--email",
        "dev@meridian.example",
        "--org",
        "meridian",
        "--password-stdin",
    ]);
    with_input(&mut command, password)
}

fn with_input(command: &mut Command, input: &str) -> Outcome {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(input.as_bytes()).expect("the binary reads its input");
    drop(stdin);
    Outcome::from_output(child.wait_with_output().expect("the binary ends"))
}

fn signed_in(simulator: &Simulator) -> Place {
    let place = place(simulator);
    login(&place, simulator, PASSWORD).exits(0);
    place.mgw(&["init", "shop"]).exits(0);
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn from_sign_in_to_sign_out() {
    use std::os::unix::fs::PermissionsExt;
    let simulator = simulator().await;
    let place = signed_in(&simulator);
    let session = place.config_dir().join("sessions/default.json");
    let mode = std::fs::metadata(&session).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let who = place.mgw(&["whoami", "--output", "json"]).exits(0).json();
    assert_eq!(who["user"], "dev@meridian.example@meridian");

    let pulled = place
        .mgw(&["pull", "shop", "--label", "dev", "--output", "json"])
        .exits(0);
    assert!(pulled.json().is_object());
    let lock = place.read("shop/mgw.lock");
    place
        .mgw(&["pull", "shop", "--label", "dev"])
        .exits(0)
        .says("unchanged");
    assert_eq!(place.read("shop/mgw.lock"), lock, "the same cloud gives the same lock");
    let first = place.mgw(&["build", "shop", "--output", "json"]).exits(0).json();
    let second = place.mgw(&["build", "shop", "--output", "json"]).exits(0).json();
    assert_eq!(first["digest"], second["digest"]);

    place.mgw(&["logout"]).exits(0);
    assert!(!session.exists());
    assert_eq!(simulator.request_count("POST", "/revoke"), 2);
    place.mgw(&["whoami"]).exits(11).says("mgw login");
    place
        .mgw(&["pull", "shop", "--label", "dev"])
        .exits(11)
        .says("mgw login");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_shows_anywhere() {
    let simulator = simulator().await;
    let place = place(&simulator);
    let mut said = String::new();
    let mut note = |outcome: Outcome| {
        said.push_str(&outcome.stdout);
        said.push_str(&outcome.stderr);
    };
    note(login(&place, &simulator, "canary-wrong-password"));
    note(login(&place, &simulator, PASSWORD));
    let session = std::fs::read_to_string(place.config_dir().join("sessions/default.json")).unwrap();
    let session: serde_json::Value = serde_json::from_str(&session).unwrap();
    note(place.mgw(&["init", "shop"]));
    for arguments in [
        &["pull", "shop", "--label", "prod", "-v"][..],
        &["build", "shop", "-v"],
        &["inspect", "shop", "--output", "json"],
        &["whoami", "-v"],
        &["doctor", "shop", "-v"],
        &["logout", "-v"],
    ] {
        note(place.mgw(arguments));
    }
    for (path, bytes) in place.files() {
        said.push_str(&String::from_utf8_lossy(&bytes));
        if path.extension().is_some_and(|extension| extension == "zip") {
            let bundle = mgw_bundle::Bundle::read(&bytes, &mgw_bundle::Limits::default()).unwrap();
            for entry in bundle.entries.values() {
                said.push_str(&String::from_utf8_lossy(entry));
            }
        }
    }
    let mut secrets = vec![PASSWORD.to_owned(), "canary-wrong-password".to_owned()];
    collect_secrets(&session, &mut secrets);
    assert!(secrets.len() >= 5, "tokens and client secret are among them");
    // Consumer secrets of the seed's applications.
    secrets.push("demo-secret-".to_owned());
    for secret in secrets {
        assert!(!said.contains(&secret), "a secret is shown");
    }
}

/// Every text of a session file that is a token or a client secret.
fn collect_secrets(value: &serde_json::Value, secrets: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                let secret = ["access", "refresh", "secret"].iter().any(|word| name.contains(word));
                match member {
                    serde_json::Value::String(text) if secret => secrets.push(text.clone()),
                    other => collect_secrets(other, secrets),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect_secrets(item, secrets)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_go_wrong_has_its_code_and_leaves_every_file() {
    let simulator = simulator().await;
    let unsigned = place(&simulator);
    login(&unsigned, &simulator, "wrong").exits(11).says("hint:");
    assert!(!unsigned.config_dir().join("sessions/default.json").exists());
    unsigned
        .mgw(&["login", "--url", simulator.url(), "--ca", "ca.pem"])
        .exits(10)
        .says("--username")
        .says("MGW_USERNAME");

    let place = signed_in(&simulator);
    place.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let before = place.files();
    let same = |outcome: Outcome| {
        assert!(outcome.stderr.contains("hint:"), "{}", outcome.stderr);
        assert_eq!(place.files(), before);
    };
    same(place.mgw(&["pull", "shop", "--label", "dve"]).exits(3).says("dev"));
    same(
        place
            .mgw(&["pull", "shop", "--label", "staging"])
            .exits(3)
            .says("staging"),
    );
    same(
        place
            .mgw(&["pull", "shop", "--api", "Orders:9.9"])
            .exits(3)
            .says("Orders"),
    );

    let apis = "/api/am/publisher/apis";
    for (effect, code) in [
        (
            Effect::Status {
                status: 500,
                retry_after: None,
            },
            14,
        ),
        (Effect::Truncate, 13),
        (Effect::Garbage, 14),
        (Effect::Huge { bytes: None }, 14),
    ] {
        let name = format!("{effect:?}");
        simulator.set_fault(Fault::new(apis, effect));
        let outcome = place.mgw(&["pull", "shop", "--label", "dev"]);
        simulator.clear_faults();
        assert_eq!(outcome.code, code, "{name}\n{}", outcome.stderr);
        assert_eq!(place.files(), before, "{name}");
    }
    simulator.shutdown().await;
    let gone = place.mgw(&["pull", "shop", "--label", "dev"]).exits(13);
    assert_eq!(place.files(), before);
    assert!(gone.stderr.contains("cannot reach"), "{}", gone.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_pull_changes_nothing() {
    let simulator = simulator().await;
    let place = signed_in(&simulator);
    place.mgw(&["pull", "shop", "--label", "dev"]).exits(0);
    let before = place.files();
    simulator.clear_requests();
    simulator.set_fault(Fault::new("/api/am/publisher/apis/", Effect::Latency { ms: 60_000 }));
    let pull = Running::start(&place, &["pull", "shop", "--label", "prod"]);
    // It is in the middle of reading details.
    while simulator.request_count("GET", "/api/am/publisher/apis") == 0 {
        tokio::task::yield_now().await;
    }
    pull.signal("INT");
    pull.end().exits(130);
    assert_eq!(place.files(), before);
}
