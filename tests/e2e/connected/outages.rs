//! The control plane misbehaves, and goes away.

use super::setup::{Gateway, Load, SOON_STALE, World};
use crate::support::Outcome;
use mgw_fixtures::simulator::{Action, Effect, Fault, Shape};
use serde_json::Value;

const ORDERS: &str = "/orders/1.0.0/orders";
const WEATHER: &str = "/1.0.0/weather/now";

fn status(status: u16) -> Effect {
    Effect::Status {
        status,
        retry_after: None,
    }
}

/// A fault is shown and nothing else; when it ends, so does the trouble.
async fn suffers(world: &World, gateway: &Gateway, effect: Effect) {
    let name = format!("{effect:?}");
    let fault = Action::Fault(Fault::new("/api/am/publisher", effect));
    suffers_from(world, gateway, &name, fault, "").await;
}

/// The same of anything that may happen to a control plane; the reason says a word.
async fn suffers_from(world: &World, gateway: &Gateway, name: &str, action: Action, word: &str) {
    let before = is_struck(world, gateway, name, action, word).await;
    recovers(world, gateway, name, &before).await;
}

/// Something happens, is told, and changes nothing for callers; returns what was told before.
async fn is_struck(world: &World, gateway: &Gateway, name: &str, action: Action, word: &str) -> Value {
    let before = gateway.fresh().await;
    world.plane.act(action).await.unwrap();
    let told = gateway
        .until(name, |told| told["failuresInARow"].as_u64() > Some(0))
        .await;
    let reason = told["lastError"].as_str().unwrap_or_default();
    assert!(
        !reason.is_empty() && reason.len() < 600 && !reason.contains('\n') && reason.contains(word),
        "{name}: {reason}"
    );
    assert_eq!(told["served"], before["served"], "{name}");
    assert_eq!(told["apis"], 4, "{name}");
    assert_eq!(gateway.status(WEATHER, None).await, 200, "{name}");
    assert_eq!(gateway.status("/nowhere", None).await, 404, "{name}");
    let ready = gateway.shown("/ready").await;
    assert_eq!(
        (&ready["ready"], &ready["apis"]),
        (&Value::from(true), &Value::from(4)),
        "{name}"
    );
    assert!(
        ready["connected"]["failuresInARow"].as_u64() > Some(0),
        "{name}: {ready}"
    );
    assert!(!gateway.measures("mgw_connected_failures_in_a_row 0").await, "{name}");
    before
}

/// It behaves again, and so does what follows it.
async fn recovers(world: &World, gateway: &Gateway, name: &str, before: &Value) {
    world.plane.act(Action::Heal).await.unwrap();
    let told = gateway.fresh().await;
    assert_eq!(told["served"], before["served"], "{name}");
    assert!(told.get("lastError").is_none(), "{name}");
}

/// A gateway under load whose control plane is about to misbehave.
struct Case {
    world: World,
    gateway: Gateway,
    load: Load,
}

impl Case {
    async fn start() -> Self {
        Self::with(|world| world.run(false, &[])).await
    }

    async fn with(run: impl FnOnce(&World) -> Gateway) -> Self {
        let world = World::new(Shape::ApiCloud).await;
        let token = world.token().await;
        let gateway = run(&world);
        gateway.until("it is taken over", |told| told["apis"] == 4).await;
        let load = gateway.load(ORDERS, token);
        Self { world, gateway, load }
    }

    /// It suffers from each of these and from nothing else.
    async fn suffers(&self, effects: Vec<Effect>) {
        for effect in effects {
            suffers(&self.world, &self.gateway, effect).await;
        }
    }

    /// No caller had any trouble; returns what was said.
    async fn end(self) -> String {
        self.load.finish().await;
        self.gateway.stop()
    }
}

