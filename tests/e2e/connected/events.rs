//! What the control plane tells over its event hub is served without a poll, and without a failed call.

use super::setup::{Gateway, World, hub_settings, orders_without_status};
use futures_util::future::{join, join_all};
use mgw_fixtures::cable::Cable;
use mgw_fixtures::rabbitmq::RabbitMq;
use mgw_fixtures::seed::BlockTarget;
use mgw_fixtures::simulator::{Edit, PolicyLevel, Shape};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};

const ORDERS: &str = "/orders/1.0.0/orders";
const STATUS: &str = "/orders/1.0.0/status";
const CATALOG: &str = "/catalog/1.2.0/products";
/// What Kiosk is not subscribed to.
const NEWER_ORDERS: &str = "/orders/2.0.0/orders";
/// Nothing that these cases see comes with a poll.
const SELDOM: [&str; 2] = ["--poll", "86000"];

/// Starts a gateway that signs in by itself, and waits until it hears everything.
async fn hearing(world: &World) -> Gateway {
    let gateway = world.run(true, &SELDOM);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    hears(&gateway).await;
    gateway
}

/// Waits until the gateway hears the event hub, and has loaded what it missed.
pub(super) async fn hears(gateway: &Gateway) {
    let is_current = |ready: &Value| {
        ready["subscriptionData"]["state"] == "current"
            && ready["subscriptionData"]["notified"] == true
            && ready["revocationSources"][0]["state"] == "current"
    };
    gateway
        .until_shown("it hears the event hub", "/ready", is_current)
        .await;
}

/// A client that is refused until its application is subscribed, and never again.
async fn is_let_in_for_good(gateway: &Gateway, token: &str) {
    gateway
        .until_status("a new subscription", NEWER_ORDERS, Some(token), 200)
        .await;
    for _ in 0..10 {
        assert_eq!(gateway.status(NEWER_ORDERS, Some(token)).await, 200);
    }
}

