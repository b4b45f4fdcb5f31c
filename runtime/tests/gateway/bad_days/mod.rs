//! Backends that fail in every way that raw sockets allow: what clients, logs and metrics then say.

mod balancing;
mod bodies;
mod breaking;
mod clients;
mod faults;
mod health;
mod limits;
mod repeating;

use crate::support::{GatewayBuilder, TestGateway, api, eventually};
use mgw_bundle::config::{Api, Endpoint, EndpointKind, Retry, Target};
use mgw_fixtures::faulty::{FaultyBackend, Step};
use std::path::PathBuf;
use tempfile::TempDir;

/// A backend whose connections all follow one script.
fn following(script: Vec<Step>) -> FaultyBackend {
    FaultyBackend::start(vec![script]).expect("a free port")
}

/// A backend whose connections follow these scripts, one after the other.
fn following_each(scripts: Vec<Vec<Step>>) -> FaultyBackend {
    FaultyBackend::start(scripts).expect("a free port")
}

/// A backend that answers every request.
fn answering(status: u16, body: &str) -> FaultyBackend {
    following(vec![Step::ReadRequest, Step::answer(status, body), Step::Again])
}

/// An API at `/p` with one endpoint, changed by `change`.
fn with(kind: EndpointKind, urls: &[String], change: impl FnOnce(&mut Endpoint)) -> Api {
    let mut api = api("/p", "http://192.0.2.1");
    let endpoint = api.endpoints.production.as_mut().expect("the API has one");
    endpoint.kind = kind;
    endpoint.targets = urls.iter().cloned().map(Target::at).collect();
    change(endpoint);
    api
}

/// An API at `/p` with one backend, changed by `change`.
fn one(backend: &FaultyBackend, change: impl FnOnce(&mut Endpoint)) -> Api {
    with(EndpointKind::Single, &[backend.url()], change)
}

/// Retries without waits, and without a bound that a test could meet by accident.
fn retries(count: u32, statuses: &[u16]) -> Retry {
    Retry {
        count,
        interval_ms: 0,
        back_off_factor: 1.0,
        max_interval_ms: 60_000,
        statuses: statuses.to_vec(),
        unsafe_methods: false,
        budget_percent: 100,
    }
}

/// A gateway with one core and an access log.
struct Logged {
    gateway: TestGateway,
    path: PathBuf,
    _folder: TempDir,
}

fn logged(builder: GatewayBuilder) -> Logged {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("access.log");
    let builder = builder.cores(1).set("b7a.http.accesslog.path", &path.to_string_lossy());
    Logged {
        gateway: builder.start(),
        path,
        _folder: folder,
    }
}

impl Logged {
    /// Waits for a line with these words.
    fn says(&self, words: &str) {
        eventually(words, || self.lines().iter().any(|line| line.contains(words)));
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until so many attempts have failed for this reason, and none for another.
    fn counts(&self, reason: &str, count: u32) {
        let metric = failures(reason);
        eventually(&metric, || self.gateway.metric(&metric) == Some(f64::from(count)));
    }
}

fn failures(reason: &str) -> String {
    format!(r#"mgw_backend_failures_total{{api="p",version="1.0",reason="{reason}"}}"#)
}

const RETRIES: &str = r#"mgw_backend_retries_total{api="p",version="1.0"}"#;
const FAILOVERS: &str = r#"mgw_backend_failovers_total{api="p",version="1.0"}"#;

/// A POST with a body.
const POST: &str = "POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\nhi";
