//! Changes of the control plane are served.

use super::setup::{World, orders_without_status};
use mgw_fixtures::simulator::{Effect, Fault, Shape};
use serde_json::Value;

const ORDERS: &str = "/orders/1.0.0/orders";
const STATUS: &str = "/orders/1.0.0/status";
/// What Kiosk is not subscribed to.
const NEWER_ORDERS: &str = "/orders/2.0.0/orders";
const WEATHER: &str = "/1.0.0/weather/now";

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_alone_takes_over_what_the_control_plane_has_without_a_failed_call() {
    for shape in [Shape::Apim32, Shape::ApiCloud] {
        let world = World::new(shape).await;
        // Nothing of the project but its bundle is at hand.
        std::fs::rename(world.place.path().join("shop/gen"), world.place.path().join("gone")).unwrap();
        let token = world.token().await;
        let gateway = world.run(true, &[]);
        assert_eq!(gateway.status(ORDERS, Some(&token)).await, 200, "it serves at once");
        let load = gateway.load(ORDERS, token.clone());
        let told = gateway
            .until("everything is taken over", |told| told["pulls"]["changed"] == 1)
            .await;
        assert_eq!((&told["apis"], &told["lockedApis"]), (&Value::from(4), &Value::from(4)));
        assert_ne!(told["served"], told["base"]);
        assert_eq!(gateway.status(WEATHER, None).await, 200);
        assert_eq!(gateway.status("/nowhere", None).await, 404);
        assert_eq!(gateway.status("/orders/1.0.0/nowhere", Some(&token)).await, 404);
        let told = gateway
            .until("nothing changes any more", |told| {
                let count = |kind: &str| told["pulls"][kind].as_u64().unwrap_or_default();
                count("unchanged") + count("spared") > 1
            })
            .await;
        assert_eq!(told["pulls"]["changed"], 1, "the same is not taken over twice");
        assert_eq!(
            (&told["signedIn"], &told["kept"]),
            (&Value::from(true), &Value::from(1))
        );
        let ready = gateway.shown("/ready").await;
        assert_eq!(
            (&ready["ready"], &ready["connected"]["state"]),
            (&Value::from(true), &Value::from("fresh"))
        );
        load.finish().await;
        let said = gateway.stop();
        assert_eq!(
            said.matches("the control plane's changes are served").count(),
            1,
            "{said}"
        );
        world.backend.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_generation_is_followed_by_asking() {
    for shape in [Shape::Apim26, Shape::Apim32, Shape::Apim46] {
        let world = World::new(shape).await;
        let (till, kiosk) = (world.token().await, world.token_of("Kiosk").await);
        let gateway = world.run(false, &[]);
        gateway.until("it is taken over", |told| told["apis"] == 4).await;
        let load = gateway.load(ORDERS, till.clone());
        assert_eq!(gateway.status(NEWER_ORDERS, Some(&kiosk)).await, 403, "{shape:?}");
        world
            .plane
            .add_subscription("Kiosk", "Orders:2.0.0", "Unlimited")
            .unwrap();
        gateway
            .until_status("a new subscription", NEWER_ORDERS, Some(&kiosk), 200)
            .await;
        assert_eq!(gateway.status(STATUS, None).await, 200, "{shape:?}");
        world
            .plane
            .change_definition("Orders:1.0.0", orders_without_status())
            .unwrap();
        world.plane.redeploy("Orders:1.0.0").unwrap();
        gateway.until_status("a changed API", STATUS, None, 404).await;
        world.plane.add_api("Parcels", "1.0.0", &["dev"]).unwrap();
        gateway.until("a new API", |told| told["apis"] == 5).await;
        load.finish().await;
        gateway.stop();
        world.backend.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bundle_wins_over_what_was_taken_over() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &[]);
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    world.place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[pull]\napis = [\"Orders:1.0.0\", \"Catalog:1.2.0\"]\n",
    );
    world.place.mgw(&["build", "shop"]).exits(0);
    gateway.running.signal("HUP");
    let after = gateway
        .until("the new one is followed", |told| told["base"] != before["base"])
        .await;
    assert!(after["served"].is_string());
    gateway
        .until("what it wants is pulled", |told| {
            told["state"] == "fresh" && told["lockedApis"] == 2
        })
        .await;
    assert_eq!(gateway.status(WEATHER, None).await, 404, "it is not wanted any more");
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_bundle_does_not_wait_for_a_slow_control_plane() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run_patiently();
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    // One answer takes longer than the test waits for anything.
    world
        .plane
        .set_fault(Fault::new("/api/am/publisher", Effect::Latency { ms: 300_000 }).times(1));
    gateway
        .until("it is asked", |_| world.plane.waiting_faults().is_empty())
        .await;
    world.place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[pull]\napis = [\"Orders:1.0.0\"]\n",
    );
    world.place.mgw(&["build", "shop"]).exits(0);
    gateway.running.signal("HUP");
    let after = gateway
        .until("the new one is served", |told| told["base"] != before["base"])
        .await;
    assert_eq!(gateway.status(WEATHER, None).await, 404, "it has no other API");
    assert_eq!(
        (&after["pulls"]["failed"], &after["failuresInARow"]),
        (&Value::from(0), &Value::from(0)),
        "an attempt that was called off is none"
    );
    gateway.fresh().await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_is_refused_is_told_until_a_good_one_comes() {
    const BUNDLE: &str = "shop/target/shop.zip";
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &[]);
    let before = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    assert_eq!(before.get("refusedBundle"), None, "{before}");
    let good = std::fs::read(world.place.path().join(BUNDLE)).unwrap();
    let replace = |bytes: &[u8]| {
        let new = world.place.path().join("new.zip");
        std::fs::write(&new, bytes).unwrap();
        std::fs::rename(new, world.place.path().join(BUNDLE)).unwrap();
    };
    let refused = async |word: &str| {
        let told = gateway
            .until(word, |told| {
                let reason = told["refusedBundle"]["reason"].as_str();
                reason.is_some_and(|reason| reason.contains(word))
            })
            .await;
        assert_eq!(
            (&told["served"], &told["apis"]),
            (&before["served"], &before["apis"]),
            "{told}"
        );
        assert!(told["refusedBundle"]["atMs"].as_u64() > Some(0), "{told}");
        assert!(gateway.measures("mgw_connected_bundle_refused 1").await);
        let words = ["status", "shop", "--offline", "--gateway", &gateway.admin];
        let outcome = world.place.mgw(&words).exits(0);
        assert!(outcome.stdout.contains("is not served: "), "{}", outcome.stdout);
        told
    };
    // One that cannot be read has no digest.
    replace(&good[..good.len() / 2]);
    let told = refused("shop.zip").await;
    assert_eq!(told["refusedBundle"].get("digest"), None, "{told}");
    assert!(gateway.measures("mgw_reload_failures_total 1").await);

    // One that follows something else has one. It stays refused while the control plane is followed as before.
    let lock = world.place.read("shop/mgw.lock");
    let other = lock.replace(world.plane.url(), "https://localhost:1");
    world.place.write("shop/mgw.lock", &other);
    world.place.mgw(&["build", "shop"]).exits(0);
    let told = refused("another control plane").await;
    assert!(told["refusedBundle"]["digest"].is_string(), "{told}");
    assert!(gateway.measures("mgw_reload_failures_total 2").await);
    let seen = told["pulls"]["unchanged"].as_u64();
    let told = gateway
        .until("it is followed", |told| told["pulls"]["unchanged"].as_u64() > seen)
        .await;
    assert!(told["refusedBundle"].is_object(), "{told}");

    // The one that it was started with is a good one.
    world.place.write("shop/mgw.lock", &lock);
    replace(&good);
    gateway
        .until("nothing is refused", |told| told.get("refusedBundle").is_none())
        .await;
    assert!(gateway.measures("mgw_connected_bundle_refused 0").await);
    assert_eq!(gateway.connected().await["served"], before["served"]);
    gateway.stop();
}
