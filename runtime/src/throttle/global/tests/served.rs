//! A gateway that serves, with the control plane's lists and a real broker.

use crate::auth::tests::keys::{keys, token};
use crate::auth::tests::server::{Server, ok, status, wall_clock};
use crate::config::{RuntimeConfig, Sources};
use crate::event_hub::amqp::rabbitmq::RabbitMq;
use crate::event_hub::map_message::encode;
use crate::throttle::global::conditions;
use crate::{Gateway, GatewayOptions, RunningGateway};
use mgw_bundle::{Bundle, BundleContents, GatewayConfig, Limits, write_bundle};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Every wait ends after this time; it is no measure of speed.
const PATIENCE: Duration = Duration::from_secs(120);
const HOUR: u64 = 3_600_000;
const TOPIC: &str = "throttleData";
const ISSUER: &str = "https://idp.example/token";
const RESOURCE: &str = "/ledger/1.0.0/1.0.0/*:GET";

struct Served {
    running: RunningGateway,
    folder: TempDir,
}

/// A code of a fault, or 0.
type Answer = (u16, u32, Option<u64>);

impl Served {
    fn start(conf: &str, backend: &Server) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("rsa.pem"), keys().rsa_pem()).expect("writes");
        let text = format!(
            "listenerConfig.host = \"127.0.0.1\"\nlistenerConfig.httpPort = 0\nlistenerConfig.httpsEnabled = false\n\
             b7a.observability.metrics.prometheus.port = 0\nb7a.http.accesslog.console = false\n{conf}\n\
             [[jwtTokenConfig]]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{}\"\n",
            folder.path().join("rsa.pem").display()
        );
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &text)),
            ..Sources::default()
        });
        let (config, _) = loaded.expect("the test's configuration is valid");
        let options = GatewayOptions {
            cores: Some(2),
            data_dir: folder.path().join("data"),
        };
        let running = Gateway::start(&bundle(&format!("http://{}", backend.address)), config, &options);
        Self {
            running: running.expect("it starts"),
            folder,
        }
    }

    /// Asks with further header fields and returns status, code and `Retry-After`.
    fn get(&self, path: &str, fields: &str) -> Answer {
        let address = self.running.addresses().http.expect("a listener");
        let text = exchange(address, path, fields);
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let code = body
            .split("\"code\":")
            .nth(1)
            .and_then(|rest| rest.split([',', '}']).next());
        let retry = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("retry-after")
                .then(|| value.trim().parse().expect("seconds"))
        });
        (
            status.expect("a status"),
            code.map_or(0, |code| code.trim().parse().expect("a code")),
            retry,
        )
    }

    fn code(&self, path: &str, fields: &str) -> u32 {
        let (status, code, _) = self.get(path, fields);
        if code == 0 {
            assert_eq!(status, 200);
        }
        code
    }

    /// Waits until a request gets a code; 0: it passes.
    fn until(&self, code: u32, path: &str, fields: &str) {
        eventually(&format!("{code} for {path} {fields}"), || {
            self.code(path, fields) == code
        });
    }

    fn ready(&self) -> Value {
        let text = exchange(self.running.addresses().admin.expect("a listener"), "/ready", "");
        let (_, body) = text.split_once("\r\n\r\n").expect("a head");
        serde_json::from_str(body).expect("JSON")
    }

    fn until_ready_says(&self, member: &str, state: &str) {
        eventually(&format!("{member} {state}"), || {
            self.ready()["globalLimits"][member] == state
        });
    }

    fn metric(&self, name: &str) -> u64 {
        let text = exchange(self.running.addresses().admin.expect("a listener"), "/metrics", "");
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(&format!("mgw_global_limits_{name} ")));
        value.unwrap_or_else(|| panic!("{name}")).parse().expect("a number")
    }
}

