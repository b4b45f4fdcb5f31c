//! The way to the control plane through a real proxy.

use crate::pull::PASSWORD as USER_PASSWORD;
use crate::support::{Outcome, Place};
use mgw_fixtures::eventually::eventually;
use mgw_fixtures::ports::free_port;
use mgw_fixtures::simulator::{Options, Simulator};
use mgw_fixtures::tinyproxy::TinyProxy;

/// The proxy's address, with an account in it.
fn url(proxy: &TinyProxy, account: &str) -> String {
    format!("http://{account}127.0.0.1:{}", proxy.port())
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
            assert!(
                !text.contains(TinyProxy::PASSWORD) && !text.contains(USER_PASSWORD),
                "{text}"
            );
        }
        outcome
    }
}

#[test]
fn a_proxy_with_a_password_is_used_and_named() {
    let (bench, proxy) = (Bench::start(), TinyProxy::start(""));
    let named = format!("through the proxy 127.0.0.1:{}", proxy.port());
    // It wants a password, and another one: that it answers as if the place were forbidden.
    for (account, hint) in [
        ("", "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT"),
        ("gateway:canary-2@", "a wrong user or password in HTTPS_PROXY"),
    ] {
        bench
            .login(&[("HTTPS_PROXY", &url(&proxy, account))])
            .exits(13)
            .says(&named)
            .says(hint);
    }
    assert!(bench.simulator.requests().is_empty());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let address = url(&proxy, "gateway:canary@");
        bench.login(&[(variable, &address)]).exits(0).says("Signed in");
    }
    eventually("the proxy's log", || proxy.log().contains("CONNECT"));
}

#[test]
fn a_proxy_that_refuses_or_is_away_is_named_and_can_be_gone_around() {
    let bench = Bench::start();
    // Nothing but this port may be reached through it.
    let refusing = TinyProxy::start("ConnectPort 1");
    let address = url(&refusing, "gateway:canary@");
    bench
        .login(&[("HTTPS_PROXY", &address)])
        .exits(13)
        .says(&format!("through the proxy 127.0.0.1:{}", refusing.port()))
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
