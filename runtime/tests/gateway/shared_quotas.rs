//! Quotas that several gateways share through real Redis servers: on good days, and when the store is killed, cut off, slow
//! or emptied.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, eventually, policy};
use mgw_bundle::config::PolicyRef;
use mgw_fixtures::cable::{Cable, Condition};
use mgw_fixtures::ports::free_port;
use mgw_fixtures::redis::{self, PASSWORD, RedisServer};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Gateways with one limit of `count` requests in a year, all at the store behind `url`.
struct Fleet {
    gateways: Vec<TestGateway>,
    backend: Backend,
    count: u64,
}

/// The answers that requests got, by status.
type Answers = HashMap<u16, u64>;

fn builder(backend: &Backend, count: u64, strict: bool) -> GatewayBuilder {
    let mut limited = api("/p", &backend.url());
    limited.policy = Some(PolicyRef {
        name: "Shared".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]).cores(1);
    let mut shared = policy("Shared", count);
    shared.strict = strict;
    builder.config.policies.resource = vec![shared];
    builder
}

impl Fleet {
    /// `urls`: that of each gateway.
    fn start(urls: &[String], count: u64, strict: bool, settings: &[(&str, &str)]) -> Self {
        let backend = Backend::named("ok");
        let gateways = urls.iter().map(|url| {
            // A machine that stalls is no store that is away.
            let mut builder = builder(&backend, count, strict)
                .set("throttlingConfig.shared.url", url)
                .set("throttlingConfig.shared.timeout", "10000");
            for (key, value) in settings {
                builder = builder.set(&format!("throttlingConfig.shared.{key}"), value);
            }
            builder.start()
        });
        let gateways = gateways.collect();
        Self {
            gateways,
            backend,
            count,
        }
    }

    /// Waits until every gateway shares with all others.
    fn joined(self) -> Self {
        let all = self.gateways.len() as u64;
        self.wait("all share", |ready| ready == ("shared".to_owned(), all));
        self
    }

    fn wait(&self, what: &str, is: impl Fn((String, u64)) -> bool) {
        for gateway in &self.gateways {
            eventually(what, || is(state(gateway)));
        }
    }

    /// Sends `times` requests to each gateway, all gateways at the same time.
    fn ask(&self, times: u64) -> Answers {
        let results = std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .gateways
                .iter()
                .map(|gateway| scope.spawn(move || ask(gateway, times)))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .collect::<Vec<_>>()
        });
        let mut answers = Answers::new();
        for (status, times) in results.into_iter().flatten() {
            *answers.entry(status).or_default() += times;
        }
        answers
    }

    /// Asks until the limit is used up, as callers do who come back; returns how many were admitted, `before` included.
    fn use_up(&self, before: u64) -> u64 {
        let mut admitted = before;
        eventually("the limit is used up", || {
            admitted += self.ask(5).get(&200).copied().unwrap_or_default();
            admitted + self.worst() >= self.count
        });
        // Whoever goes on gets nothing that others have not left.
        admitted + self.ask(50).get(&200).copied().unwrap_or_default()
    }

    /// What all gateways together may be wrong by, at the tolerance of 20 per cent.
    fn worst(&self) -> u64 {
        let gateways = self.gateways.len() as u64;
        (self.count / 5 / gateways).max(1) * (gateways - 1)
    }

    fn sum(&self, metric: &str) -> f64 {
        let values = self.gateways.iter().map(|gateway| gateway.metric(metric));
        values.map(|value| value.expect("the metric is there")).sum()
    }
}

fn ask(gateway: &TestGateway, times: u64) -> Answers {
    let mut client = Client::connect(gateway.http());
    let mut answers = Answers::new();
    for _ in 0..times {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
        let response = client.receive().expect("an answer");
        *answers.entry(response.status).or_default() += 1;
    }
    answers
}

