//! API Cloud is asked which APIs have changed, and for nothing else while none have.

use super::setup::{Gateway, World, orders_without_status};
use mgw_fixtures::seed::ApiState;
use mgw_fixtures::simulator::{Effect, Fault, Shape};

const UPDATED: &str = "/hybrid-gateway/v0.11/updated-apis";
const STATUS: &str = "/orders/1.0.0/status";
const WEATHER: &str = "/1.0.0/weather/now";

/// Waits for so many polls more of a kind.
async fn polls(gateway: &Gateway, kind: &str, more: u64) {
    let count = |told: &serde_json::Value| told["pulls"][kind].as_u64().unwrap_or_default();
    let before = count(&gateway.connected().await);
    gateway
        .until(&format!("{more} polls more are {kind}"), |told| {
            count(told) >= before + more
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_asks_for_nothing_more_while_no_api_has_changed() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(true, &[]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    polls(&gateway, "spared", 1).await;
    world.plane.clear_requests();
    polls(&gateway, "spared", 3).await;
    let asked = world.plane.requests();
    assert!(asked.iter().all(|request| request.path() == UPDATED), "{asked:?}");
    assert_eq!(gateway.fresh().await["lockedApis"], 4, "its word counts");

    assert_eq!(gateway.status(STATUS, None).await, 200);
    world
        .plane
        .change_definition("Orders:1.0.0", orders_without_status())
        .unwrap();
    gateway.until_status("a changed API", STATUS, None, 404).await;
    world.plane.set_life_cycle("Weather:1.0.0", ApiState::Retired).unwrap();
    gateway.until_status("a retired API", WEATHER, None, 404).await;
    gateway.stop();
    world.backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_asked_for_from_time_to_time() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(true, &["--set", "connected.fullPullInterval=4"]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    polls(&gateway, "spared", 1).await;
    // The service tells nothing of it.
    world.plane.remove_api("Weather:1.0.0").unwrap();
    gateway.until_status("a deleted API", WEATHER, None, 404).await;
    polls(&gateway, "spared", 1).await;
    polls(&gateway, "unchanged", 1).await;
    gateway.stop();
    world.backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_poll_is_spared_while_what_was_pulled_is_not_in_its_place() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(true, &["--state", "state", "--set", "connected.fullPullInterval=4"]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    polls(&gateway, "spared", 1).await;
    // A file where the former work folder is put aside.
    world.place.write("state/former", "");
    // The service tells nothing of it.
    world.plane.remove_api("Weather:1.0.0").unwrap();
    gateway.until_status("a deleted API", WEATHER, None, 404).await;
    let before = gateway.until("it is told", |told| told["stateError"].is_string()).await;
    polls(&gateway, "unchanged", 3).await;
    let told = gateway.connected().await;
    assert_eq!(told["pulls"]["spared"], before["pulls"]["spared"], "{told}");
    assert_eq!(told["stateError"], before["stateError"], "{told}");
    std::fs::remove_file(world.place.path().join("state/former")).unwrap();
    gateway
        .until("it is in its place", |told| told["stateError"].is_null())
        .await;
    polls(&gateway, "spared", 1).await;
    gateway.stop();
    world.backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_that_service_every_poll_asks_for_everything() {
    for (status, is_asked_again, fails) in [
        (401, false, false),
        (404, false, false),
        (500, true, true),
        (429, true, true),
    ] {
        let world = World::new(Shape::ApiCloud).await;
        let retry_after = None;
        world
            .plane
            .set_fault(Fault::new(UPDATED, Effect::Status { status, retry_after }));
        let gateway = world.run(true, &[]);
        gateway.until("it is taken over", |told| told["apis"] == 4).await;
        polls(&gateway, "unchanged", 3).await;
        let told = gateway.fresh().await;
        assert_eq!(
            (&told["pulls"]["spared"], &told["signedIn"]),
            (&0.into(), &true.into()),
            "{status}"
        );
        // A control plane that may be in trouble is not asked for everything instead.
        let failed = told["pulls"]["failed"].as_u64() > Some(0);
        assert_eq!(failed, fails, "{status}: {told}");
        let asked = world.plane.request_count("GET", UPDATED);
        assert_eq!(asked > 1, is_asked_again, "{status}: {asked} times");
        gateway.stop();
        world.backend.shutdown().await;
    }
    // Nor is anybody asked who may not be, or without a password.
    let world = World::new(Shape::ApiCloud).await;
    for (password, more) in [(false, &[][..]), (true, &["--set", "connected.askWhatChanged=false"])] {
        let gateway = world.run(password, more);
        polls(&gateway, "unchanged", 2).await;
        assert_eq!(world.plane.request_count("GET", UPDATED), 0);
        gateway.stop();
    }
}
