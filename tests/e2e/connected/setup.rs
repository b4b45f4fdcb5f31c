//! A control plane, a backend and a project that pulls; a gateway that is connected; traffic all the while.

use crate::running::Running;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use mgw_fixtures::conformance::Definitions;
use mgw_fixtures::rabbitmq::RabbitMq;
use mgw_fixtures::simulator::{Options, PolicyLevel, Shape, Simulator};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

pub const USER: &str = "dev@meridian.example@meridian";
pub const PASSWORD: &str = "demo-password";

/// Control plane, backend and folder of a case.
pub struct World {
    pub plane: Simulator,
    pub backend: Backend,
    pub place: Place,
    pub client: reqwest::Client,
}

impl World {
    /// A bundle with Orders 1.0.0 alone, of a project that wants everything behind the label `dev` from then on.
    pub async fn new(shape: Shape) -> Self {
        Self::with(shape, None).await
    }

    /// The same, where the control plane publishes to a broker; the gateway's settings reach it as they say.
    pub async fn with(shape: Shape, hub: Option<(&RabbitMq, &str)>) -> Self {
        let options = Options {
            shape,
            broker: hub.map(|(broker, _)| broker_url(broker.port).parse().expect("an address")),
            ..Options::default()
        };
        Self::of(options, hub.map_or("", |(_, settings)| settings)).await
    }

    /// The same for a control plane of one's own making, and with further settings of the gateway.
    pub async fn of(options: Options, settings: &str) -> Self {
        let backend = Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await;
        let backend = backend.expect("the backend starts");
        let options = Options {
            backend_url: backend.url(),
            ..options
        };
        let plane = Simulator::start(options).await.expect("a port is free");
        // The cases call as often as it takes.
        let is_set = plane.set_policy_limit(PolicyLevel::Application, "50PerMin", 100_000);
        is_set.expect("the policy is in the seed");
        let place = Place::new();
        place.write("ca.pem", plane.ca_pem());
        let authority = reqwest::Certificate::from_pem(plane.ca_pem().as_bytes()).expect("a certificate");
        let client = reqwest::Client::builder().tls_certs_merge([authority]).build();
        let world = Self {
            plane,
            backend,
            place,
            client: client.expect("a client"),
        };
        world.place.write(
            "micro-gw.conf",
            &format!(
                "[[jwtTokenConfig]]\nissuer = \"{}\"\njwksURL = \"{}\"\njwksCaFile = \"ca.pem\"\n{}",
                world.plane.issuer(),
                world.plane.jwks_url(),
                settings
            ),
        );
        world.sign_in();
        world.place.mgw(&["init", "shop"]).exits(0);
        world.place.mgw(&["pull", "shop", "--api", "Orders:1.0.0"]).exits(0);
        world.place.write(
            "shop/mgw.toml",
            "format = 1\nname = \"shop\"\n[pull]\nlabels = [\"dev\"]\n",
        );
        world.place.mgw(&["build", "shop"]).exits(0);
        world
    }

