//! What control planes up to 3.1 have for gateways, beside what is pulled.

use super::setup::World;
use mgw_fixtures::seed::BlockTarget;
use mgw_fixtures::simulator::{Action, Effect, Fault, Shape};
use serde_json::Value;

const ORDERS: &str = "/orders/1.0.0/orders";
const CATALOG: &str = "/catalog/1.2.0/products";

/// What outlives a gateway is there.
const DATA: [&str; 2] = ["--data-dir", "data"];

/// The one list that is kept.
fn kept(world: &World) -> Option<String> {
    let mut files = std::fs::read_dir(world.place.path().join("data/control-plane")).ok()?;
    std::fs::read_to_string(files.next()?.ok()?.path()).ok()
}

fn is_current(ready: &Value) -> bool {
    ready["revocationSources"][0]["state"] == "current"
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_tokens_are_refused_also_after_a_restart_without_the_control_plane() {
    // The same from 3.2 on, where they are in another place.
    for shape in [Shape::Apim30, Shape::Apim31, Shape::Apim32] {
        let world = World::new(shape).await;
        let (revoked, good) = (world.token().await, world.token().await);
        let gateway = world.run(true, &DATA);
        gateway.until("it is taken over", |told| told["apis"] == 4).await;
        gateway
            .until_shown("revocations are listed", "/ready", is_current)
            .await;
        assert_eq!(gateway.status(ORDERS, Some(&revoked)).await, 200, "{shape:?}");
        world.revoke("Till", &revoked).await;
        gateway
            .until_status("a revoked token", ORDERS, Some(&revoked), 401)
            .await;
        let is_kept = || kept(&world).is_some_and(|text| text.contains("\"answer\":[["));
        gateway.until("what is listed is kept", |_| is_kept()).await;
        gateway.stop();

        world.was_asked_properly(shape);
        world.plane.act(Action::Down).await.unwrap();
        let gateway = world.run(true, &DATA);
        assert_eq!(gateway.status(ORDERS, Some(&revoked)).await, 401, "{shape:?}");
        assert_eq!(gateway.status(ORDERS, Some(&good)).await, 200, "{shape:?}");
        gateway.stop();
        world.backend.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_come_from_the_list_for_gateways_where_the_other_one_is_hidden() {
    for (shape, hidden, list) in [
        (Shape::Apim26, "/api/am/admin/v0.14/throttling/blacklist", "throttle"),
        (Shape::Apim31, "/api/am/admin/v0.16/throttling/blacklist", "throttle"),
        (Shape::Apim32, "/api/am/admin/v1/throttling/blacklist", "internal"),
    ] {
        let world = World::new(shape).await;
        let status = 403;
        let retry_after = None;
        world
            .plane
            .set_fault(Fault::new(hidden, Effect::Status { status, retry_after }));
        let token = world.token().await;
        let gateway = world.run(true, &[]);
        gateway.until("it is taken over", |told| told["apis"] == 4).await;
        assert_eq!(gateway.status(CATALOG, Some(&token)).await, 200, "{shape:?}");
        let target = BlockTarget::Api {
            context: "/catalog/1.2.0".to_owned(),
        };
        world.plane.block(target.clone()).unwrap();
        gateway.until_status("a block", CATALOG, Some(&token), 403).await;
        assert_eq!(gateway.status(ORDERS, Some(&token)).await, 200, "{shape:?}");
        world.plane.unblock(target).unwrap();
        gateway
            .until_status("a block that is lifted", CATALOG, Some(&token), 200)
            .await;
        assert!(world.plane.request_count("GET", &format!("/{list}/data/v1/block")) > 1);
        world.was_asked_properly(shape);
        gateway.stop();
        world.backend.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_traffic_manager_counts_its_lists_are_found() {
    for (shape, list) in [(Shape::Apim26, "throttle"), (Shape::Apim42, "internal")] {
        let world = World::new(shape).await;
        let conf = world.place.read("micro-gw.conf");
        // Nobody listens on this port of this machine: the lists are fetched all the same.
        world.place.write(
            "micro-gw.conf",
            &format!(
                "{conf}[throttlingConfig]\nenabledGlobalTMEventPublishing = true\n\
                 jmsConnectionProviderUrl = \"amqp://admin:canary@127.0.0.1:1/carbon\"\n"
            ),
        );
        let gateway = world.run(true, &[]);
        let is_listed = |ready: &Value| ready["globalLimits"]["lists"] == "current";
        gateway.until_shown("the lists are fetched", "/ready", is_listed).await;
        assert!(gateway.measures("mgw_global_limits_key_templates 1").await, "{shape:?}");
        for name in ["keyTemplates", "block"] {
            let path = format!("/{list}/data/v1/{name}");
            assert!(world.plane.request_count("GET", &path) > 0, "{shape:?}: {path}");
        }
        world.was_asked_properly(shape);
        gateway.stop();
        world.backend.shutdown().await;
    }
}