async fn every_change_is_served(broker: &RabbitMq, shape: Shape) {
    let world = World::with(shape, Some((broker, &hub_settings(broker.port)))).await;
    let plane = &world.plane;
    let till = world.token().await;
    let gateway = hearing(&world).await;
    let pulls = gateway.connected().await["pulls"]["failed"].clone();
    let load = gateway.load(ORDERS, till.clone());

    // A subscription that is new, and one that ends.
    let kiosk = world.token_of("Kiosk").await;
    assert_eq!(gateway.status(NEWER_ORDERS, Some(&kiosk)).await, 403);
    let clients = join_all((0..8).map(|_| is_let_in_for_good(&gateway, &kiosk)));
    let subscribing = async { plane.add_subscription("Kiosk", "Orders:2.0.0", "Unlimited") };
    join(clients, subscribing).await.1.unwrap();
    plane.remove_subscription("Kiosk", "Orders:2.0.0").unwrap();
    gateway
        .until_status("an ended subscription", NEWER_ORDERS, Some(&kiosk), 403)
        .await;

    // An API that changes, one that is new, one that is retired.
    assert_eq!(gateway.status(STATUS, None).await, 200);
    plane
        .change_definition("Orders:1.0.0", orders_without_status())
        .unwrap();
    plane.redeploy("Orders:1.0.0").unwrap();
    gateway.until_status("a changed API", STATUS, None, 404).await;
    plane.add_api("Parcels", "1.0.0", &["dev"]).unwrap();
    gateway.until("a new API", |told| told["apis"] == 5).await;
    plane
        .set_life_cycle("Weather:1.0.0", mgw_fixtures::seed::ApiState::Retired)
        .unwrap();
    gateway
        .until_status("a retired API", "/1.0.0/weather/now", None, 404)
        .await;

    // A policy gets another limit, which callers are told.
    plane.set_policy_limit(PolicyLevel::Subscription, "Gold", 4000).unwrap();
    gateway.until_limit("a changed policy", ORDERS, &till, 4000).await;

    // A token is revoked, and no other one of its application.
    let revoked = world.token().await;
    assert_eq!(gateway.status(ORDERS, Some(&revoked)).await, 200);
    world.revoke("Till", &revoked).await;
    gateway
        .until_status("a revoked token", ORDERS, Some(&revoked), 401)
        .await;

    // A block, and its end.
    let target = BlockTarget::Api {
        context: "/catalog/1.2.0".to_owned(),
    };
    assert_eq!(gateway.status(CATALOG, Some(&till)).await, 200);
    plane.block(target.clone()).unwrap();
    gateway.until_status("a block", CATALOG, Some(&till), 403).await;
    plane.unblock(target).unwrap();
    gateway
        .until_status("a block that is lifted", CATALOG, Some(&till), 200)
        .await;

    load.finish().await;
    let told = gateway.connected().await;
    assert_eq!(told["pulls"]["failed"], pulls, "{told}");
    assert_eq!(told["pulls"]["refused"], 0, "{told}");
    gateway.stop();
    world.backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_served_with_its_event() {
    let mut broker = RabbitMq::prepare();
    broker.start();
    for shape in [Shape::Apim32, Shape::Apim42] {
        every_change_is_served(&broker, shape).await;
    }
    for shape in [Shape::Apim40, Shape::Apim46] {
        a_new_caller_comes_under_load(&broker, shape).await;
    }
    a_broker_that_flaps_loses_nothing(&broker).await;
}

/// An application that nobody knew gets keys and a subscription while others call: it is let in, and no one else turned away.
async fn a_new_caller_comes_under_load(broker: &RabbitMq, shape: Shape) {
    const KEY: (&str, &str) = ("RobotProductionKey0000000009z", "demo-secret-robot");
    let world = World::with(shape, Some((broker, &hub_settings(broker.port)))).await;
    let till = world.token().await;
    let gateway = hearing(&world).await;
    let before = gateway.shown("/connected").await["eventHub"]["subscriptions"].as_u64();
    let loads: Vec<_> = (0..4)
        .flat_map(|_| [ORDERS, CATALOG])
        .map(|path| gateway.load(path, till.clone()))
        .collect();
    let application = Edit::AddApplication {
        name: "Robot".to_owned(),
        consumer_key: KEY.0.to_owned(),
        consumer_secret: KEY.1.to_owned(),
        policy: None,
    };
    world.plane.edit(application).unwrap();
    let robot = world.token_of_key(KEY.0, KEY.1).await;
    assert_eq!(gateway.status(NEWER_ORDERS, Some(&robot)).await, 403, "{shape:?}");
    let clients = join_all((0..8).map(|_| is_let_in_for_good(&gateway, &robot)));
    let subscribing = async { world.plane.add_subscription("Robot", "Orders:2.0.0", "Unlimited") };
    join(clients, subscribing).await.1.unwrap();
    for load in loads {
        load.finish().await;
    }
    let told = gateway.connected().await;
    assert_eq!(
        told["eventHub"]["subscriptions"].as_u64(),
        before.map(|count| count + 1),
        "{shape:?}"
    );
    assert_eq!(
        (&told["pulls"]["failed"], &told["pulls"]["refused"]),
        (&Value::from(0), &Value::from(0)),
        "{told}"
    );
    gateway.stop();
    world.backend.shutdown().await;
}

/// Whatever was told while the broker was away is made good when it is back.
async fn a_broker_that_flaps_loses_nothing(broker: &RabbitMq) {
    let cable = Cable::to(SocketAddr::from((Ipv4Addr::LOCALHOST, broker.port))).expect("a free port");
    let world = World::with(Shape::Apim32, Some((broker, &hub_settings(cable.port())))).await;
    let till = world.token().await;
    let kiosk = world.token_of("Kiosk").await;
    let gateway = hearing(&world).await;
    let load = gateway.load(ORDERS, till.clone());
    for round in 0..5 {
        cable.set_away(true);
        gateway
            .until_shown("the broker is away", "/ready", |ready| {
                ready["subscriptionData"]["notified"] == false
            })
            .await;
        // Told to a broker that the gateway does not hear.
        let is_subscribed = round % 2 == 0;
        if is_subscribed {
            world
                .plane
                .add_subscription("Kiosk", "Orders:2.0.0", "Unlimited")
                .unwrap();
        } else {
            world.plane.remove_subscription("Kiosk", "Orders:2.0.0").unwrap();
        }
        world
            .plane
            .add_api("Parcels", &format!("1.{round}.0"), &["dev"])
            .unwrap();
        assert_eq!(gateway.status(ORDERS, Some(&till)).await, 200);
        cable.set_away(false);
        hears(&gateway).await;
        let wanted = if is_subscribed { 200 } else { 403 };
        gateway
            .until_status(
                "a subscription while the broker was away",
                NEWER_ORDERS,
                Some(&kiosk),
                wanted,
            )
            .await;
        gateway
            .until("an API while the broker was away", |told| told["apis"] == 5 + round)
            .await;
    }
    load.finish().await;
    let ready = gateway.shown("/ready").await;
    assert_eq!(ready["ready"], true, "{ready}");
    gateway.stop();
    world.backend.shutdown().await;
}