    /// Everything that was asked is as the control plane's own definitions say, as far as they describe it.
    pub fn was_asked_properly(&self, shape: Shape) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs");
        let Some(definitions) = Definitions::load(&folder, shape).expect("they are readable") else {
            #[expect(clippy::print_stderr, reason = "a test that checks nothing must say so")]
            {
                eprintln!("SKIPPED: ../shared/specs is not there");
            }
            return;
        };
        let asked = self.plane.requests();
        let faults: Vec<String> = asked
            .iter()
            .flat_map(|request| definitions.check_request(request))
            .collect();
        assert!(faults.is_empty(), "{shape:?}:\n{}", faults.join("\n"));
    }

    pub fn sign_in(&self) {
        self.sign_in_with(PASSWORD);
    }

    /// Signs in with this password.
    pub fn sign_in_with(&self, password: &str) {
        let url = self.plane.url().to_owned();
        let mut command = self
            .place
            .command(&["login", "--url", &url, "--ca", "ca.pem", "--username", USER]);
        command.env("MGW_PASSWORD", password);
        crate::support::Outcome::of(command).exits(0);
    }

    /// Starts a gateway as [`start`] does.
    pub fn run(&self, password: bool, more: &[&str]) -> Gateway {
        start(&self.place, &self.client, password.then_some(PASSWORD), more)
    }

    /// Starts a gateway that signs in with this password.
    pub fn run_with_password(&self, password: &str) -> Gateway {
        start(&self.place, &self.client, Some(password), &[])
    }

    /// Starts a gateway that signs in with the password in a file of the place.
    pub fn run_with_password_file(&self, file: &str) -> Gateway {
        let variables = [("MGW_PASSWORD_FILE", file), ("MGW_USERNAME", USER)];
        serve(&self.place, &self.client, &variables, &CONNECTED)
    }

    /// Starts a gateway that follows nothing.
    pub fn run_alone(&self) -> Gateway {
        serve(&self.place, &self.client, &[], &[])
    }

    /// Starts a gateway that signs in as a client, without a user.
    pub fn run_as_client(&self, id: &str, secret: &str) -> Gateway {
        let variables = [("MGW_CLIENT_ID", id), ("MGW_CLIENT_SECRET", secret)];
        serve(&self.place, &self.client, &variables, &CONNECTED)
    }

    /// Starts a gateway that waits for the control plane as long as it takes.
    pub fn run_patiently(&self) -> Gateway {
        serve(&self.place, &self.client, &[("MGW_HTTP_TIMEOUT", "3600")], &CONNECTED)
    }

    /// Starts a gateway that waits for the control plane for no more than two seconds. Whoever wants no attempt to fail takes
    /// another one: machines stall for as long.
    pub fn run_impatiently(&self) -> Gateway {
        serve(&self.place, &self.client, &[("MGW_HTTP_TIMEOUT", "2")], &CONNECTED)
    }

    /// Starts a gateway that asks at the start, and hardly ever again.
    pub fn run_seldom(&self) -> Gateway {
        serve(&self.place, &self.client, &[], &["--connected", "--poll", "86400"])
    }

    /// A token of the application Till, which is subscribed to Orders 1.0.0.
    pub async fn token(&self) -> String {
        self.token_of("Till").await
    }

    /// Revokes a token of an application.
    pub async fn revoke(&self, application: &str, token: &str) {
        let key = self.plane.seed().application_key(application, "PRODUCTION");
        let key = key.expect("it is in the seed");
        let request = self
            .client
            .post(format!("{}/oauth2/revoke", self.plane.url()))
            .basic_auth(&key.consumer_key, Some(&key.consumer_secret))
            .form(&[("token", token)]);
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
    }

    /// A token of an application.
    pub async fn token_of(&self, application: &str) -> String {
        let key = self.plane.seed().application_key(application, "PRODUCTION");
        let key = key.expect("it is in the seed");
        self.token_of_key(&key.consumer_key, &key.consumer_secret).await
    }

    /// A token for a consumer key.
    pub async fn token_of_key(&self, key: &str, secret: &str) -> String {
        let mut answer = Value::Null;
        for path in ["oauth2/token", "token"] {
            let request = self
                .client
                .post(format!("{}/{path}", self.plane.url()))
                .basic_auth(key, Some(secret))
                .form(&[("grant_type", "client_credentials")]);
            answer = request
                .send()
                .await
                .expect("an answer")
                .json()
                .await
                .unwrap_or_default();
            if let Some(token) = answer["access_token"].as_str() {
                return token.to_owned();
            }
        }
        panic!("{answer}");
    }
}

/// The definition of Orders 1.0.0 without the operation that everybody may call.
pub fn orders_without_status() -> Value {
    let text = include_str!("../../../fixtures/seed/apis/orders-1.0.0.json");
    let mut document: Value = serde_json::from_str(text).expect("JSON");
    let paths = document["paths"].as_object_mut().expect("it has paths");
    assert!(paths.remove("/status").is_some());
    document
}

/// How to sign in to a broker.
pub fn broker_url(port: u16) -> String {
    format!(
        "amqp://{}:{}@127.0.0.1:{port}/{}",
        RabbitMq::USER,
        RabbitMq::PASSWORD,
        RabbitMq::VIRTUAL_HOST
    )
}

/// Starts a gateway with the bundle alone, which polls every second; `password`: it can sign in by itself.
pub fn start(place: &Place, client: &reqwest::Client, password: Option<&str>, more: &[&str]) -> Gateway {
    let poll: &[&str] = if more.contains(&"--poll") { &[] } else { &CONNECTED[1..] };
    let arguments = [&CONNECTED[..1], poll, more].concat();
    match password {
        Some(password) => {
            let variables = [("MGW_PASSWORD", password), ("MGW_USERNAME", USER)];
            serve(place, client, &variables, &arguments)
        }
        None => serve(place, client, &[], &arguments),
    }
}

/// Settings of a gateway that hears the event hub, with revocations.
pub fn hub_settings(port: u16) -> String {
    let url = broker_url(port);
    format!(
        "[apim.eventHub]\neventListeningEndpoints = \"{url}\"\n\
         [tokenRevocationConfig.realtime]\nenableRealtimeMessageRetrieval = true\n"
    )
}

/// What is served gets stale while a test waits for it; else it does not, even where a machine stalls.
pub const SOON_STALE: [&str; 2] = ["--set", "connected.staleAfter=2"];

/// Follows the control plane and asks every second.
pub const CONNECTED: [&str; 3] = ["--connected", "--poll", "1"];

fn serve(place: &Place, client: &reqwest::Client, variables: &[(&str, &str)], more: &[&str]) -> Gateway {
    running(command(place, variables, more), client)
}

/// The command of a gateway with the bundle alone.
pub fn command(place: &Place, variables: &[(&str, &str)], more: &[&str]) -> Command {
    let mut arguments = vec!["run", "shop/target/shop.zip", "--output", "json"];
    arguments.extend(["--config", "micro-gw.conf"]);
    for set in [
        "listenerConfig.host=127.0.0.1",
        "listenerConfig.httpPort=0",
        "listenerConfig.httpsPort=0",
        "adminConfig.port=0",
    ] {
        arguments.extend(["--set", set]);
    }
    arguments.extend(more);
    let mut command = place.command(&arguments);
    command.env("MGW_CA_FILE", "ca.pem");
    command.envs(variables.iter().copied());
    command
}

