//! Nothing of a gateway grows while the control plane is away, however long that lasts and whoever calls meanwhile.

use super::events::hears;
use super::setup::{Gateway, SOON_STALE, USER, World, hub_settings};
use crate::support::Place;
use futures_util::future::join_all;
use mgw_fixtures::cable::Cable;
use mgw_fixtures::keys::Claims;
use mgw_fixtures::rabbitmq::RabbitMq;
use mgw_fixtures::simulator::{Action, Options, PolicyLevel, Shape};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

const ORDERS: &str = "/orders/1.0.0/orders";
/// Bytes of usage records that may wait: the least that can be set.
const SPOOL: f64 = 1_048_576.0;
/// Attempts until everything that has a bound has reached it, and afterwards.
const WARM_UP: u64 = 12;
const AFTERWARDS: u64 = 24;
/// What the memory may grow by from then on: allocators are no accountants.
const FACTOR: f64 = 1.25;

/// Everything that has a bound is made to reach it within seconds.
fn settings(hub: u16) -> String {
    format!(
        "{}[caching]\ntokenCacheCapacity = 64\ntokenCacheBytes = 65536\nnegativeCacheCapacity = 64\n\
         [analytics.fileUpload]\nenable = true\nuploadingEndpoint = \"https://localhost:1/upload\"\n\
         maxSpoolSize = {SPOOL}\nmaxFileSize = 262144\nrotatingPeriod = 200\ninitialDelayInMillis = 0\n\
         uploadingTimeSpanInMillis = 100\nmaxRandomDelayInMillis = 0\n",
        hub_settings(hub)
    )
}

/// Callers of whom no two are alike.
struct Callers<'a> {
    world: &'a World,
    gateway: &'a Gateway,
    known: String,
    count: usize,
}

impl Callers<'_> {
    /// Text that no archive makes much shorter.
    fn text(&mut self, digests: usize) -> String {
        (0..digests)
            .map(|_| {
                self.count += 1;
                mgw_bundle::Digest::of(self.count.to_string().as_bytes()).to_string()
            })
            .collect()
    }

    /// Some call: those of one application, each with a browser of its own, and those whom nobody knows.
    async fn call(&mut self) {
        let known: Vec<_> = (0..24).map(|_| (self.known.clone(), self.text(15))).collect();
        let unknown: Vec<_> = (0..24)
            .map(|_| {
                let key = self.text(1);
                let claims = Claims::new(self.world.plane.issuer(), key, Duration::from_secs(3600));
                let token = self.world.plane.signing_key().sign(&claims.to_json());
                (token.expect("it is signed"), String::new())
            })
            .collect();
        let url = format!("{}{ORDERS}", self.gateway.http);
        for (callers, wanted) in [(known, 200), (unknown, 403)] {
            let answers = callers.into_iter().map(|(token, agent)| {
                let request = self.world.client.get(&url).bearer_auth(token);
                request.header("user-agent", agent).send()
            });
            for answer in join_all(answers).await {
                assert_eq!(answer.expect("an answer").status().as_u16(), wanted);
            }
        }
    }

    /// Lets them call, and the broker come and go, for so many attempts to reach the control plane, and until more holds.
    async fn call_for(&mut self, attempts: u64, cable: &Cable, mut more: impl AsyncFnMut(&Gateway) -> bool) -> Value {
        let failed = |told: &Value| told["pulls"]["failed"].as_u64().unwrap_or_default();
        let end = failed(&self.gateway.connected().await) + attempts;
        loop {
            for is_away in [true, false] {
                cable.set_away(is_away);
                self.call().await;
            }
            let told = self.gateway.connected().await;
            if failed(&told) >= end && more(self.gateway).await {
                return told;
            }
        }
    }
}

/// Files below a folder.
fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 })
        .sum()
}

/// What has a bound is within it.
async fn is_bounded(gateway: &Gateway, place: &Place, told: &Value) {
    assert_eq!(
        (&told["kept"], &told["state"]),
        (&Value::from(1), &Value::from("stale")),
        "{told}"
    );
    let reason = told["lastError"].as_str().expect("a reason");
    assert!(reason.len() <= 2000, "{reason}");
    for (name, most) in [
        ("mgw_usage_spool_bytes", SPOOL),
        ("mgw_usage_spool_limit_bytes", SPOOL),
        ("mgw_subscription_data_absent", 10_000.0),
        ("mgw_connected_kept_bundles", 1.0),
    ] {
        let value = gateway.metric(name).await.expect(name);
        assert!(value <= most, "{name} is {value}");
    }
    let count = files(&place.path().join("state"));
    assert!(count < 100, "{count} files are kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_grows_while_the_control_plane_is_away() {
    let mut broker = RabbitMq::prepare();
    broker.start();
    let cable = Cable::to(SocketAddr::from((Ipv4Addr::LOCALHOST, broker.port))).expect("a free port");
    let options = Options {
        shape: Shape::Apim32,
        ..Options::default()
    };
    let world = World::of(options, &settings(cable.port())).await;
    let limit = world
        .plane
        .set_policy_limit(PolicyLevel::Subscription, "Gold", 1_000_000);
    limit.expect("the policy is in the seed");
    let known = world.token().await;
    let more = [&SOON_STALE[..], &["--state", "state", "--data-dir", "data"]].concat();
    let mut gateway = world.run(true, &more);
    gateway.until("it is taken over", |told| told["kept"] == 1).await;
    hears(&gateway).await;
    gateway.running.ignore_output();
    let (world, gateway) = (&world, &gateway);
    let mut callers = Callers {
        world,
        gateway,
        known,
        count: 0,
    };
    // Those whom the control plane does not know are remembered for that.
    callers.call().await;
    assert!(gateway.metric("mgw_subscription_data_absent").await >= Some(24.0));

    world.plane.act(Action::Down).await.unwrap();
    let spool_is_full = async |gateway: &Gateway| {
        let dropped = gateway
            .metric("mgw_usage_records_dropped_total{reason=\"spool\"}")
            .await;
        dropped > Some(0.0)
    };
    let told = callers.call_for(WARM_UP, &cable, spool_is_full).await;
    is_bounded(gateway, &world.place, &told).await;
    let (before, files_before) = (gateway.running.resident_kib(), files(&world.place.path().join("state")));

    let told = callers.call_for(AFTERWARDS, &cable, async |_| true).await;
    is_bounded(gateway, &world.place, &told).await;
    let (after, files_after) = (gateway.running.resident_kib(), files(&world.place.path().join("state")));
    let calls = callers.count;
    assert!(
        after as f64 <= before as f64 * FACTOR,
        "{before} KiB after {WARM_UP} attempts, {after} KiB after {AFTERWARDS} more, {calls} texts"
    );
    assert_eq!(files_after, files_before);

    // All of that was nobody's end.
    cable.set_away(false);
    world.plane.act(Action::Heal).await.unwrap();
    gateway.fresh().await;
    hears(gateway).await;
    assert_eq!(gateway.connected().await["signedIn"], true, "{USER}");
}
