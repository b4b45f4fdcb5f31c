//! What the page on outages says that `lastError` begins with: each of it comes of what the page says, and nothing else comes.

use super::setup::{Gateway, USER, World, command, running};
use crate::support::Outcome;
use mgw_fixtures::simulator::{Action, Effect, Fault, Options, Shape, Simulator};
use serde_json::{Value, json};

const APIS: &str = "/api/am/publisher";

/// The causes of the page's table; `…` stands for any text.
fn causes() -> Vec<String> {
    let page = include_str!("../../../docs/src/how-to/cloud-outage.md");
    let rows = page
        .lines()
        .skip_while(|line| !line.starts_with("| `lastError` begins with"));
    let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|line| line.split('|').nth(1));
    cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

/// Whether a reason begins with a cause.
fn begins(reason: &str, cause: &str) -> bool {
    let mut parts = cause.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = reason.strip_prefix(first) else {
        return false;
    };
    parts.all(|part| match rest.find(part) {
        Some(found) => {
            rest = &rest[found + part.len()..];
            true
        }
        None => false,
    })
}

/// The reasons that were found, each for a cause of the page.
struct Found(Vec<String>);

impl Found {
    /// Waits until the reason for the last failure begins with a cause.
    async fn wait(&mut self, gateway: &Gateway, cause: &str) {
        assert!(
            causes().iter().any(|known| known == cause),
            "{cause} is not on the page"
        );
        let is_it = |told: &Value| begins(told["lastError"].as_str().unwrap_or_default(), cause);
        gateway.until(cause, is_it).await;
        self.0.push(cause.to_owned());
    }

    /// Something happens, has its cause, and passes.
    async fn passes(&mut self, world: &World, gateway: &Gateway, action: Action, cause: &str) {
        world.plane.act(action).await.expect("it can be done");
        self.wait(gateway, cause).await;
        world.plane.act(Action::Heal).await.expect("it can be done");
        gateway.fresh().await;
    }
}

fn status(path: &str, status: u16) -> Action {
    Action::Fault(Fault::new(
        path,
        Effect::Status {
            status,
            retry_after: None,
        },
    ))
}

fn logs_in(world: &World, user: &str, password: &str) {
    let url = world.plane.url().to_owned();
    let words = ["login", "--url", &url, "--ca", "ca.pem", "--username", user];
    let mut login = world.place.command(&words);
    login.env("MGW_PASSWORD", password);
    Outcome::of(login).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cause_of_the_page_is_told_in_its_words() {
    let mut found = Found(Vec::new());
    of_an_api_cloud(&mut found).await;
    of_somebody_else_signed_in(&mut found).await;
    of_data_for_gateways(&mut found).await;
    let mut missing = causes();
    missing.retain(|cause| !found.0.contains(cause));
    assert!(missing.is_empty(), "nothing leads to {missing:?}");
}

async fn of_an_api_cloud(found: &mut Found) {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run_impatiently();
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let fault = |effect| Action::Fault(Fault::new(APIS, effect));
    let json = |body: &str| {
        fault(Effect::Answer {
            status: 200,
            content_type: "application/json".to_owned(),
            location: None,
            body: body.as_bytes().to_vec(),
        })
    };
    for (action, cause) in [
        (Action::Down, "cannot reach"),
        (fault(Effect::Latency { ms: 60_000 }), "… did not answer in time"),
        (fault(Effect::Truncate), "… gave no whole answer"),
        (
            Action::OtherCertificate,
            "the certificate of … is from an authority that is not trusted here",
        ),
        (status(APIS, 403), "… answered 403"),
        (status(APIS, 429), "… answered 429"),
        (fault(Effect::Garbage), "… answered with something that is not JSON"),
        (json("{}"), "… answered with an object …"),
        (
            json(r#"{"count": 1, "list": [{"name": "Orders"}], "pagination": {"total": 1}}"#),
            "… answered with a list …",
        ),
        (fault(Effect::HalfPage), "the control plane did not list …"),
    ] {
        found.passes(&world, &gateway, action, cause).await;
    }
    let empty = json!({"openapi": "3.0.0", "info": {"title": "Orders", "version": "1.0.0"}, "paths": {}});
    let plane = &world.plane;
    plane.change_definition("Orders:1.0.0", empty).expect("it is there");
    found.wait(&gateway, "what was pulled has …").await;
    let orders: Value =
        serde_json::from_str(include_str!("../../../fixtures/seed/apis/orders-1.0.0.json")).expect("JSON");
    plane.change_definition("Orders:1.0.0", orders).expect("it is there");
    gateway.fresh().await;
    // It has a backend that wants a password, which the gateway's settings do not have.
    let labels = mgw_fixtures::simulator::Edit::Labels {
        api: "Payments:3.1.0".to_owned(),
        labels: vec!["dev".to_owned()],
    };
    plane.edit(labels).expect("it is there");
    found.wait(&gateway, "the new bundle cannot be served").await;
    plane.forget_tokens();
    found.wait(&gateway, "the session of … ended").await;
    world.place.mgw(&["logout", "--ca", "ca.pem"]);
    found.wait(&gateway, "not signed in").await;
    gateway.stop();
}

async fn of_somebody_else_signed_in(found: &mut Found) {
    let world = World::new(Shape::ApiCloud).await;
    logs_in(&world, "ben@meridian.example@meridian", "demo-password-ben");
    let variables = [("MGW_USERNAME", USER)];
    let words = ["--connected", "--poll", "1"];
    let gateway = running(command(&world.place, &variables, &words), &world.client);
    found.wait(&gateway, "… is signed in, … is to be").await;
    gateway.stop();
    world.sign_in();
    let lock = world.place.read("shop/mgw.lock");
    let elsewhere = lock.replace("organisation = \"meridian\"", "organisation = \"other\"");
    assert_ne!(lock, elsewhere);
    world.place.write("shop/mgw.lock", &elsewhere);
    world.place.mgw(&["build", "shop"]).exits(0);
    let gateway = world.run(false, &[]);
    found.wait(&gateway, "… is of the organisation …").await;
    gateway.stop();
}

async fn of_data_for_gateways(found: &mut Found) {
    let world = World::new(Shape::Apim32).await;
    let gateway = world.run(true, &[]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    gateway.fresh().await;
    let data = status("/internal/data", 503);
    let cause = "the data for gateways could not be read";
    found.passes(&world, &gateway, data, cause).await;
    let policies = status("/api/am/admin/v1/throttling/policies", 403);
    let cause = "… cannot be seen any more";
    found.passes(&world, &gateway, policies, cause).await;
    // Another control plane at the same address, whose authority has the same name.
    let listen = world.plane.address();
    let World { plane, .. } = world;
    plane.shutdown().await;
    let options = Options {
        listen,
        shape: Shape::Apim32,
        ..Options::default()
    };
    let anew = Simulator::start(options).await.expect("the port is free again");
    found.wait(&gateway, "… was signed with another key …").await;
    gateway.stop();
    anew.shutdown().await;
}

#[test]
fn a_reason_begins_with_a_cause() {
    for (reason, cause, expected) in [
        ("cannot reach localhost", "cannot reach", true),
        ("we cannot reach localhost", "cannot reach", false),
        ("GET /x answered 403: no", "… answered 403", true),
        ("GET /x answered 404", "… answered 403", false),
        ("ana is signed in, ben is to be", "… is signed in, … is to be", true),
        ("ben is to be, ana is signed in, ", "… is signed in, … is to be", false),
    ] {
        assert_eq!(begins(reason, cause), expected, "{reason}");
    }
    assert!(causes().len() > 15, "{:?}", causes());
}
