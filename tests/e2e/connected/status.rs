//! What `mgw status` tells of a running gateway.

use super::setup::{Gateway, World};
use mgw_fixtures::simulator::Shape;
use serde_json::Value;

/// `mgw status` of the project against a gateway, and the section on the gateway.
fn look(world: &World, gateway: &Gateway, code: i32) -> Value {
    let words = ["status", "shop", "--offline", "--gateway", &gateway.admin];
    let more = ["--exit-code", "--output", "json"];
    let told = world.place.mgw(&[&words[..], &more[..]].concat()).exits(code).json();
    assert_eq!(told["differs"], code == 20, "{told}");
    told["gateway"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_follows_nothing_is_compared_by_its_bundle() {
    let world = World::new(Shape::ApiCloud).await;
    world.place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"shop\"\n[pull]\napis = [\"Orders:1.0.0\"]\n",
    );
    world.place.mgw(&["build", "shop"]).exits(0);
    let gateway = world.run_alone();
    let told = look(&world, &gateway, 34);
    assert_eq!(told["state"], "same", "{told}");
    assert!(told.get("following").is_none(), "{told}");
    assert_eq!(told["following_note"], "no control plane", "{told}");

    world.place.write(
        "shop/mgw.toml",
        "format = 1\nname = \"other\"\n[pull]\napis = [\"Orders:1.0.0\"]\n",
    );
    let told = look(&world, &gateway, 20);
    let difference = told["differences"][0].as_str().unwrap_or_default();
    let served = gateway.shown("/ready").await["bundle"].clone();
    assert!(difference.contains(served.as_str().unwrap()), "{told}");
    assert!(difference.starts_with("it serves another project, shop ("), "{told}");

    let admin = gateway.admin.clone();
    gateway.stop();
    let words = ["status", "shop", "--offline", "--gateway", &admin];
    let outcome = world.place.mgw(&words).exits(0);
    assert!(outcome.stdout.contains("not looked at: "), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("Following"), "{}", outcome.stdout);
    // What was not looked at is not what is the same.
    let strict = [&words[..], &["--exit-code"]].concat();
    world.place.mgw(&strict).exits(13);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_gateway_shows_how_it_follows_the_control_plane() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &[]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    // The project's files are as they were when the gateway's bundle was built.
    let told = look(&world, &gateway, 20);
    assert_eq!(told["following"]["state"], "fresh", "{told}");
    assert_eq!(told["following"]["signed_in"], true, "{told}");
    let all = told["differences"].to_string();
    assert!(all.contains("was started with a build of this project"), "{told}");

    // What the gateway took over is what the project takes over.
    world.place.mgw(&["pull", "shop"]).exits(0);
    let outcome = world
        .place
        .mgw(&["status", "shop", "--offline", "--gateway", &gateway.admin]);
    let outcome = outcome.exits(0);
    assert!(
        outcome.stdout.contains("Gateway        serves this project"),
        "{}",
        outcome.stdout
    );
    let line = format!("Following      {}", world.plane.url());
    assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    gateway.stop();
}
