//! Looking at quotas and blocks of a running gateway, and changing them, through the binary.

use crate::running::Running;
use crate::serve::ON_LOOPBACK;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::ports::free_port;
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};

/// Serves the project on free ports.
fn run(place: &Place) -> Running {
    let words = [&["run", "shop", "--output", "json"][..], &ON_LOOPBACK].concat();
    Running::start(place, &words)
}

/// A gateway whose API `/shop` admits two requests a year.
struct Shop {
    place: Place,
    _gateway: Running,
    http: String,
    admin: String,
    _backend: Backend,
}

impl Shop {
    async fn start() -> Self {
        let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
            .await
            .expect("the backend starts");
        let place = Place::new();
        place.write(
            "openapi.yaml",
            &format!(
                "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n\
                 x-wso2-production-endpoints: {{urls: ['{}']}}\nx-wso2-throttling-tier: Twice\n\
                 x-wso2-disable-security: true\npaths:\n  /items:\n    get:\n      \
                 responses: {{'200': {{description: ok}}}}\n",
                backend.url()
            ),
        );
        place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
        place.write(
            "shop/policies.yaml",
            "resourcePolicies:\n- Twice: {count: 2, unitTime: 1, timeUnit: year}\n\
             subscriptionPolicies:\n- Unauthenticated: {count: 500, unitTime: 1, timeUnit: year}\n",
        );
        let mut gateway = run(&place);
        let serving = gateway.json_line();
        let url = |name: &str| serving[name].as_str().expect("an address").to_owned();
        Self {
            http: url("http"),
            admin: url("admin"),
            place,
            _gateway: gateway,
            _backend: backend,
        }
    }

    async fn get(&self) -> u16 {
        let answer = reqwest::get(format!("{}/shop/items", self.http)).await;
        answer.expect("the gateway answers").status().as_u16()
    }