fn connect(url: &str) -> ::redis::Connection {
    let client = ::redis::Client::open(url).expect("a URL");
    client.get_connection().expect("the server runs")
}

/// What all gateways hold of the API's limit, as the store knows it.
fn held(server: &RedisServer) -> u64 {
    held_under("mgw:quota", server)
}

fn held_under(prefix: &str, server: &RedisServer) -> u64 {
    let mut connection = connect(&server.url());
    let keys: Vec<String> = ::redis::cmd("KEYS")
        .arg(format!("{prefix}:*"))
        .query(&mut connection)
        .expect("keys");
    let totals = keys.iter().map(|key| {
        let total: Option<u64> = ::redis::cmd("HGET")
            .arg(key)
            .arg("total")
            .query(&mut connection)
            .expect("a total");
        total.unwrap_or_default()
    });
    // The limit of callers without credentials is much wider: it is asked for only when a store is reminded.
    totals.min().unwrap_or_default()
}

fn ready(gateway: &TestGateway) -> serde_json::Value {
    serde_json::from_str(&Client::get(gateway.admin(), "/ready").body).expect("JSON")
}

fn state(gateway: &TestGateway) -> (String, u64) {
    let ready = ready(gateway);
    assert_eq!(ready["ready"], true, "the store is no reason to send traffic away");
    let shared = &ready["sharedQuotas"];
    let state = shared["state"].as_str().expect("a state").to_owned();
    (state, shared["gateways"].as_u64().expect("a number"))
}

#[test]
fn two_to_ten_gateways_admit_one_limit_within_the_formula() {
    let server = RedisServer::start();
    for (number, (gateways, count)) in [(2, 20), (3, 300), (10, 1000)].into_iter().enumerate() {
        let prefix = format!("fleet {number}");
        let fleet = Fleet::start(&vec![server.url(); gateways], count, false, &[("prefix", &prefix)]).joined();
        let admitted = fleet.use_up(0);
        let worst = fleet.worst();
        assert!(
            admitted <= count + worst && admitted + worst >= count,
            "{gateways} gateways, {count}: {admitted}, {worst}"
        );
        assert_eq!(fleet.backend.heads().len() as u64, admitted);
        // What the gateways publish of their error is what it was.
        let over = admitted.saturating_sub(count) as f64;
        eventually("the overshoot is published", || {
            fleet.sum("mgw_quota_sharing_overshoot_units_total") >= over
        });
        let leases = fleet.sum("mgw_quota_sharing_leases_total");
        assert!(
            leases < admitted as f64 + 60.0 * gateways as f64,
            "{leases} round trips for {admitted}"
        );
    }
}

#[test]
fn a_limit_that_is_counted_strictly_is_exact_and_closed_without_the_store() {
    let server = RedisServer::start();
    let port = server.port();
    let fleet = Fleet::start(&vec![server.url(); 4], 50, true, &[]).joined();
    assert_eq!(fleet.ask(40), Answers::from([(200, 50), (429, 110)]));
    let told = fleet.gateways[0].get("/p");
    assert_eq!(
        told.header("ratelimit").map(|limit| limit.contains(";r=0;")),
        Some(true),
        "{told:?}"
    );

    let other = Fleet::start(&vec![server.url(); 2], 1000, true, &[("prefix", "other")]).joined();
    assert_eq!(other.ask(10), Answers::from([(200, 20)]));
    let told = other.gateways[1].get("/p");
    assert_eq!(
        told.header("ratelimit").map(|limit| limit.contains(";r=979;")),
        Some(true),
        "{told:?}"
    );
    drop(server);
    other.wait("the store is missed", |(state, _)| state == "alone");
    let refused = other.gateways[0].get("/p");
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("1")),
        "{refused:?}"
    );
    assert!(refused.body.contains("cannot be counted"), "{refused:?}");
    assert_eq!(other.backend.heads().len(), 21);

    // A store that knows nothing is told by each gateway what it has admitted, without a request.
    let server = RedisServer::on(port);
    other.wait("the store is found", |(state, _)| state == "shared");
    eventually("the store is reminded", || held_under("other", &server) == 21);
    assert_eq!(other.ask(1), Answers::from([(200, 2)]));
    let told = other.gateways[1].get("/p");
    assert_eq!(
        told.header("ratelimit").map(|limit| limit.contains(";r=976;")),
        Some(true),
        "{told:?}"
    );

    // An operator lets one gateway's part begin again: 11 of 24.
    let reset = "{\"level\":\"api\",\"key\":\"/p/1.0\"}";
    let request = format!(
        "POST /quotas/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{reset}",
        reset.len()
    );
    let answer = Client::once(other.gateways[0].admin(), &request);
    assert_eq!(answer.status, 200, "{answer:?}");
    eventually("the store forgives", || held_under("other", &server) == 13);
}

