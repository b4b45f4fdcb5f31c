//! Who signs a gateway in that follows its control plane.

use super::setup::World;
use crate::sign_in_secrets::register;
use mgw_fixtures::simulator::{Effect, Fault, Shape};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_signs_in_where_there_is_no_user() {
    let world = World::new(Shape::Apim32).await;
    let (id, secret) = register(&world.plane).await;
    world.place.mgw(&["logout", "--ca", "ca.pem"]).exits(0);
    let gateway = world.run_as_client(&id, &secret);
    let told = gateway
        .until("the control plane is followed", |told| {
            told["state"] == "fresh" && told["ageSeconds"].is_number()
        })
        .await;
    assert_eq!(told["signedIn"], true, "{told}");
    // A client that is not accepted is told, and tried again rarely: it must not be locked.
    gateway.stop();
    world.place.mgw(&["logout", "--ca", "ca.pem"]);
    let gateway = world.run_as_client(&id, "canary");
    let told = gateway
        .until("the client is refused", |told| told["lastError"].is_string())
        .await;
    assert_eq!(told["signedIn"], false, "{told}");
    assert!(!told.to_string().contains("canary"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_in_does_not_wait_for_the_next_attempt() {
    let world = World::new(Shape::ApiCloud).await;
    let busy = Effect::Status {
        status: 429,
        retry_after: None,
    };
    world.plane.set_fault(Fault::new("/api/am/publisher", busy));
    let gateway = world.run_seldom();
    gateway
        .until("it waits for a day", |told| told["failuresInARow"] == 1)
        .await;
    world.plane.clear_faults();
    world.sign_in();
    gateway.fresh().await;
    gateway.stop();
}
