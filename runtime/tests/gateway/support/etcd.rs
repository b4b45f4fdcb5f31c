//! A real etcd for tests, ended by its own process id.

use super::{Client, Response, eventually};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server on the loopback interface. Ends when dropped; its data stay until the folder goes.
pub struct EtcdServer {
    process: Child,
    port: u16,
    peer_port: u16,
    folder: TempDir,
    tls: Vec<String>,
    token: Option<String>,
}

impl EtcdServer {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// Starts one that shows a certificate.
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        Self::with(&[
            format!("--cert-file={}", certificate.display()),
            format!("--key-file={}", key.display()),
        ])
    }

    fn with(tls: &[String]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (port, peer_port) = (free_port(), free_port());
        let process = run(folder.path(), port, peer_port, tls);
        let server = Self {
            process,
            port,
            peer_port,
            folder,
            tls: tls.to_vec(),
            token: None,
        };
        server.wait();
        server
    }

    pub fn url(&self) -> String {
        let scheme = if self.tls.is_empty() { "http" } else { "https" };
        format!("{scheme}://localhost:{}", self.port)
    }

    pub fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Ends the process; what it knows is kept.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts it again after [`Self::stop`], with what it knew.
    pub fn come_back(&mut self) {
        self.process = run(self.folder.path(), self.port, self.peer_port, &self.tls);
        self.wait();
    }

    fn wait(&self) {
        if self.tls.is_empty() {
            eventually("etcd answers", || {
                post(self.address(), "/v3/kv/range", r#"{"key":"eA=="}"#, None).is_some()
            });
        } else {
            eventually("etcd takes connections", || TcpStream::connect(self.address()).is_ok());
        }
    }

    pub fn put(&self, key: &str, value: &str) {
        let (key, value) = (STANDARD.encode(key), STANDARD.encode(value));
        self.post("/v3/kv/put", &format!(r#"{{"key":"{key}","value":"{value}"}}"#));
    }

    pub fn delete(&self, key: &str) {
        self.post(
            "/v3/kv/deleterange",
            &format!(r#"{{"key":"{}"}}"#, STANDARD.encode(key)),
        );
    }

    /// Forgets changes up to now, so that watches cannot go on from before.
    pub fn compact(&self) {
        let answer = self.post("/v3/kv/range", r#"{"key":"eA=="}"#).body;
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
        let revision = answer["header"]["revision"].as_str().expect("a revision").to_owned();
        self.post("/v3/kv/compaction", &format!(r#"{{"revision":"{revision}"}}"#));
    }

    /// Lets nobody in without user and password from now on; `gateway` may read everything.
    pub fn demand_passwords(&mut self, password: &str) {
        for (path, body) in [
            ("auth/user/add", r#"{"name":"root","password":"root"}"#.to_owned()),
            ("auth/role/add", r#"{"name":"root"}"#.to_owned()),
            ("auth/user/grant", r#"{"user":"root","role":"root"}"#.to_owned()),
            ("auth/role/add", r#"{"name":"reader"}"#.to_owned()),
            (
                "auth/role/grant",
                r#"{"name":"reader","perm":{"permType":"READ","key":"AA==","range_end":"AA=="}}"#.to_owned(),
            ),
            (
                "auth/user/add",
                format!(r#"{{"name":"gateway","password":"{password}"}}"#),
            ),
            ("auth/user/grant", r#"{"user":"gateway","role":"reader"}"#.to_owned()),
            ("auth/enable", "{}".to_owned()),
        ] {
            self.post(&format!("/v3/{path}"), &body);
        }
        self.sign_in();
    }

    /// Gets the test's own token, which does not survive a restart.
    pub fn sign_in(&mut self) {
        self.token = None;
        let answer = self.post("/v3/auth/authenticate", r#"{"name":"root","password":"root"}"#);
        let answer: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        self.token = answer["token"].as_str().map(str::to_owned);
    }

    fn post(&self, path: &str, body: &str) -> Response {
        let answer = post(self.address(), path, body, self.token.as_deref()).expect("etcd answers");
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
        answer
    }
}

fn post(address: SocketAddr, path: &str, body: &str, token: Option<&str>) -> Option<Response> {
    let stream = TcpStream::connect(address).ok()?;
    drop(stream);
    let token = token.map_or(String::new(), |token| format!("Authorization: {token}\r\n"));
    let mut client = Client::connect(address);
    let text = format!(
        "POST {path} HTTP/1.1\r\nHost: etcd\r\n{token}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.stream.get_mut().write_all(text.as_bytes()).ok()?;
    client.receive().ok()
}

fn run(folder: &Path, port: u16, peer_port: u16, tls: &[String]) -> Child {
    let scheme = if tls.is_empty() { "http" } else { "https" };
    let client = format!("{scheme}://127.0.0.1:{port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    Command::new("etcd")
        .arg(format!("--data-dir={}", folder.join("data").display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"))
        .args(["--bcrypt-cost=4", "--logger=zap"])
        .args(tls)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("etcd is installed (`./test` installs it)")
}

/// A port that nobody listens on now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        self.stop();
    }
}