    fn quotas(&self, more: &[&str]) -> Value {
        let mut arguments = vec!["inspect", "quotas", "--url", &self.admin, "--output", "json"];
        arguments.extend(more);
        let outcome = self.place.mgw(&arguments).exits(0);
        serde_json::from_str(&outcome.stdout).expect("a document")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_looked_at_and_its_count_begins_again() {
    let shop = Shop::start().await;
    let admin = shop.admin.as_str();
    for expected in [200, 200, 429] {
        assert_eq!(shop.get().await, expected);
    }
    let full = shop.quotas(&["--full"]);
    assert_eq!(full["total"], 1);
    let quota = &full["quotas"][0];
    assert_eq!(
        (&quota["level"], &quota["used"], &quota["left"], &quota["full"]),
        (&json!("api"), &json!(2), &json!(0), &json!(true))
    );
    let key = quota["key"].as_str().expect("a key");
    assert_eq!(
        shop.quotas(&["--level", "subscription", "--key", "127.0.0.1"])["quotas"][0]["used"],
        2
    );

    let text = shop
        .place
        .mgw(&["inspect", "quotas", "--url", admin, "--limit", "1"])
        .exits(0);
    let lines: Vec<&str> = text.stdout.lines().collect();
    assert_eq!(lines.len(), 2, "{}", text.stdout);
    assert!(
        lines[0].starts_with("level") && lines[1].contains("/shop/1.0.0") && lines[1].ends_with("full"),
        "{}",
        text.stdout
    );
    assert!(text.stderr.contains("hint: 1 more are there"), "{}", text.stderr);

    let reset = |level: &str, key: &str| {
        let arguments = ["admin", "reset-quota", key, "--level", level, "--url", admin];
        shop.place.mgw(&arguments)
    };
    let missed = reset("application", key).exits(14).says("mgw inspect quotas");
    assert!(
        missed.stderr.contains("nothing is counted under this level and key"),
        "{}",
        missed.stderr
    );
    assert_eq!(shop.get().await, 429);
    assert_eq!(
        reset("api", key).exits(0).stdout,
        "1 count of api /shop/1.0.0 begins again\n"
    );
    for expected in [200, 200, 429] {
        assert_eq!(shop.get().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_says_how_many_blocks_hold() {
    let Shop {
        place,
        _gateway: gateway,
        admin,
        ..
    } = Shop::start().await;
    let block = |more: &[&str]| {
        let mut all = vec!["admin", "block"];
        all.extend(more);
        all.extend(["--url", &admin]);
        place.mgw(&all)
    };
    block(&["address", "192.0.2.1"]).exits(0);
    block(&["api", "Shop:1.0.0"]).exits(14).says("as in `/shop/1.0.0`");
    gateway.signal("TERM");
    let first = gateway.end().exits(0);
    assert!(!first.stderr.contains("of operators"), "{}", first.stderr);
    let mut again = run(&place);
    again.json_line();
    again.signal("TERM");
    again
        .end()
        .exits(0)
        .says("1 block of operators holds; `mgw inspect blocks` shows");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_set_looked_at_and_removed() {
    let shop = Shop::start().await;
    let admin = shop.admin.as_str();
    let mgw = |arguments: &[&str]| {
        let mut all = arguments.to_vec();
        all.extend(["--url", admin]);
        shop.place.mgw(&all)
    };
    assert_eq!(mgw(&["inspect", "blocks"]).exits(0).stdout, "nothing is blocked\n");
    let set = mgw(&[
        "admin",
        "block",
        "api",
        "/shop",
        "--for",
        "2h",
        "--reason",
        "stocktaking",
    ])
    .exits(0);
    assert!(
        set.stdout.starts_with("API /shop is blocked until 2") && set.stdout.ends_with("(block 1)\n"),
        "{}",
        set.stdout
    );
    assert_eq!(shop.get().await, 403);
    let set = mgw(&["admin", "block", "address", "127.0.0.0/8", "--output", "json"])
        .exits(0)
        .json();
    assert_eq!(
        set["block"],
        json!({"kind": "address", "first": "127.0.0.0", "last": "127.255.255.255"})
    );

    let text = mgw(&["inspect", "blocks"]).exits(0).stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(
        lines[1].contains("API /shop") && lines[1].ends_with("stocktaking"),
        "{text}"
    );
    assert!(
        lines[2].contains("address 127.0.0.0 to 127.255.255.255  removed"),
        "{text}"
    );

    let unknown = mgw(&["admin", "block", "api", "/shopp"]).exits(14);
    assert!(
        unknown.stderr.contains("no API is known under the context /shopp"),
        "{}",
        unknown.stderr
    );
    mgw(&["admin", "block", "user", "ana", "--for", "soon"]).exits(2);
    mgw(&["admin", "unblock", "1"]).exits(0);
    assert_eq!(shop.get().await, 403);
    let removed = mgw(&["admin", "unblock", "2"]).exits(0).stdout;
    assert_eq!(
        removed,
        "address 127.0.0.0 to 127.255.255.255 is no longer blocked by 2\n"
    );
    assert_eq!(shop.get().await, 200);
    let missing = mgw(&["admin", "unblock", "2"]).exits(14);
    assert!(missing.stderr.contains("there is no such block"), "{}", missing.stderr);
    missing.says("mgw inspect blocks");
    mgw(&["admin", "block", "api", "/nope:1.0.0"])
        .exits(14)
        .says("as in `/nope`");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_as_an_admin_listener_is_told() {
    let shop = Shop::start().await;
    let inspect = |url: &str| shop.place.mgw(&["inspect", "quotas", "--url", url]);
    let api = inspect(&shop.http).exits(13);
    assert!(
        api.stderr.contains("is not the admin listener of a gateway"),
        "{}",
        api.stderr
    );
    assert!(api.stderr.contains("MGW_ADMIN_URL"), "{}", api.stderr);

    let address = format!("127.0.0.1:{}", free_port());
    let nobody = inspect(&address).exits(13);
    assert!(
        nobody
            .stderr
            .contains(&format!("admin listener at http://{address} cannot be reached")),
        "{}",
        nobody.stderr
    );
    assert!(
        nobody.stderr.contains("Check that the gateway runs there"),
        "{}",
        nobody.stderr
    );

    let mut proxied = shop.place.command(&["inspect", "quotas", "--output", "json"]);
    // A proxy of the environment has no part in it.
    proxied
        .env("MGW_ADMIN_URL", &shop.admin)
        .env("HTTP_PROXY", "http://127.0.0.1:1");
    crate::support::Outcome::of(proxied).exits(0);
    inspect("ftp://localhost").exits(2);
    let secret = inspect("http://ana:canary@localhost").exits(2);
    assert!(!secret.stderr.contains("canary"), "{}", secret.stderr);
}