#[test]
fn without_the_store_each_gateway_admits_its_part_and_reports_it_later() {
    let server = RedisServer::start();
    let port = server.port();
    let fleet = Fleet::start(&vec![server.url(); 2], 200, false, &[]).joined();
    assert_eq!(fleet.ask(10).get(&429), None);
    eventually("leases that nobody uses have come back", || {
        (20..=20 + 2 * 20).contains(&held(&server))
    });
    drop(server);
    fleet.wait("the store is missed", |(state, _)| state == "alone");
    // Each makes up its half.
    let admitted = 20 + fleet.ask(400)[&200];
    assert_eq!(admitted, 200);
    let refused = fleet.gateways[0].get("/p");
    assert_eq!(refused.status, 429, "{refused:?}");

    let server = RedisServer::on(port);
    fleet.wait("the store is found", |state| state == ("shared".to_owned(), 2));
    assert!(fleet.sum("mgw_quota_sharing_store_resets_total") >= 2.0);
    // The emptied store learns what was admitted: nobody gets the limit a second time, but until both have reported one may
    // get what the other holds.
    let admitted = fleet.use_up(admitted);
    assert!(admitted <= 200 + 100, "{admitted}");
    eventually("both report", || held(&server) >= admitted);
    assert_eq!(fleet.ask(20).get(&200), None);
}

#[test]
fn a_store_that_was_emptied_is_told_what_was_admitted() {
    let server = RedisServer::start();
    let fleet = Fleet::start(&vec![server.url(); 3], 90, false, &[]).joined();
    let before = fleet.ask(20)[&200];
    let mut connection = connect(&server.url());
    ::redis::cmd("FLUSHALL").exec(&mut connection).expect("it is emptied");
    eventually("every gateway notices", || {
        fleet.sum("mgw_quota_sharing_store_resets_total") >= 3.0
    });
    eventually("every gateway reports", || held(&server) >= before);
    let admitted = fleet.use_up(before);
    assert!(admitted <= 90 + fleet.worst(), "{admitted}");
}

#[test]
fn a_gateway_that_is_cut_off_takes_its_part_and_comes_back() {
    let server = RedisServer::start();
    let cable = Cable::to(server.address()).expect("a cable");
    let urls = [server.url(), redis::url(cable.port())];
    let fleet = Fleet::start(&urls, 400, false, &[("timeout", "100")]).joined();
    assert_eq!(fleet.ask(5).get(&429), None);
    cable.set(Condition::Cut);
    let far = &fleet.gateways[1];
    let mut admitted = 10;
    eventually("the store is missed", || {
        admitted += ask(far, 1).get(&200).copied().unwrap_or_default();
        state(far).0 == "alone"
    });
    // So short a time-out may strike it too, for a moment.
    eventually("the other one shares", || state(&fleet.gateways[0]).0 == "shared");
    let answers = fleet.ask(500);
    admitted += answers[&200];
    // The one takes all that the store has, the other its half of what it knew to be left.
    assert!((200..=400 + 200 + fleet.worst()).contains(&admitted), "{admitted}");
    cable.set(Condition::Whole);
    fleet.wait("the store is found", |(state, _)| state == "shared");
    // The other's part becomes known: nobody gets more.
    eventually("it is reported", || {
        fleet.ask(1);
        held(&server) >= admitted
    });
    assert!(fleet.sum("mgw_quota_sharing_overshoot_units_total") > 0.0);
    assert_eq!(fleet.ask(20).get(&200), None);
}