fn exchange(address: SocketAddr, path: &str, fields: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Two APIs: one whose resources need a token or nothing, and one with nothing to it.
fn bundle(backend: &str) -> Bundle {
    let resource = |method: &str, secured: bool| {
        let alternatives = if secured {
            json!([{"schemes": [{"kind": "oauth2"}]}])
        } else {
            json!([])
        };
        json!({"template": "/*", "method": method, "policy": {"name": "Tight"}, "scopes": {"match": "any", "names": []},
            "security": {"enabled": secured, "optional": false, "alternatives": alternatives}})
    };
    let api = |base_path: &str, name: &str, resources: Value| {
        json!({
            "id": name, "name": name, "version": "1.0.0", "base_path": base_path, "state": "published",
            "transports": {"http": true, "https": true}, "definition": "", "source": "", "resources": resources,
            "endpoints": {"production": {"kind": "single", "urls": [backend], "timeout_ms": 10_000}}
        })
    };
    let apis = json!([
        api("/ledger/1.0.0", "Ledger", json!([resource("GET", false)])),
        api("/till/1.0.0", "Till", json!([resource("GET", true)])),
    ]);
    let config = GatewayConfig {
        format: mgw_bundle::config::FORMAT,
        project: "test".into(),
        apis: serde_json::from_value(apis).expect("APIs"),
        policies: mgw_bundle::config::Policies::default(),
        backend_certificates: Vec::new(),
        api_fault_responses: false,
        global_fault_responses: false,
    };
    let written = write_bundle(BundleContents {
        tool: "test",
        lock: None,
        config: &config,
        snapshot: None,
        entries: BTreeMap::new(),
    });
    Bundle::read(&written.expect("plain data").0, &Limits::default()).expect("what was written")
}

fn bearer(user: &str) -> String {
    let claims = json!({"iss": ISSUER, "sub": user, "exp": wall_clock() / 1000 + 3600, "jti": user,
        "application": {"id": 12, "name": "Front", "tier": "50PerMin", "owner": "bo"},
        "subscribedAPIs": [{"name": "Till", "version": "1.0.0", "subscriptionTier": "Gold"}]});
    format!("Authorization: Bearer {}\r\n", token(&claims))
}

/// A message in the form of generation 3 or 4.
fn message(generation: u8, payload: &Value) -> (&'static str, &'static str, Vec<u8>) {
    match generation {
        3 => (
            TOPIC,
            "jms/map-message",
            encode(payload.as_object().expect("an object")),
        ),
        _ => (
            TOPIC,
            "text/plain",
            json!({"event": {"payloadData": payload}}).to_string().into_bytes(),
        ),
    }
}

fn publish(server: &RabbitMq, generation: u8, payloads: &[Value]) {
    let messages: Vec<_> = payloads.iter().map(|payload| message(generation, payload)).collect();
    let messages: Vec<_> = messages
        .iter()
        .map(|(topic, kind, body)| (*topic, *kind, body.as_slice()))
        .collect();
    server.publish(&messages);
}

fn decision(key: &str, life_ms: u64, conditions: Option<&Value>) -> Value {
    json!({"throttleKey": key, "isThrottled": true, "expiryTimeStamp": wall_clock() + life_ms,
        "evaluatedConditions": conditions.map(conditions::encode)})
}

fn taken_back(key: &str) -> Value {
    json!({"throttleKey": key, "isThrottled": false, "expiryTimeStamp": 0, "evaluatedConditions": null})
}

/// The control plane's lists, behind a password.
fn lists(templates: &Value, blocks: &Value) -> impl Fn(&str) -> Vec<u8> + Send + 'static {
    let (templates, blocks) = (ok(templates), ok(blocks));
    move |request| {
        // cp:canary
        if !request
            .to_ascii_lowercase()
            .contains("authorization: basic y3a6y2fuyxj5")
        {
            return status("401 Unauthorized");
        }
        match request.split(' ').nth(1) {
            Some("/internal/data/v1/keyTemplates") => templates.clone(),
            Some("/internal/data/v1/block") => blocks.clone(),
            _ => status("404 Not Found"),
        }
    }
}

