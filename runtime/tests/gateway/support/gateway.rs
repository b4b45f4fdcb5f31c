//! Bundles and gateways for tests.

use super::client::{Client, Response};
use mgw_bundle::config::{Api, Endpoint, EndpointKind, Endpoints, Method, Policies, Policy, Quota, Resource};
use mgw_bundle::{Bundle, BundleContents, GatewayConfig, Limits, SubscriptionSnapshot, write_bundle};
use mgw_runtime::config::{RuntimeConfig, Sources};
use mgw_runtime::explain::Explainer;
use mgw_runtime::{Gateway, GatewayOptions, RunningGateway, StartError};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A resource that anybody may call.
pub fn open(template: &str, method: Method) -> Resource {
    Resource::open(template, method)
}

/// An API whose base path takes everything by GET, POST and HEAD, with one backend.
pub fn api(base_path: &str, url: &str) -> Api {
    let api = Api::plain(base_path.trim_start_matches('/'), "1.0", base_path);
    Api {
        endpoints: Endpoints {
            production: Some(Endpoint::plain(
                Some(api.id.clone()),
                EndpointKind::Single,
                [url.to_owned()],
                // Longer than a machine stalls; tests that want silence to be noticed set less.
                60_000,
            )),
            sandbox: None,
        },
        resources: [Method::Get, Method::Post, Method::Head]
            .map(|method| open("/*", method))
            .to_vec(),
        ..api
    }
}

/// A policy of `count` requests in a year: no window ends during a test.
pub fn policy(name: &str, count: u64) -> Policy {
    Policy {
        name: name.into(),
        quota: Quota::Requests {
            count,
            window_ms: 365 * 24 * 60 * 60 * 1000,
        },
        stop_on_quota: true,
        burst: None,
        strict: false,
        conditional: Vec::new(),
    }
}

/// What a gateway serves and how.
pub struct GatewayBuilder {
    pub config: GatewayConfig,
    /// Who may call what.
    pub snapshot: Option<SubscriptionSnapshot>,
    /// Text of micro-gw.conf.
    file: String,
    sets: Vec<(String, String)>,
    entries: BTreeMap<String, Vec<u8>>,
    cores: usize,
    /// Where gateways find what earlier ones kept; else each has a folder of its own.
    data_dir: Option<PathBuf>,
}

impl GatewayBuilder {
    pub fn new(apis: Vec<Api>) -> Self {
        let mut builder = Self {
            config: GatewayConfig {
                format: mgw_bundle::config::FORMAT,
                project: "test".into(),
                apis,
                policies: Policies {
                    resource: Vec::new(),
                    application: Vec::new(),
                    subscription: vec![
                        policy("Default", 1_000_000_000),
                        policy("Unauthenticated", 1_000_000_000),
                    ],
                    custom: Vec::new(),
                    blocks: Vec::new(),
                },
                backend_certificates: Vec::new(),
                service_cors: None,
                api_fault_responses: false,
                global_fault_responses: false,
            },
            snapshot: None,
            file: String::new(),
            sets: Vec::new(),
            entries: BTreeMap::new(),
            cores: 2,
            data_dir: None,
        };
        for (key, value) in [
            ("listenerConfig.host", "127.0.0.1"),
            ("listenerConfig.httpPort", "0"),
            ("listenerConfig.httpsEnabled", "false"),
            ("b7a.observability.metrics.prometheus.port", "0"),
            ("b7a.http.accesslog.console", "false"),
            ("httpClients.connectTimeout", "60000"),
        ] {
            builder = builder.set(key, value);
        }
        builder
    }

    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.sets.push((key.into(), value.into()));
        self
    }

    /// Settings that only a file can make.
    pub fn file(mut self, text: &str) -> Self {
        self.file.push_str(text);
        self
    }

    /// A further file of the bundle.
    pub fn entry(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.entries.insert(name.into(), bytes);
        self
    }

    pub fn cores(mut self, cores: usize) -> Self {
        self.cores = cores;
        self
    }

    pub fn data_dir(mut self, folder: &Path) -> Self {
        self.data_dir = Some(folder.to_owned());
        self
    }

    pub fn bundle(&self) -> Bundle {
        let (bytes, _) = write_bundle(BundleContents {
            tool: "test",
            lock: None,
            config: &self.config,
            snapshot: self.snapshot.as_ref(),
            entries: self.entries.clone(),
        })
        .expect("plain data is written");
        Bundle::read(&bytes, &Limits::default()).expect("what was written is read")
    }

    fn runtime_config(&self) -> RuntimeConfig {
        let (config, _) = RuntimeConfig::load(Sources {
            file: Some(("micro-gw.conf", &self.file)),
            sets: &self.sets,
            ..Sources::default()
        })
        .expect("the test's settings are valid");
        config
    }

    /// Explains what the gateway would do.
    pub fn explainer(&self) -> Explainer {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data_dir = self.data_dir.clone().unwrap_or_else(|| folder.path().join("data"));
        Explainer::new(&self.bundle(), self.runtime_config(), &data_dir, None).expect("the gateway would start")
    }

    pub fn try_start(&self) -> Result<TestGateway, StartError> {
        let config = self.runtime_config();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = GatewayOptions {
            cores: Some(self.cores),
            data_dir: self.data_dir.clone().unwrap_or_else(|| folder.path().join("data")),
            lost_log_lines: std::sync::Arc::default(),
        };
        let running = Gateway::start(&self.bundle(), config, &options)?;
        Ok(TestGateway {
            running,
            _folder: folder,
        })
    }

    pub fn start(&self) -> TestGateway {
        self.try_start().expect("the gateway starts")
    }
}

/// A gateway that serves.
pub struct TestGateway {
    pub running: RunningGateway,
    /// Holds what the gateway wrote until the test ends.
    _folder: TempDir,
}

impl TestGateway {
    /// The plain listener.
    pub fn http(&self) -> SocketAddr {
        self.running.addresses().http.expect("tests open the plain listener")
    }

    pub fn admin(&self) -> SocketAddr {
        self.running.addresses().admin.expect("tests open the admin listener")
    }

    pub fn get(&self, path: &str) -> Response {
        Client::get(self.http(), path)
    }

    /// The value of a line of `/metrics`.
    pub fn metric(&self, name: &str) -> Option<f64> {
        let text = Client::get(self.admin(), "/metrics").body;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned))?;
        line.parse().ok()
    }
}