#[test]
fn requests_do_not_wait_for_a_slow_store() {
    let server = RedisServer::start();
    let cable = Cable::to(server.address()).expect("a cable");
    let fleet = Fleet::start(&[redis::url(cable.port())], 1000, false, &[]).joined();
    cable.set(Condition::Cut);
    // The first units are admitted though the store answers no lease.
    let leases = "mgw_quota_sharing_leases_total";
    assert_eq!(ask(&fleet.gateways[0], 180), Answers::from([(200, 180)]));
    assert_eq!(fleet.gateways[0].metric(leases), Some(0.0));
    cable.set(Condition::Whole);
    eventually("the lease comes", || fleet.gateways[0].metric(leases) > Some(0.0));
}

#[test]
fn windows_that_end_are_leased_again_without_refusals() {
    let server = RedisServer::start();
    let backend = Backend::named("ok");
    let mut builder = builder(&backend, 400, false).set("throttlingConfig.shared.url", &server.url());
    builder.config.policies.resource[0].quota = mgw_bundle::config::Quota::Requests {
        count: 400,
        window_ms: 1000,
    };
    let gateway = builder.start();
    eventually("it shares", || state(&gateway).0 == "shared");
    let total = AtomicU64::new(0);
    // Over several windows, at about a tenth of the limit.
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_secs(4) {
        let answers = ask(&gateway, 1);
        total.fetch_add(1, Ordering::Relaxed);
        assert_eq!(
            answers.get(&429),
            None,
            "after {} requests",
            total.load(Ordering::Relaxed)
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_store_with_tls_and_users_has_to_prove_who_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key, other) = (path("server.pem"), path("key.pem"), path("other.pem"));
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let unrelated = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    std::fs::write(&other, unrelated.cert.pem()).expect("written");
    let port = free_port();
    let tls_port = port.to_string();
    // No more than sharing needs.
    let users = path("users.acl");
    let rules = "~mgw:quota:* ~{mgw:quota}:* -@all +@connection +@scripting +hget +hlen +hset +hincrby +pexpire +time +zadd \
                 +zremrangebyscore +zcard +set +get";
    std::fs::write(
        &users,
        format!("user default off\nuser gateway on >{PASSWORD} {rules}\n"),
    )
    .expect("written");
    let _server = RedisServer::with(
        port,
        &[
            "--port",
            "0",
            "--tls-port",
            &tls_port,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-auth-clients",
            "no",
            "--aclfile",
            &users,
        ],
    );
    let url = format!("rediss://gateway:{PASSWORD}@127.0.0.1:{port}");
    let fleet = Fleet::start(&[url.clone(), url.clone()], 30, true, &[("caFile", &certificate)]).joined();
    assert_eq!(fleet.ask(20), Answers::from([(200, 30), (429, 10)]));

    let stranger = Fleet::start(&[url], 30, true, &[("caFile", &other)]);
    eventually("it has tried", || {
        stranger.sum("mgw_quota_sharing_failures_total") > 0.0
    });
    assert_eq!(state(&stranger.gateways[0]).0, "connecting");
    assert_eq!(stranger.gateways[0].get("/p").status, 503);
}

#[test]
fn a_master_that_sentinels_replace_is_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let master = RedisServer::start();
    // A replica is copied to at once, not five seconds later together with others.
    ::redis::cmd("CONFIG")
        .arg("SET")
        .arg("repl-diskless-sync-delay")
        .arg(0)
        .exec(&mut connect(&master.url()))
        .expect("it is set");
    let replica_port = free_port();
    let (port, master_port) = (replica_port.to_string(), master.port().to_string());
    let directory = folder.path().display().to_string();
    let replica = RedisServer::with(
        replica_port,
        &[
            "--port",
            &port,
            "--requirepass",
            PASSWORD,
            "--masterauth",
            PASSWORD,
            "--replicaof",
            "127.0.0.1",
            &master_port,
            // What it is sent goes through a file there.
            "--dir",
            &directory,
        ],
    );
    let sentinel_port = free_port();
    let config = folder.path().join("sentinel.conf");
    // The sentinel takes no silence for an end: it replaces the master when it is told to.
    let text = format!(
        "sentinel monitor quota 127.0.0.1 {master_port} 1\nsentinel auth-pass quota {PASSWORD}\n\
         sentinel down-after-milliseconds quota 3600000\n"
    );
    std::fs::write(&config, text).expect("written");
    let port = sentinel_port.to_string();
    let config = config.display().to_string();
    let _sentinel = RedisServer::with(
        sentinel_port,
        &[&config, "--sentinel", "--port", &port, "--requirepass", "sentinel"],
    );
    let url = format!("redis-sentinel://:{PASSWORD}@127.0.0.1:{sentinel_port}/quota");
    let settings = [("sentinelPassword", "sentinel")];
    let fleet = Fleet::start(&[url.clone(), url], 100, true, &settings).joined();
    assert_eq!(fleet.ask(10), Answers::from([(200, 20)]));
    eventually("the replica knows what was admitted", || held(&replica) == 20);
    let mut connection = connect(&format!("redis://:sentinel@127.0.0.1:{sentinel_port}"));
    let mut master_is = |port: u16| {
        let (_, current): (String, u16) = ::redis::cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg("quota")
            .query(&mut connection)
            .expect("an address");
        if current != port {
            // It refuses while it does not know the replica well enough, and while it is at it.
            let _ = ::redis::cmd("SENTINEL")
                .arg("FAILOVER")
                .arg("quota")
                .exec(&mut connection);
        }
        current == port
    };
    drop(master);
    fleet.wait("the master is missed", |(state, _)| state == "alone");
    assert_eq!(fleet.gateways[0].get("/p").status, 503);
    eventually("the master is replaced", || master_is(replica.port()));
    fleet.wait("the new master is found", |(state, _)| state == "shared");
    assert_eq!(fleet.ask(100), Answers::from([(200, 80), (429, 120)]));
}

