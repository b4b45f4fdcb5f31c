//! What is kept on disk.

use super::setup::{self, World};
use crate::support::limited;
use mgw_fixtures::simulator::{Effect, Fault, Shape};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_do_not_share_a_state_folder() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &["--state", "state"]);
    gateway.until("it is taken over", |told| told["kept"] == 1).await;
    let second = [
        "run",
        "shop/target/shop.zip",
        "--connected",
        "--state",
        "state",
        "--set",
        "listenerConfig.httpPort=0",
    ];
    world
        .place
        .mgw(&second)
        .exits(7)
        .says("another gateway keeps its state in state")
        .says("MGW_STATE_DIR");
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_folder_that_cannot_be_written_to_costs_only_the_memory() {
    let world = World::new(Shape::ApiCloud).await;
    world.place.write("file", "");
    let gateway = world.run(false, &["--state", "file/state"]);
    let told = gateway.until("it is taken over", |told| told["apis"] == 4).await;
    assert!(
        told["stateError"]
            .as_str()
            .is_some_and(|reason| reason.contains("file/state")),
        "{told}"
    );
    gateway.stop();
    let gateway = world.run(false, &["--state", "file/state"]);
    gateway.until("it is taken over again", |told| told["apis"] == 4).await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_folder_that_can_be_written_to_again_is_used_again() {
    let world = World::new(Shape::ApiCloud).await;
    world.place.write("file", "");
    let gateway = world.run(false, &["--state", "file/state"]);
    let served = gateway
        .until("it is taken over", |told| {
            told["apis"] == 4 && told["stateError"].is_string()
        })
        .await;
    std::fs::remove_file(world.place.path().join("file")).unwrap();
    gateway
        .until("it is kept there", |told| {
            told["stateError"].is_null() && told["kept"] == 1
        })
        .await;
    let metrics = reqwest::get(format!("{}/metrics", gateway.admin)).await;
    let metrics = metrics.expect("an answer").text().await.expect("text");
    assert!(metrics.contains("mgw_connected_state_writable 1"), "{metrics}");
    gateway.stop();
    world.plane.set_fault(Fault::new("/", Effect::Reset));
    let gateway = world.run(false, &["--state", "file/state"]);
    let told = gateway
        .until("nobody answers", |told| told["failuresInARow"].as_u64() > Some(0))
        .await;
    assert_eq!((&told["served"], &told["apis"]), (&served["served"], &served["apis"]));
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_full_costs_only_the_memory() {
    let world = World::new(Shape::ApiCloud).await;
    // No file may grow beyond 8 KiB, which a bundle does and a session does not.
    let inner = setup::command(
        &world.place,
        &[],
        &[&setup::CONNECTED[..], &["--state", "state"]].concat(),
    );
    let command = limited(&inner, "trap '' XFSZ; ulimit -f 8");
    let gateway = setup::running(command, &world.client);
    let told = gateway
        .until("it is taken over", |told| {
            told["apis"] == 4 && told["stateError"].is_string()
        })
        .await;
    let reason = told["stateError"].as_str().unwrap_or_default();
    assert!(reason.contains("state"), "{told}");
    assert_eq!(
        (&told["kept"], &told["state"]),
        (&Value::from(0), &Value::from("fresh")),
        "{told}"
    );
    assert!(gateway.measures("mgw_connected_state_writable 0").await);
    assert_eq!(gateway.status("/1.0.0/weather/now", None).await, 200);
    gateway.stop();
    // What was begun is no state: with room again, it begins with the bundle and keeps what it takes over.
    let gateway = world.run(false, &["--state", "state"]);
    gateway
        .until("it is kept", |told| {
            told["kept"] == 1 && told["apis"] == 4 && told.get("stateError").is_none()
        })
        .await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_state_is_set_aside_and_the_bundle_serves() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &["--state", "state"]);
    gateway.until("it is taken over", |told| told["kept"] == 1).await;
    gateway.stop();
    let bundles = world.place.path().join("state/bundles");
    for entry in std::fs::read_dir(&bundles).unwrap().flatten() {
        std::fs::write(entry.path(), "broken").unwrap();
    }
    let gateway = world.run(false, &["--state", "state"]);
    assert_eq!(gateway.status("/orders/1.0.0/status", None).await, 200);
    gateway
        .until("it is taken over again", |told| told["kept"] == 1 && told["apis"] == 4)
        .await;
    let said = gateway.stop();
    assert!(said.contains("it was set aside"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_that_never_served_costs_nothing_of_what_is_kept() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &["--state", "state"]);
    let before = gateway
        .until("it is taken over", |told| told["kept"] == 1 && told["apis"] == 4)
        .await;
    gateway.stop();
    world.plane.set_fault(Fault::new("/", Effect::Reset));
    let bundle = world.place.path().join("shop/target/shop.zip");
    let good = std::fs::read(&bundle).unwrap();
    world.place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[pull]\napis = [\"Orders:1.0.0\"]\n",
    );
    world.place.mgw(&["build", "shop"]).exits(0);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("listenerConfig.httpPort={}", taken.local_addr().unwrap().port());
    let bundle_name = "shop/target/shop.zip";
    let another = ["run", bundle_name, "--connected", "--state", "state", "--set", &port];
    world.place.mgw(&another).exits(7).says("in use");
    std::fs::write(&bundle, good).unwrap();
    let gateway = world.run(false, &["--state", "state"]);
    let told = gateway
        .until("nobody answers", |told| told["failuresInARow"].as_u64() > Some(0))
        .await;
    assert_eq!((&told["served"], &told["kept"]), (&before["served"], &before["kept"]));
    gateway.stop();
}
