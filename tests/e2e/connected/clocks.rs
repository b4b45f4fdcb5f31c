//! The clock of the control plane is a whole day off.

use super::setup::{Gateway, World};
use mgw_fixtures::simulator::{Action, Effect, Fault, Options};
use serde_json::Value;
use std::time::Duration;

const ORDERS: &str = "/orders/1.0.0/orders";
const WEATHER: &str = "/1.0.0/weather/now";
/// A day and an hour, in seconds.
const DAY: i64 = 90_000;

/// The control plane's clock is so far ahead from now on.
async fn skew(world: &World, seconds: i64) {
    let fault = Action::Fault(Fault::new("/", Effect::ClockSkew { seconds }));
    world.plane.act(fault).await.unwrap();
}

/// Waits until two pulls in a row have succeeded, and says how the clocks differ.
async fn follows(gateway: &Gateway, what: &str, skew: Option<&str>) {
    let before = gateway.connected().await["pulls"]["unchanged"].as_u64();
    let told = gateway
        .until(what, |told| {
            // The second one began after the clock was set.
            told["pulls"]["unchanged"].as_u64() > before.map(|count| count + 1)
        })
        .await;
    assert_eq!(
        (&told["state"], &told["failuresInARow"], &told["signedIn"]),
        (&Value::from("fresh"), &Value::from(0), &Value::from(true)),
        "{what}: {told}"
    );
    let named = told["clockSkew"].as_str();
    assert_eq!(named.is_some(), skew.is_some(), "{what}: {told}");
    assert!(
        named.unwrap_or_default().contains(skew.unwrap_or_default()),
        "{what}: {told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_a_day_off_is_named_and_costs_nothing() {
    let options = Options {
        // The session would end otherwise.
        refresh_token_lifetime: Duration::from_secs(10 * 86_400),
        ..Options::default()
    };
    let world = World::of(options, "").await;
    let token = world.token().await;
    let gateway = world.run(false, &[]);
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let load = gateway.load(ORDERS, token);
    follows(&gateway, "clocks that agree", None).await;
    for (seconds, words) in [
        (DAY, "the clock here is 1 day behind"),
        (-DAY, "the clock here is 1 day ahead of"),
    ] {
        skew(&world, seconds).await;
        follows(&gateway, words, Some(words)).await;
        let ahead = gateway.metric("mgw_connected_clock_ahead_seconds").await;
        let ahead = ahead.expect("it is measured");
        assert!((ahead - seconds as f64).abs() < 300.0, "{ahead}");
        let shown = ["status", "shop", "--offline", "--gateway", &gateway.admin];
        let outcome = world.place.mgw(&shown).exits(0);
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
        world.plane.act(Action::Heal).await.unwrap();
        follows(&gateway, "clocks that agree again", None).await;
    }
    assert_eq!(gateway.connected().await["served"], before["served"]);
    load.finish().await;
    let said = gateway.stop();
    assert_eq!(said.matches("clocks differ").count(), 2, "once for each: {said}");
    assert_eq!(said.matches("the clocks agree again").count(), 2, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_a_wrong_clock_ends_goes_on_when_it_is_right() {
    // A session lasts a day there, which is over at once.
    let world = World::of(Options::default(), "").await;
    let gateway = world.run(false, &[]);
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    gateway.fresh().await;
    skew(&world, DAY).await;
    let told = gateway
        .until("the session is over", |told| {
            let remedy = told["remedy"].as_str().unwrap_or_default();
            told["signedIn"] == false && remedy.contains("clock") && remedy.contains("mgw login")
        })
        .await;
    let named = told["clockSkew"].as_str().unwrap_or_default();
    assert!(named.contains("1 day behind"), "{told}");
    assert_eq!(told["served"], before["served"], "{told}");
    assert_eq!(gateway.status(WEATHER, None).await, 200);
    world.plane.act(Action::Heal).await.unwrap();
    let told = gateway.fresh().await;
    assert_eq!(
        (told["signedIn"].as_bool(), told.get("clockSkew")),
        (Some(true), None),
        "{told}"
    );
    gateway.stop();
}