#[test]
fn decisions_of_the_traffic_manager_are_in_force_while_they_last() {
    let mut broker = RabbitMq::prepare();
    let backend = Server::start(ok(&json!({"ok": true})));
    let plane = Server::start(status("503 Service Unavailable"));
    let conf = format!(
        "throttlingConfig.enabledGlobalTMEventPublishing = true\nthrottlingConfig.enableHeaderConditions = true\n\
         throttlingConfig.jmsConnectionProviderUrl = \"amqp://admin:canary@clientid/carbon?brokerlist='tcp://127.0.0.1:{}'\"\n\
         throttlingConfig.dataRetriever.serverUrl = \"http://{}/internal/data/v1/\"\n\
         throttlingConfig.dataRetriever.username = \"cp\"\nthrottlingConfig.dataRetriever.password = \"canary\"\n",
        broker.port, plane.address
    );
    let served = Served::start(&conf, &backend);
    let (ana, bo) = (bearer("ana"), bearer("bo"));

    // Neither broker nor lists: the gateway serves, and says so.
    assert_eq!(served.code("/ledger/1.0.0/x", ""), 0);
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
    eventually("both failed", || served.metric("failures_total") >= 2);
    let ready = served.ready();
    assert_eq!(
        (&ready["ready"], &ready["globalLimits"]["decisions"]),
        (&json!(true), &json!("loading"))
    );
    assert_eq!(ready["globalLimits"]["lists"], "loading");

    // The lists come as soon as they can be had, whatever was answered before.
    plane.answer_by(lists(
        &json!(["$userId:$apiContext"]),
        &json!({"user": ["bo"], "ip": []}),
    ));
    served.until(900_805, "/till/1.0.0/x", &bo);
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
    served.until_ready_says("lists", "current");

    broker.start();
    served.until_ready_says("decisions", "current");
    let ledger = format!("{RESOURCE}_default");
    publish(&broker, 3, &[decision(&ledger, HOUR, None)]);
    served.until(900_802, "/ledger/1.0.0/x", "");
    let (status, _, retry) = served.get("/ledger/1.0.0/x", "");
    assert_eq!(status, 429);
    assert!(
        retry.is_some_and(|seconds| (3000..=3600).contains(&seconds)),
        "{retry:?}"
    );
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);
    publish(&broker, 4, &[taken_back(&ledger)]);
    served.until(0, "/ledger/1.0.0/x", "");

    // One that expires needs no message.
    publish(&broker, 4, &[decision(&ledger, 3_000, None)]);
    served.until(900_802, "/ledger/1.0.0/x", "");
    served.until(0, "/ledger/1.0.0/x", "");

    // By condition: a group, and everybody else.
    let mobile = json!([{"header": {"values": {"X-Client": "^mobile"}, "invert": false}}]);
    publish(
        &broker,
        3,
        &[decision(&format!("{RESOURCE}_condition_0"), HOUR, Some(&mobile))],
    );
    served.until(900_802, "/ledger/1.0.0/x", "X-Client: mobile 7\r\n");
    assert_eq!(served.code("/ledger/1.0.0/x", "X-Client: desk\r\n"), 0);
    publish(
        &broker,
        4,
        &[
            taken_back(&format!("{RESOURCE}_condition_0")),
            decision(&ledger, HOUR, Some(&mobile)),
        ],
    );
    served.until(900_802, "/ledger/1.0.0/x", "X-Client: desk\r\n");
    assert_eq!(served.code("/ledger/1.0.0/x", "X-Client: mobile 7\r\n"), 0);
    publish(&broker, 4, &[taken_back(&ledger)]);
    served.until(0, "/ledger/1.0.0/x", "X-Client: desk\r\n");

    // By subscription, application and address, whichever was asked about first.
    for (key, code, path, fields) in [
        ("12:/till/1.0.0:1.0.0", 900_804, "/till/1.0.0/x", ana.as_str()),
        ("12:ana", 900_803, "/till/1.0.0/x", &ana),
        ("127.0.0.1:/ledger/1.0.0:1.0.0", 900_804, "/ledger/1.0.0/x", ""),
        // The template came with the list.
        ("ana:/till/1.0.0", 900_806, "/till/1.0.0/x", &ana),
    ] {
        publish(&broker, 3, &[decision(key, HOUR, None)]);
        served.until(code, path, fields);
        publish(&broker, 3, &[taken_back(key)]);
        served.until(0, path, fields);
    }

    // Templates come and go; what cannot be read is counted, and what follows is applied.
    let template = |state: &str| json!({"keyTemplateValue": "$appId", "keyTemplateState": state});
    let unreadable = json!({"keyTemplateValue": "$nobody", "keyTemplateState": "add"});
    let rejected = served.metric("rejected_total");
    publish(
        &broker,
        4,
        &[
            json!({"other": 1}),
            unreadable,
            template("add"),
            decision("12", HOUR, None),
        ],
    );
    served.until(900_806, "/till/1.0.0/x", &ana);
    assert_eq!(served.metric("rejected_total"), rejected + 2);
    assert_eq!(served.metric("key_templates"), 2);
    publish(&broker, 3, &[template("remove")]);
    served.until(0, "/till/1.0.0/x", &ana);

    // Blocks, in both spellings.
    let block = |state: &str| json!({"id": 7, "blockingCondition": "API", "conditionValue": "/ledger/1.0.0", "state": state, "tenantDomain": "carbon.super"});
    publish(&broker, 3, &[block("true")]);
    served.until(900_805, "/ledger/1.0.0/x", "");
    publish(&broker, 3, &[block("false")]);
    served.until(0, "/ledger/1.0.0/x", "");
    let lifted = json!({"blockingKey": "USER", "condition": "USER", "conditionValue": "bo", "conditionState": "false"});
    publish(&broker, 4, &[lifted]);
    served.until(0, "/till/1.0.0/x", &bo);

    // A new bundle finds what was told before.
    publish(&broker, 3, &[decision(&ledger, HOUR, None), block("true")]);
    served.until(900_805, "/ledger/1.0.0/x", "");
    let same = bundle(&format!("http://{}", backend.address));
    served.running.reload(&same).expect("a good bundle");
    assert_eq!(served.code("/ledger/1.0.0/x", ""), 900_805);
    publish(&broker, 3, &[block("false")]);
    served.until(900_802, "/ledger/1.0.0/x", "");

    // Without the broker, what is in force holds; the gateway is ready and says that it is told nothing.
    broker.kill();
    served.until_ready_says("decisions", "stale");
    assert_eq!(served.ready()["ready"], true);
    assert_eq!(served.code("/ledger/1.0.0/x", ""), 900_802);
    assert_eq!(served.code("/till/1.0.0/x", &ana), 0);

    // What was missed is in the lists, and the next messages arrive.
    plane.answer_by(lists(&json!(["$clientIp"]), &json!({"application": ["bo:Front"]})));
    broker.start();
    served.until(900_805, "/till/1.0.0/x", &ana);
    served.until_ready_says("decisions", "current");
    publish(&broker, 4, &[taken_back(&ledger), decision("2130706433", HOUR, None)]);
    served.until(900_806, "/ledger/1.0.0/x", "");
    assert!(served.folder.path().exists());
}
