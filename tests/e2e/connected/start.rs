//! What the start says, and what it refuses.

use super::setup::{PASSWORD, USER, World};
use crate::support::Outcome;
use mgw_fixtures::simulator::Shape;

#[tokio::test(flavor = "multi_thread")]
async fn what_will_not_work_is_told_with_the_remedy() {
    let world = World::new(Shape::Apim32).await;
    let gateway = world.run(false, &[]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let said = gateway.stop();
    assert!(said.contains("subscriptions come with the next pull"), "{said}");
    assert!(said.contains("MGW_PASSWORD_FILE"), "{said}");

    world.place.mgw(&["logout", "--ca", "ca.pem"]);
    let mut pull = world.place.command(&["pull", "shop", "--ca", "ca.pem"]);
    pull.env("MGW_URL", world.plane.url())
        .env("MGW_USERNAME", USER)
        .env("MGW_PASSWORD", PASSWORD);
    Outcome::of(pull).exits(0);
    world.place.mgw(&["build", "shop"]).exits(0);
    let gateway = world.run(false, &[]);
    gateway
        .until("nobody is signed in", |told| {
            told["signedIn"] == false && told["failuresInARow"].as_u64() > Some(0)
        })
        .await;
    let said = gateway.stop();
    assert!(said.contains("nobody is signed in"), "{said}");
    assert!(said.contains("this bundle was pulled with a password"), "{said}");

    // The password is all that was missing.
    let gateway = world.run(true, &[]);
    gateway.fresh().await;
    let said = gateway.stop();
    assert!(
        !said.contains("signed in,") && !said.contains("with a password"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brokers_password_is_no_argument() {
    let world = World::new(Shape::Apim32).await;
    for (broker, word) in [
        ("amqp://ana:canary@localhost:5672/carbon", "MGW_BROKER_PASSWORD"),
        ("amqp://ana@localhost:5672/carbon", "MGW_BROKER_PASSWORD"),
        ("amqp://localhost:5672/carbon", "names no user"),
        ("https://ana@localhost/", "no address of an AMQP broker"),
    ] {
        let bundle = "shop/target/shop.zip";
        let outcome = world.place.mgw(&["run", bundle, "--connected", "--broker", broker]);
        let outcome = outcome.exits(2).says(word);
        assert!(!outcome.stderr.contains("canary"), "{}", outcome.stderr);
    }
}
