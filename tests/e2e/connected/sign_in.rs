//! Who signs a gateway in that follows its control plane.

use super::setup::World;
use crate::sign_in_secrets::register;
use mgw_fixtures::simulator::Shape;

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
    // A client that is not accepted is told, once and for all: nothing is tried that could lock it.
    gateway.stop();
    world.place.mgw(&["logout", "--ca", "ca.pem"]);
    let gateway = world.run_as_client(&id, "canary");
    let told = gateway
        .until("the client is refused", |told| told["lastError"].is_string())
        .await;
    assert_eq!(told["signedIn"], false, "{told}");
    assert!(!told.to_string().contains("canary"), "{told}");
}
