//! The way to the control plane through a real proxy.

use crate::pull::PASSWORD as USER_PASSWORD;
use crate::support::{Outcome, Place};
use mgw_fixtures::redis::free_port;
use mgw_fixtures::simulator::{Options, Simulator};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PASSWORD: &str = "canary";

/// A proxy that wants a password. Ends when dropped.
struct Proxy {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Proxy {
    fn start(more: &str) -> Self {
        let (port, folder) = (free_port(), TempDir::new().expect("a temporary folder"));
        let settings = folder.path().join("tinyproxy.conf");
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nLogFile \"{}\"\nLogLevel Connect\nBasicAuth gateway {PASSWORD}\nMaxClients 20\n{more}\n",
            folder.path().join("log").display()
        );
        std::fs::write(&settings, text).expect("the folder is writable");
        let process = Command::new("tinyproxy")
            .arg("-d")
            .arg("-c")
            .arg(settings)
            .stdout(Stdio::null())
            .spawn()
            .expect("tinyproxy is installed (`./test` installs it)");
        let proxy = Self { process, port, folder };
        eventually("the proxy listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        proxy
    }

    fn url(&self, account: &str) -> String {
        format!("http://{account}127.0.0.1:{}", self.port)
    }

    /// Whether it was asked for a connection.
    fn connected(&self) -> bool {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.contains("CONNECT")
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits until `condition` holds.
fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

/// A control plane, and a folder to work in.
struct Bench {
    simulator: Simulator,
    place: Place,
    _runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        let simulator = runtime
            .block_on(Simulator::start(Options::default()))
            .expect("a port is free");
        let place = Place::new();
        place.write("ca.pem", simulator.ca_pem());
        Self {
            simulator,
            place,
            _runtime: runtime,
        }
    }

    /// Signs in; no password shows, whatever comes of it.
    fn login(&self, variables: &[(&str, &str)]) -> Outcome {
        let url = self.simulator.url();
        let words = [
            "login",
            "--url",
            url,
            "--email",
            "dev@meridian.example",
            "--org",
            "meridian",
            "-v",
        ];
        let mut command = self.place.command(&words);
        command.env("MGW_CA_FILE", "ca.pem").env("MGW_PASSWORD", USER_PASSWORD);
        command.envs(variables.iter().copied());
        let outcome = Outcome::of(command);
        for text in [&outcome.stdout, &outcome.stderr] {
            assert!(!text.contains(PASSWORD) && !text.contains(USER_PASSWORD), "{text}");
        }
        outcome
    }
}

#[test]
fn a_proxy_with_a_password_is_used_and_named() {
    let (bench, proxy) = (Bench::start(), Proxy::start(""));
    let named = format!("through the proxy 127.0.0.1:{}", proxy.port);
    // It wants a password, and another one: that it answers as if the place were forbidden.
    for (account, hint) in [
        ("", "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"),
        ("gateway:canary-2@", "a wrong user or password in HTTPS_PROXY"),
    ] {
        bench
            .login(&[("HTTPS_PROXY", &proxy.url(account))])
            .exits(13)
            .says(&named)
            .says(hint);
    }
    assert!(bench.simulator.requests().is_empty());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let url = proxy.url("gateway:canary@");
        bench.login(&[(variable, &url)]).exits(0).says("Signed in");
    }
    eventually("the proxy's log", || proxy.connected());
}

#[test]
fn a_proxy_that_refuses_or_is_away_is_named_and_can_be_gone_around() {
    let bench = Bench::start();
    // Nothing but this port may be reached through it.
    let refusing = Proxy::start("ConnectPort 1");
    let url = refusing.url("gateway:canary@");
    bench
        .login(&[("HTTPS_PROXY", &url)])
        .exits(13)
        .says(&format!("through the proxy 127.0.0.1:{}", refusing.port))
        .says("The proxy refuses, or does not reach,")
        .says("NO_PROXY");
    let nobody = free_port();
    let away = format!("http://gateway:canary@127.0.0.1:{nobody}");
    bench
        .login(&[("HTTPS_PROXY", &away)])
        .exits(13)
        .says(&format!("through the proxy 127.0.0.1:{nobody}"))
        .says("Check HTTPS_PROXY");
    assert!(bench.simulator.requests().is_empty());
    bench
        .login(&[("HTTPS_PROXY", &away), ("NO_PROXY", "127.0.0.1,localhost")])
        .exits(0)
        .says("Signed in");
    // What is no proxy is not gone around.
    let asked = bench.simulator.requests().len();
    bench
        .login(&[("HTTPS_PROXY", "ftp://gateway:canary@127.0.0.1")])
        .exits(7)
        .says("HTTPS_PROXY names no proxy that can be used");
    assert_eq!(bench.simulator.requests().len(), asked);
    // Another proxy than that for HTTPS is not asked.
    bench.login(&[("HTTP_PROXY", &away)]).exits(0);
}