/// Something else than the answer comes.
async fn wrong_answers() {
    let case = Case::start().await;
    let statuses = [401, 404, 502].map(status);
    let bodies = [Effect::Truncate, Effect::Garbage, Effect::Html, Effect::HalfPage];
    let patience = Effect::Status {
        status: 429,
        retry_after: Some(1),
    };
    let effects = statuses.into_iter().chain(bodies).chain([patience]);
    case.suffers(effects.collect()).await;
    let said = case.end().await;
    assert!(said.contains("is not taken over"), "{said}");
    assert!(said.contains("is taken over again"), "{said}");
}

/// No whole answer comes in time.
async fn late_answers() {
    let case = Case::with(World::run_impatiently).await;
    let effects = [
        Effect::Huge { bytes: None },
        Effect::Reset,
        Effect::Latency { ms: 60_000 },
        Effect::Drip { ms: 60_000 },
    ];
    case.suffers(effects.into()).await;
    case.end().await;
}

/// It is not there, or another one is in its place.
async fn broken_connections() {
    let case = Case::start().await;
    let (world, gateway) = (&case.world, &case.gateway);
    let before = is_struck(world, gateway, "cut off", Action::Down, "cannot reach").await;
    let words = [
        "status",
        "shop",
        "--offline",
        "--output",
        "json",
        "--gateway",
        &gateway.admin,
    ];
    let told = world.place.mgw(&words).exits(0).json();
    let following = &told["gateway"]["following"];
    assert!(following["failures_in_a_row"].as_u64() > Some(0), "{told}");
    let reason = following["last_error"].as_str().unwrap_or_default();
    assert!(reason.contains("cannot reach"), "{told}");
    recovers(world, gateway, "cut off", &before).await;
    suffers_from(
        world,
        gateway,
        "other certificate",
        Action::OtherCertificate,
        "certificate",
    )
    .await;
    case.end().await;
}

/// What looks like trouble and is none.
async fn harmless_trouble() {
    let case = Case::start().await;
    let (world, gateway) = (&case.world, &case.gateway);
    for harmless in [
        Action::NewCertificate,
        // All that is there is listed.
        Action::Fault(Fault::new("/api/am/publisher", Effect::LyingTotal)),
        Action::Fault(Fault::new("/", Effect::ClockSkew { seconds: -86_400 })),
        // The access token has expired there; the session goes on.
        Action::Fault(Fault::new("/", Effect::ClockSkew { seconds: 7200 })),
    ] {
        let name = format!("{harmless:?}");
        let before = gateway.fresh().await;
        world.plane.act(harmless).await.unwrap();
        // The second pull from now on begins with it, certainly.
        let unchanged = before["pulls"]["unchanged"].as_u64().map(|count| count + 1);
        let told = gateway
            .until(&name, |told| told["pulls"]["unchanged"].as_u64() > unchanged)
            .await;
        assert_eq!(
            (&told["state"], &told["failuresInARow"]),
            (&Value::from("fresh"), &Value::from(0)),
            "{name}: {told}"
        );
        world.plane.act(Action::Heal).await.unwrap();
    }
    case.end().await;
}

