//! Everything a case runs with: the binary, backends, a key manager, credentials.

use super::description::{Case, Key, Listener, Reached, Request};
use super::{certificates, key_manager, page, tokens};
use crate::running::Running;
use crate::support::Place;
use mgw_fixtures::backend::Backend;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// As which gateway mgw answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Default,
    Compat,
}

pub struct Stage {
    place: Place,
    gateway: Running,
    serving: serde_json::Value,
    backends: [Backend; 2],
    credentials: BTreeMap<String, String>,
}

/// An answer, and which backend was reached for it.
pub struct Sent {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: String,
    pub reached: Reached,
}

impl Stage {
    /// Makes the project with `mgw init`, builds it and starts the gateway.
    pub async fn start(folder: &Path, case: &Case, mode: Mode) -> Self {
        let backends = [backend().await, backend().await];
        let names = [
            ("http://localhost:3000", backends[0].url()),
            ("http://localhost:3001", backends[1].url()),
            ("http://localhost:9443", format!("http://{}", key_manager::start(case))),
        ];
        let fill = |text: &str| {
            let text = names
                .iter()
                .fold(text.to_owned(), |text, (name, url)| text.replace(name, url));
            with_ids(&text)
        };
        let place = Place::new();
        let files = files_of(folder);
        let shown = case.page.as_deref().map(page::files).unwrap_or_default();
        let copy = |file: &Path, target: &str| {
            let own = std::fs::read_to_string(folder.join(file)).ok();
            let text = match (own, shown.get(&*file.to_string_lossy())) {
                (Some(text), None) => text,
                (None, Some(text)) => text.clone(),
                (Some(_), Some(_)) => panic!("{} is in the case and on its page", file.display()),
                (None, None) => panic!("{}: neither in the case nor on its page", file.display()),
            };
            place.write(target, &fill(&text));
        };
        for name in ["openapi.yaml", "micro-gw.conf"] {
            copy(Path::new(name), name);
        }
        place.mgw(&["init", "project", "--api", "openapi.yaml"]).exits(0);
        for file in files.iter().filter(|file| !is_setup(file)) {
            copy(file, &format!("project/{}", file.display()));
        }
        place.mgw(&["build", "project"]).exits(0);
        write_keys(&place);
        let mut arguments = vec![
            "run",
            "project/target/project.zip",
            "--output",
            "json",
            "--config",
            "micro-gw.conf",
        ];
        for set in [
            "listenerConfig.host=127.0.0.1",
            "listenerConfig.httpPort=0",
            "listenerConfig.httpsPort=0",
            "listenerConfig.tokenListenerPort=0",
            "adminConfig.port=0",
            "b7a.http.accesslog.console=false",
        ] {
            arguments.extend(["--set", set]);
        }
        if mode == Mode::Compat {
            arguments.extend(["--compat", "micro-gw-3.2"]);
        }
        let mut command = place.command(&arguments);
        command.envs(case.environment.iter().map(|(name, value)| (fill(name), fill(value))));
        let mut gateway = Running::of(command);
        let line = gateway.line();
        let Ok(serving) = serde_json::from_str(&line) else {
            panic!("the gateway does not start:\n{}", gateway.end().stderr);
        };
        Self {
            place,
            gateway,
            serving,
            backends,
            credentials: case
                .tokens
                .iter()
                .map(|(name, token)| (name.clone(), tokens::make(name, token)))
                .collect(),
        }
    }

