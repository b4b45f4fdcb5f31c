//! Somebody changes the password at the control plane.

use super::setup::{Gateway, PASSWORD, USER, World};
use mgw_fixtures::simulator::Shape;
use serde_json::Value;

const ORDERS: &str = "/orders/1.0.0/orders";
const WEATHER: &str = "/1.0.0/weather/now";
/// What Kiosk is not subscribed to.
const NEWER_ORDERS: &str = "/orders/2.0.0/orders";
const NEW: &str = "canary-new";

/// Waits until the gateway is signed out and its remedy says a word; nothing else has changed.
async fn is_signed_out(gateway: &Gateway, before: &Value, is_refused: bool, word: &str) -> Value {
    let told = gateway
        .until("it is signed out", |told| {
            told["signedIn"] == false && told["remedy"].as_str().is_some_and(|remedy| remedy.contains(word))
        })
        .await;
    assert_eq!(told["served"], before["served"], "{told}");
    assert_eq!(
        told["credentialsRefused"],
        is_refused.then_some(true).map_or(Value::Null, Value::from),
        "{told}"
    );
    assert!(told["lastError"].is_string(), "{told}");
    let ready = gateway.shown("/ready").await;
    assert_eq!(
        (&ready["ready"], &ready["connected"]["signedIn"]),
        (&Value::from(true), &Value::from(false))
    );
    assert!(
        ready["connected"]["remedy"]
            .as_str()
            .is_some_and(|remedy| remedy.contains(word)),
        "{ready}"
    );
    assert!(gateway.measures("mgw_connected_signed_in 0").await);
    let refused = format!("mgw_connected_credentials_refused {}", u8::from(is_refused));
    assert!(gateway.measures(&refused).await, "{refused}");
    assert_eq!(gateway.status(WEATHER, None).await, 200);
    told
}

/// Waits until everything goes on, and nothing is left of the trouble.
async fn goes_on(gateway: &Gateway) {
    let told = gateway
        .until("it goes on", |told| {
            told["signedIn"] == true && told["failuresInARow"] == 0
        })
        .await;
    for name in ["remedy", "credentialsRefused", "lastError"] {
        assert_eq!(told.get(name), None, "{told}");
    }
    assert!(gateway.measures("mgw_connected_credentials_refused 0").await);
}

/// How often somebody tried to sign in with a password.
fn sign_ins(world: &World) -> usize {
    let requests = world.plane.requests();
    requests
        .iter()
        .filter(|request| request.path().contains("register"))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_new_password_ends_goes_on_after_a_sign_in() {
    let world = World::new(Shape::ApiCloud).await;
    let token = world.token().await;
    let gateway = world.run(false, &[]);
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let load = gateway.load(ORDERS, token);
    world.plane.set_password(USER, NEW).unwrap();
    let told = is_signed_out(&gateway, &before, false, "Run mgw login").await;
    let reason = told["lastError"].as_str().unwrap_or_default();
    assert!(reason.contains("session") && reason.contains("ended"), "{reason}");
    let words = ["status", "shop", "--offline", "--gateway", &gateway.admin];
    let shown = world.place.mgw(&words).exits(0).stdout;
    assert!(shown.contains("Run mgw login"), "{shown}");
    world.sign_in_with(NEW);
    goes_on(&gateway).await;
    load.finish().await;
    let said = gateway.stop();
    assert!(said.contains("Run mgw login") && !said.contains(NEW), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused_goes_on_from_its_file() {
    // Here the data for gateways take the password too.
    let world = World::new(Shape::Apim32).await;
    world.place.write("password", &format!("{PASSWORD}\n"));
    let (till, kiosk) = (world.token().await, world.token_of("Kiosk").await);
    let gateway = world.run_with_password_file("password");
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    gateway
        .until("the data are there", |told| told["eventHub"]["state"] == "current")
        .await;
    let load = gateway.load(ORDERS, till);
    world.plane.clear_requests();
    world.plane.set_password(USER, NEW).unwrap();
    let told = is_signed_out(&gateway, &before, true, "to password, or run mgw login").await;
    let failures = told["failuresInARow"].as_u64();
    gateway
        .until("it goes on failing", |told| {
            told["failuresInARow"].as_u64() > failures.map(|count| count + 2)
        })
        .await;
    let tries = sign_ins(&world);
    assert!(tries <= 3, "{tries} attempts with a refused password");

    // One that is wrong too is tried once, and told as the first one was.
    world.place.write("password", "canary-wrong\n");
    gateway.until("it is tried", |_| sign_ins(&world) > tries).await;
    is_signed_out(&gateway, &before, true, "to password, or run mgw login").await;

    world.place.write("password", &format!("{NEW}\n"));
    goes_on(&gateway).await;
    gateway
        .until("the data are there again", |told| {
            told["eventHub"]["state"] == "current"
        })
        .await;
    assert_eq!(gateway.status(NEWER_ORDERS, Some(&kiosk)).await, 403);
    world
        .plane
        .add_subscription("Kiosk", "Orders:2.0.0", "Unlimited")
        .unwrap();
    gateway
        .until_status("a new subscription", NEWER_ORDERS, Some(&kiosk), 200)
        .await;
    load.finish().await;
    let said = gateway.stop();
    assert!(!said.contains("canary"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_of_the_environment_takes_a_sign_in_or_a_restart() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(true, &[]);
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    gateway.fresh().await;
    world.plane.set_password(USER, NEW).unwrap();
    is_signed_out(&gateway, &before, true, "MGW_PASSWORD").await;
    world.sign_in_with(NEW);
    gateway
        .until("it goes on", |told| {
            told["signedIn"] == true && told["failuresInARow"] == 0
        })
        .await;
    gateway.stop();
    let gateway = world.run_with_password(NEW);
    goes_on(&gateway).await;
    gateway.stop();
}