#[test]
fn a_control_plane_that_misbehaves_is_no_callers_trouble() {
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime");
    // Most of each is waiting: they go on beside each other.
    std::thread::scope(|scope| {
        scope.spawn(|| runtime().block_on(wrong_answers()));
        scope.spawn(|| runtime().block_on(late_answers()));
        scope.spawn(|| runtime().block_on(broken_connections()));
        scope.spawn(|| runtime().block_on(harmless_trouble()));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_may_not_see_any_more_is_not_taken_for_gone() {
    let world = World::new(Shape::Apim32).await;
    let gateway = world.run(true, &[]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let before = gateway.fresh().await;
    for (path, code, word) in [
        ("/api/am/admin/v1/throttling/policies", 403, "apim:tier_view"),
        ("/api/am/admin/v1/throttling/blacklist", 403, "apim:bl_view"),
        ("/internal/data", 403, "/internal/data"),
        ("/internal/data", 404, "/internal/data"),
        ("/internal/data", 401, "/internal/data"),
    ] {
        world.plane.set_fault(Fault::new(path, status(code)));
        if path.ends_with("blacklist") {
            // It is told to gateways too.
            world
                .plane
                .set_fault(Fault::new("/internal/data/v1/block", status(code)));
        }
        let told = gateway
            .until(&format!("{path} answers {code}"), |told| {
                told["lastError"].as_str().is_some_and(|reason| reason.contains(word))
            })
            .await;
        assert_eq!(told["served"], before["served"], "{path} {code}");
        assert!(told["credentialsRefused"].is_null(), "it signs in with them: {told}");
        world.plane.clear_faults();
        if code != 401 {
            let told = gateway.fresh().await;
            assert_eq!(told["served"], before["served"], "{path} {code}");
        }
    }
    // The data are not asked for again at once, though they would be told now; a session that ends is made anew.
    world.plane.forget_tokens();
    let failures = gateway.connected().await["failuresInARow"].as_u64();
    let told = gateway
        .until("it goes on failing", |told| {
            told["failuresInARow"].as_u64() > failures.map(|count| count + 2)
        })
        .await;
    assert_eq!(told["signedIn"], true, "{told}");
    assert!(
        told["lastError"]
            .as_str()
            .is_some_and(|reason| reason.contains("/internal/data")),
        "{told}"
    );
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_cannot_be_read_this_time_are_no_lost_role() {
    let world = World::new(Shape::Apim32).await;
    let gateway = world.run(true, &[]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let before = gateway.fresh().await;
    for code in [503, 429] {
        world.plane.set_fault(Fault::new("/internal/data", status(code)));
        let told = gateway
            .until(&format!("the data answer {code}"), |told| {
                let reason = told["lastError"].as_str().unwrap_or_default();
                reason.contains(&format!("answered {code}"))
            })
            .await;
        let reason = told["lastError"].as_str().unwrap_or_default();
        assert!(
            reason.contains("/internal/data") && !reason.contains("role"),
            "{reason}"
        );
        assert_eq!(told["pulls"]["refused"], 0, "{told}");
        assert_eq!(told["served"], before["served"]);
        world.plane.clear_faults();
        gateway.fresh().await;
    }
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_proxy_takes_no_api_away() {
    const LIST: &str = "/api/am/publisher/apis";
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &["--state", "state"]);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    let before = gateway.fresh().await;
    world.plane.set_fault(Fault::new(LIST, Effect::HalfPage));
    let told = gateway
        .until("the list is cut short", |told| {
            told["lastError"]
                .as_str()
                .is_some_and(|reason| reason.contains("did not list"))
        })
        .await;
    let reason = told["lastError"].as_str().unwrap_or_default();
    let lock: toml::Table = world.place.read("state/work/mgw.lock").parse().expect("a lock");
    let apis = lock["api"].as_array().expect("APIs");
    let text = |api: &toml::Value, key: &str| api[key].as_str().unwrap_or_default().to_owned();
    let is_cut = |api: &&toml::Value| reason.contains(&format!("{} {},", text(api, "name"), text(api, "version")));
    let id = text(apis.iter().find(is_cut).expect("it is named"), "id");
    world.plane.clear_faults();
    gateway.fresh().await;
    // The list is cut short again, and something before the control plane answers for the API that is missing.
    world.plane.set_fault(Fault::new(format!("{LIST}/{id}"), status(404)));
    world.plane.set_fault(Fault::new(LIST, Effect::HalfPage));
    let told = gateway
        .until("the API is asked for", |told| {
            told["lastError"]
                .as_str()
                .is_some_and(|reason| reason.contains("answered 404"))
        })
        .await;
    assert_eq!((&told["apis"], &told["served"]), (&before["apis"], &before["served"]));
    world.plane.clear_faults();
    assert_eq!(gateway.fresh().await["served"], before["served"]);
    gateway.stop();
}

/// Every poll asks for everything, as with a user who is no administrator.
const EVERYTHING: [&str; 2] = ["--set", "connected.askWhatChanged=false"];

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_that_accepts_no_session_is_asked_in_pauses() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(true, &EVERYTHING);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    gateway.fresh().await;
    let began = std::time::Instant::now();
    let before = gateway.connected().await["pulls"]["failed"]
        .as_u64()
        .unwrap_or_default();
    world.plane.set_fault(Fault::new("/api/am/publisher", status(401)));
    let told = gateway
        .until("it has failed often", |told| told["failuresInARow"].as_u64() > Some(5))
        .await;
    // Two attempts in a second at most: the shortest pause is half a second.
    let failed = told["pulls"]["failed"].as_u64().unwrap_or_default() - before;
    let most = 2 * (began.elapsed().as_secs() + 1) + 1;
    assert!(failed <= most, "{failed} attempts where {most} are due");
    world.plane.clear_faults();
    gateway.fresh().await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_is_renewed_where_the_password_is_given() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(true, &EVERYTHING);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    gateway.fresh().await;
    let tokens = || world.plane.request_count("POST", "/token");
    let before = tokens();
    world.plane.forget_tokens();
    let renewed = gateway.until("it signs in again", |_| tokens() > before).await;
    let seen = renewed["lastSuccessAtMs"].as_u64();
    gateway
        .until("it succeeds again", |told| {
            told["lastSuccessAtMs"].as_u64() > seen && told["signedIn"] == true && told["failuresInARow"] == 0
        })
        .await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_is_shown_until_somebody_signs_in() {
    let world = World::new(Shape::ApiCloud).await;
    let gateway = world.run(false, &SOON_STALE);
    gateway.until("it is taken over", |told| told["apis"] == 4).await;
    world.plane.forget_tokens();
    let told = gateway
        .until("nobody is signed in", |told| {
            told["signedIn"] == false && told["failuresInARow"].as_u64() > Some(0)
        })
        .await;
    assert!(
        told["lastError"]
            .as_str()
            .is_some_and(|reason| reason.contains("session")),
        "{told}"
    );
    gateway.until("it is stale", |told| told["state"] == "stale").await;
    assert_eq!(gateway.status(WEATHER, None).await, 200);
    world.sign_in();
    gateway
        .until("it goes on", |told| {
            told["state"] == "fresh" && told["signedIn"] == true
        })
        .await;
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_password_is_not_tried_again_and_again() {
    let world = World::new(Shape::ApiCloud).await;
    world.plane.forget_tokens();
    world.place.mgw(&["logout", "--ca", "ca.pem"]);
    world.plane.clear_requests();
    let gateway = world.run_with_password("canary-old");
    gateway
        .until("it has failed often", |told| told["failuresInARow"].as_u64() > Some(3))
        .await;
    let registrations = world
        .plane
        .requests()
        .iter()
        .filter(|request| request.path().contains("register"))
        .count();
    let refused = gateway.connected().await;
    assert_eq!(refused["signedIn"], false);
    assert!(registrations <= 3, "{registrations} attempts with a wrong password");
    assert_eq!(gateway.status("/orders/1.0.0/status", None).await, 200);
    let said = gateway.stop();
    assert!(!said.contains("canary-old"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_gateway_comes_back_with_what_it_had_while_the_control_plane_is_away() {
    let world = World::new(Shape::ApiCloud).await;
    let token = world.token().await;
    let gateway = world.run(false, &[]);
    let told = gateway
        .until("it is taken over", |told| told["kept"] == 1 && told["apis"] == 4)
        .await;
    assert_eq!(gateway.status(ORDERS, Some(&token)).await, 200);
    let served = told["served"].clone();
    gateway.running.signal("KILL");
    drop(gateway);
    let World {
        plane,
        place,
        backend,
        client,
    } = world;
    let (url, jwks) = (plane.url().to_owned(), plane.jwks_url());
    plane.shutdown().await;
    let world = Away { place, client };
    let gateway = world.run();
    let told = gateway
        .until("it fails", |told| told["failuresInARow"].as_u64() > Some(0))
        .await;
    assert_eq!((&told["served"], &told["apis"]), (&served, &serde_json::json!(4)));
    assert!(
        told["lastError"]
            .as_str()
            .is_some_and(|reason| reason.contains("cannot reach")),
        "{told}"
    );
    assert_eq!(told["signedIn"], true, "nobody said that the session ended");
    assert_eq!(gateway.status(WEATHER, None).await, 200);
    assert_eq!(
        gateway.status(ORDERS, Some(&token)).await,
        200,
        "the issuer's keys were kept: {url} {jwks}"
    );
    let told = gateway.until("it is stale", |told| told["state"] == "stale").await;
    assert!(told["ageSeconds"].as_u64() >= Some(2));
    assert_eq!(gateway.shown("/ready").await["ready"], true);
    gateway.stop();
    backend.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_gateway_without_a_control_plane_serves_its_bundle() {
    let world = World::new(Shape::ApiCloud).await;
    let World {
        plane, place, client, ..
    } = world;
    plane.shutdown().await;
    let gateway = Away { place, client }.run();
    let told = gateway
        .until("it fails", |told| told["failuresInARow"].as_u64() > Some(1))
        .await;
    assert_eq!(
        (&told["state"], &told["apis"]),
        (&serde_json::json!("stale"), &serde_json::json!(1))
    );
    assert!(told.get("ageSeconds").is_none() && told.get("lastSuccessAtMs").is_none());
    assert_eq!(told["served"], told["base"]);
    assert_eq!(gateway.status("/orders/1.0.0/status", None).await, 200);
    let metrics = client_text(&gateway).await;
    assert!(metrics.contains("mgw_connected_state{state=\"stale\"} 1"), "{metrics}");
    gateway.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_whose_name_leads_nowhere_is_said_to_be_out_of_reach() {
    let world = World::new(Shape::ApiCloud).await;
    let lock = world
        .place
        .read("shop/mgw.lock")
        .replace(world.plane.url(), "https://gone.invalid:9443");
    world.place.write("shop/mgw.lock", &lock);
    world.place.mgw(&["build", "shop"]).exits(0);
    let gateway = world.run(true, &[]);
    let told = gateway
        .until("it fails", |told| told["failuresInARow"].as_u64() > Some(0))
        .await;
    let reason = told["lastError"].as_str().unwrap_or_default();
    assert!(reason.contains("gone.invalid"), "{told}");
    assert_eq!(gateway.status("/orders/1.0.0/status", None).await, 200);
    assert_eq!(gateway.shown("/ready").await["ready"], true);
    gateway.stop();
}

async fn client_text(gateway: &Gateway) -> String {
    let answer = reqwest::get(format!("{}/metrics", gateway.admin)).await;
    answer.expect("an answer").text().await.expect("text")
}

/// A place whose control plane is gone.
struct Away {
    place: crate::support::Place,
    client: reqwest::Client,
}

impl Away {
    fn run(&self) -> Gateway {
        super::setup::start(&self.place, &self.client, None, &SOON_STALE)
    }
}

#[test]
fn what_follows_nothing_is_refused_with_the_remedy() {
    let place = crate::support::Place::new();
    place.write("openapi.yaml", "openapi: 3.0.0\ninfo: {title: A, version: 1.0.0}\nx-wso2-basePath: /a\n\
        x-wso2-production-endpoints: {urls: ['http://127.0.0.1:9']}\npaths: {/x: {get: {responses: {'200': {description: ok}}}}}\n");
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    Outcome::of(place.command(&["run", "shop", "--connected"]))
        .exits(3)
        .says("mgw pull");
    for (flag, value) in [
        ("--poll", "5"),
        ("--state", "state"),
        ("--broker", "amqp://ana@localhost/carbon"),
    ] {
        place.mgw(&["run", "shop", flag, value]).exits(2).says("--connected");
    }
    // A container has its variables for everything that it runs: it gets as far as the settings.
    let mut alone = place.command(&["run", "shop", "--set", "no.such=1"]);
    alone
        .env("MGW_STATE_DIR", "state")
        .env("MGW_BROKER", "amqp://ana@localhost/carbon");
    Outcome::of(alone).exits(3).says("no.such");
}