#[test]
fn a_cluster_is_shared_through() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let (text, bus) = (port.to_string(), free_port().to_string());
    let directory = folder.path().display().to_string();
    let server = RedisServer::with(
        port,
        &[
            "--port",
            &text,
            "--requirepass",
            PASSWORD,
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus,
            "--dir",
            &directory,
        ],
    );
    let mut connection = connect(&server.url());
    ::redis::cmd("CLUSTER")
        .arg("ADDSLOTSRANGE")
        .arg(0)
        .arg(16383)
        .exec(&mut connection)
        .expect("slots");
    eventually("the cluster is well", || {
        let info: String = ::redis::cmd("CLUSTER")
            .arg("INFO")
            .query(&mut connection)
            .expect("a text");
        info.contains("cluster_state:ok")
    });
    let url = format!("redis-cluster://:{PASSWORD}@127.0.0.1:{port}");
    let exact = Fleet::start(&vec![url.clone(); 3], 30, true, &[("prefix", "exact")]).joined();
    assert_eq!(exact.ask(20), Answers::from([(200, 30), (429, 30)]));
    let leased = Fleet::start(&vec![url; 3], 300, false, &[]).joined();
    let (admitted, worst) = (leased.use_up(0), leased.worst());
    assert!(admitted <= 300 + worst && admitted + worst >= 300, "{admitted}");
}