    pub async fn send(&mut self, request: &Request) -> Sent {
        let before = self.counts();
        let url = format!("{}{}", self.listener(request.listener), self.fill(&request.path));
        let method = request.method.parse().expect("a case has real methods");
        let mut builder = self
            .client(request.certificate.as_deref())
            .request(method, url)
            .body(self.fill(&request.body));
        for (name, value) in &request.headers {
            builder = builder.header(name, self.fill(value));
        }
        let answer = builder.send().await.expect("the gateway answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.expect("the body is complete");
        if let Some(name) = &request.save {
            self.credentials.insert(name.clone(), body.clone());
        }
        let after = self.counts();
        let reached = match (after[0] - before[0], after[1] - before[1]) {
            (0, 0) => Reached::None,
            (1, 0) => Reached::First,
            (0, 1) => Reached::Second,
            counts => panic!("{}: one request became {counts:?}", request.name),
        };
        Sent {
            status,
            headers,
            body,
            reached,
        }
    }

    pub async fn end(self) {
        self.gateway.signal("TERM");
        // The clients' connections have to see its goodbye meanwhile.
        tokio::task::block_in_place(|| self.gateway.end()).exits(0);
        for backend in self.backends {
            backend.shutdown().await;
        }
    }

    /// Puts the real addresses in the place of the usual ones.
    pub fn at_its_ports(&self, command: &str) -> String {
        command
            .replace("http://localhost:9090", self.listener(Listener::Http))
            .replace("https://localhost:9095", self.listener(Listener::Https))
            .replace("http://localhost:9797", self.listener(Listener::Admin))
    }

    pub fn credentials(&self) -> &BTreeMap<String, String> {
        &self.credentials
    }

    /// The gateway's working folder.
    pub fn folder(&self) -> PathBuf {
        self.place.path()
    }

    fn listener(&self, listener: Listener) -> &str {
        let name = match listener {
            Listener::Http => "http",
            Listener::Https => "https",
            Listener::Admin => "admin",
        };
        self.serving[name].as_str().expect("the gateway says its addresses")
    }

    fn counts(&self) -> [u64; 2] {
        std::array::from_fn(|number| self.backends[number].request_count())
    }

    /// Puts credentials in the place of their names.
    pub fn fill(&self, text: &str) -> String {
        let filled = self.credentials.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("${{{name}}}"), value)
        });
        assert!(!filled.contains("${"), "unknown credential in {text}");
        filled
    }

    fn client(&self, certificate: Option<&str>) -> reqwest::Client {
        // The gateway made its certificate itself.
        let mut builder = reqwest::Client::builder().danger_accept_invalid_certs(true);
        if let Some(name) = certificate {
            let pem = self.place.read(&format!("{name}.pem")) + &self.place.read(&format!("{name}-key.pem"));
            let identity = reqwest::Identity::from_pem(pem.as_bytes()).expect("the certificate is good");
            builder = builder.identity(identity);
        }
        builder.build().expect("a client can be made")
    }
}

async fn backend() -> Backend {
    Backend::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .expect("the backend starts")
}

fn write_keys(place: &Place) {
    place.write("issuer.pem", tokens::key(Key::Issuer).public_pem());
    place.write("api-keys.pem", tokens::key(Key::ApiKeys).public_pem());
    place.write("api-keys-private.pem", tokens::key(Key::ApiKeys).to_pem());
    std::fs::write(place.path().join("trust.p12"), &*certificates::TRUST_STORE).expect("the folder is writable");
    for (name, pem) in certificates::files() {
        place.write(&name, &pem);
    }
}

/// Files that are not the project's.
fn is_setup(file: &Path) -> bool {
    ["case.toml", "README.md", "openapi.yaml", "micro-gw.conf"]
        .iter()
        .any(|name| file == Path::new(name))
}

/// Every file of a case, relative to its folder.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a case is readable") {
            let path = entry.expect("a case is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(folder).expect("it is below").to_owned());
            }
        }
    }
    files.sort();
    files
}

/// Puts ids in the place of `${id:NAME:VERSION}`.
fn with_ids(text: &str) -> String {
    let mut parts = text.split("${id:");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (api, rest) = part.split_once('}').expect("`${id:` is closed");
        let (name, version) = api.split_once(':').expect("name and version");
        filled.push_str(&mgw_bundle::api_id(name, version));
        filled.push_str(rest);
    }
    filled
}
