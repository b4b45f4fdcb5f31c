//! A gateway that serves, and what it is told by a control plane and its broker.

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
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
pub(super) const HOUR: u64 = 3_600_000;
const TOPIC: &str = "throttleData";
const ISSUER: &str = "https://idp.example/token";
pub(super) const RESOURCE: &str = "/ledger/1.0.0/1.0.0/*:GET";

pub(super) struct Served {
    pub(super) running: RunningGateway,
    _folder: TempDir,
}

/// A code of a fault, or 0.
type Answer = (u16, u32, Option<u64>);

impl Served {
    pub(super) fn start(conf: &str, tables: &str, backend: &Server) -> Self {
        Self::start_at(conf, tables, &format!("http://{}", backend.address))
    }

    /// Serves what is at `backend`.
    pub(super) fn start_at(conf: &str, tables: &str, backend: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("rsa.pem"), keys().rsa_pem()).expect("writes");
        let text = format!(
            "listenerConfig.host = \"127.0.0.1\"\nlistenerConfig.httpPort = 0\nlistenerConfig.httpsEnabled = false\n\
             b7a.observability.metrics.prometheus.port = 0\nb7a.http.accesslog.console = false\n{conf}\n\
             [[jwtTokenConfig]]\nissuer = \"{ISSUER}\"\npublicKeyFile = \"{}\"\n{tables}",
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
            lost_log_lines: std::sync::Arc::default(),
        };
        let running = Gateway::start(&bundle(backend), config, &options);
        Self {
            running: running.expect("it starts"),
            _folder: folder,
        }
    }

    /// Asks with further header fields and returns status, code and `Retry-After`.
    pub(super) fn get(&self, path: &str, fields: &str) -> Answer {
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

    pub(super) fn code(&self, path: &str, fields: &str) -> u32 {
        let (status, code, _) = self.get(path, fields);
        if code == 0 {
            assert_eq!(status, 200);
        }
        code
    }

    /// Waits until a request gets a code; 0: it passes.
    pub(super) fn until(&self, code: u32, path: &str, fields: &str) {
        eventually(&format!("{code} for {path} {fields}"), || {
            self.code(path, fields) == code
        });
    }

    pub(super) fn ready(&self) -> Value {
        let text = exchange(self.running.addresses().admin.expect("a listener"), "/ready", "");
        let (_, body) = text.split_once("\r\n\r\n").expect("a head");
        serde_json::from_str(body).expect("JSON")
    }

    pub(super) fn until_ready_says(&self, member: &str, state: &str) {
        eventually(&format!("{member} {state}"), || {
            self.ready()["globalLimits"][member] == state
        });
    }

    pub(super) fn metric(&self, name: &str) -> u64 {
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

pub(super) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// Two APIs: one whose resources need a token or nothing, and one with nothing to it.
pub(super) fn bundle(backend: &str) -> Bundle {
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
            "endpoints": {"production": {"kind": "single", "targets": [{"url": backend}], "timeout_ms": 10_000}}
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
        service_cors: None,
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

pub(super) fn bearer(user: &str) -> String {
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

pub(super) fn publish(server: &RabbitMq, generation: u8, payloads: &[Value]) {
    let messages: Vec<_> = payloads.iter().map(|payload| message(generation, payload)).collect();
    let messages: Vec<_> = messages
        .iter()
        .map(|(topic, kind, body)| (*topic, *kind, body.as_slice()))
        .collect();
    server.publish(&messages);
}

pub(super) fn decision(key: &str, life_ms: u64, conditions: Option<&Value>) -> Value {
    json!({"throttleKey": key, "isThrottled": true, "expiryTimeStamp": wall_clock() + life_ms,
        "evaluatedConditions": conditions.map(conditions::encode)})
}

pub(super) fn taken_back(key: &str) -> Value {
    json!({"throttleKey": key, "isThrottled": false, "expiryTimeStamp": 0, "evaluatedConditions": null})
}

/// The control plane's lists, behind a password.
pub(super) fn lists(templates: &Value, blocks: &Value) -> impl Fn(&str) -> Vec<u8> + Send + 'static {
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