/// Starts the command of a gateway.
pub fn running(command: Command, client: &reqwest::Client) -> Gateway {
    let mut running = Running::of(command);
    let serving = running.json_line();
    let url = |name: &str| serving[name].as_str().expect("an address").to_owned();
    Gateway {
        http: url("http"),
        admin: url("admin"),
        client: client.clone(),
        running,
    }
}

/// A gateway that runs.
pub struct Gateway {
    pub http: String,
    pub admin: String,
    pub running: Running,
    client: reqwest::Client,
}

impl Gateway {
    /// What an address of the admin listener shows.
    pub async fn shown(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}{path}", self.admin)).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    pub async fn connected(&self) -> Value {
        self.shown("/connected").await
    }

    /// Waits until `/connected` is as wanted.
    pub async fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.until_shown(what, "/connected", wanted).await
    }

    /// Waits until an address of the admin listener shows what is wanted.
    pub async fn until_shown(&self, what: &str, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let waiting = async {
            loop {
                last = self.shown(path).await;
                if wanted(&last) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(90), waiting).await;
        assert!(done.is_ok(), "{what}: {last}");
        last
    }

    /// Waits until a call is answered as wanted.
    pub async fn until_status(&self, what: &str, path: &str, token: Option<&str>, wanted: u16) {
        let mut last = 0;
        let waiting = async {
            loop {
                last = self.status(path, token).await;
                if last == wanted {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        assert!(done.is_ok(), "{what}: {path} is answered {last}, not {wanted}");
    }

    /// Waits until callers are told that they may do so many requests in a minute.
    pub async fn until_limit(&self, what: &str, path: &str, token: &str, requests: u32) {
        let wanted = format!("q={requests};w=60");
        let mut last = String::new();
        let waiting = async {
            loop {
                let request = self.client.get(format!("{}{path}", self.http)).bearer_auth(token);
                let answer = request.send().await.expect("an answer");
                let policy = answer.headers().get("ratelimit-policy");
                last = policy
                    .and_then(|policy| policy.to_str().ok())
                    .unwrap_or_default()
                    .to_owned();
                if last.contains(&wanted) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let done = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        assert!(done.is_ok(), "{what}: {last:?} has no {wanted}");
    }

    pub async fn fresh(&self) -> Value {
        self.until("it is fresh", |told| {
            told["state"] == "fresh" && told["failuresInARow"] == 0
        })
        .await
    }

    pub async fn status(&self, path: &str, token: Option<&str>) -> u16 {
        let mut request = self.client.get(format!("{}{path}", self.http));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        request.send().await.expect("an answer").status().as_u16()
    }

    /// Calls without end until told to stop.
    pub fn load(&self, path: &str, token: String) -> Load {
        let load = Arc::new(Counts::default());
        let (counts, client, url) = (Arc::clone(&load), self.client.clone(), format!("{}{path}", self.http));
        let task = tokio::spawn(async move {
            while !counts.stop.load(Ordering::Acquire) {
                let answer = client.get(&url).bearer_auth(&token).send().await;
                let is_good = answer.is_ok_and(|answer| answer.status().as_u16() == 200);
                let count = if is_good { &counts.good } else { &counts.bad };
                count.fetch_add(1, Ordering::AcqRel);
                // Below the limit of the subscription.
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        });
        Load { counts: load, task }
    }

    async fn metrics(&self) -> String {
        let answer = self.client.get(format!("{}/metrics", self.admin)).send().await;
        answer.expect("an answer").text().await.expect("text")
    }

    /// Whether the metrics have a line.
    pub async fn measures(&self, line: &str) -> bool {
        self.metrics().await.lines().any(|other| other == line)
    }

    /// The value of a metric by its name with labels; `None`: there is none.
    pub async fn metric(&self, name: &str) -> Option<f64> {
        let text = self.metrics().await;
        let mut values = text.lines().filter_map(|line| line.rsplit_once(' '));
        let (_, value) = values.find(|(other, _)| *other == name)?;
        value.parse().ok()
    }

    /// Ends it; returns what it said.
    pub fn stop(self) -> String {
        self.running.signal("TERM");
        let outcome = self.running.end().exits(0);
        assert!(!outcome.stderr.contains(PASSWORD), "a secret in the log");
        outcome.stderr
    }
}

#[derive(Default)]
struct Counts {
    good: AtomicUsize,
    bad: AtomicUsize,
    stop: AtomicBool,
}

/// Calls that go on all the while.
pub struct Load {
    counts: Arc<Counts>,
    task: tokio::task::JoinHandle<()>,
}

impl Load {
    /// Ends it; every call was answered 200.
    pub async fn finish(self) {
        self.counts.stop.store(true, Ordering::Release);
        self.task.await.expect("no panic");
        let good = self.counts.good.load(Ordering::Acquire);
        assert_eq!(self.counts.bad.load(Ordering::Acquire), 0, "beside {good} good calls");
        assert!(good > 0);
    }
}
