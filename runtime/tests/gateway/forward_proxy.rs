//! Backends that are reached through a real proxy.

use crate::secured::{get, secured};
use crate::support::{Backend, GatewayBuilder, Issuer, Pki, TlsBackend, api, eventually, respond};
use mgw_fixtures::ports::free_port;
use mgw_fixtures::tinyproxy::TinyProxy;
use serde_json::json;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A proxy that wants a password. Ends when dropped.
enum Proxy {
    Http(TinyProxy),
    Socks { process: Child, port: u16, folder: TempDir },
}

impl Proxy {
    fn http() -> Self {
        Self::Http(TinyProxy::start(""))
    }

    fn socks() -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a temporary folder"));
        let log = std::fs::File::create(folder.path().join("log")).expect("a writable folder");
        let process = Command::new("microsocks")
            .args(["-i", "127.0.0.1", "-p", &port.to_string()])
            .args(["-u", TinyProxy::USER, "-P", TinyProxy::PASSWORD])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("microsocks is installed (`./test` installs it)");
        eventually("the proxy listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self::Socks { process, port, folder }
    }

    /// Its kind, as settings name it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Http(_) => "http",
            Self::Socks { .. } => "socks5",
        }
    }

    /// Settings that lead backends through it.
    fn set(&self, builder: GatewayBuilder) -> GatewayBuilder {
        let port = match self {
            Self::Http(proxy) => proxy.port(),
            Self::Socks { port, .. } => *port,
        };
        builder
            .set("httpClients.proxy.enable", "true")
            .set("httpClients.proxy.type", self.kind())
            .set("httpClients.proxy.host", "localhost")
            .set("httpClients.proxy.port", &port.to_string())
            .set("httpClients.proxy.username", TinyProxy::USER)
            .set("httpClients.proxy.password", TinyProxy::PASSWORD)
    }

    /// Whether it says that it connected to a host.
    fn connected_to(&self, host: &str) -> bool {
        let log = match self {
            Self::Http(proxy) => proxy.log(),
            Self::Socks { folder, .. } => std::fs::read_to_string(folder.path().join("log")).unwrap_or_default(),
        };
        log.contains(host)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Self::Socks { process, .. } = self {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

#[test]
fn plain_and_tls_backends_are_reached_through_proxies() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    let plain = Backend::named("plain");
    let port = plain.address.port();
    let tls = TlsBackend::start(&pki, "backend");
    for proxy in [Proxy::http(), Proxy::socks()] {
        let apis = vec![
            // A name that only the proxy looks up, because the gateway is not told its address.
            api("/plain", &format!("http://localhost:{port}")),
            api("/tls", &tls.url()),
        ];
        let builder =
            GatewayBuilder::new(apis).set("httpClients.sslConfig.caFile", &pki.path("ca.pem").to_string_lossy());
        let gateway = proxy.set(builder).start();
        assert_eq!(gateway.get("/plain").body, "plain", "{}", proxy.kind());
        assert_eq!(
            gateway.get("/tls").body,
            "nobody",
            "{}: TLS is spoken with the backend itself",
            proxy.kind()
        );
        eventually("the proxy's log", || proxy.connected_to("localhost"));
    }
    let heads = plain.heads();
    assert!(heads.iter().all(|head| head.starts_with("GET / HTTP/1.1")), "{heads:?}");
    assert!(
        heads.iter().all(|head| !head.to_ascii_lowercase().contains("proxy-")),
        "{heads:?}"
    );
}

#[test]
fn a_proxy_that_refuses_is_503() {
    let backend = Backend::named("plain");
    for proxy in [Proxy::http(), Proxy::socks()] {
        let api = || vec![api("/p", &backend.url())];
        let wrong = proxy
            .set(GatewayBuilder::new(api()))
            .set("httpClients.proxy.password", "wrong")
            .start();
        assert_eq!(wrong.get("/p").status, 503, "{}", proxy.kind());
        let nobody = proxy
            .set(GatewayBuilder::new(api()))
            .set("httpClients.proxy.username", "")
            .start();
        assert_eq!(nobody.get("/p").status, 503, "{}", proxy.kind());
    }
    let away = GatewayBuilder::new(vec![api("/p", &backend.url())])
        .set("httpClients.proxy.enable", "true")
        .set("httpClients.proxy.host", "127.0.0.1")
        .set("httpClients.proxy.port", &free_port().to_string())
        .start();
    assert_eq!(away.get("/p").status, 503);
    assert_eq!(backend.connections(), 0, "never around the proxy");
}

#[test]
fn excluded_backends_are_reached_directly() {
    let backend = Backend::named("plain");
    let port = backend.address.port();
    // Nobody listens there.
    let gateway = GatewayBuilder::new(vec![
        api("/address", &format!("http://127.0.0.1:{port}")),
        api("/name", &format!("http://localhost:{port}")),
    ])
    .set("httpClients.proxy.enable", "true")
    .set("httpClients.proxy.host", "127.0.0.1")
    .set("httpClients.proxy.port", &free_port().to_string())
    .set("httpClients.proxy.noProxy", "127.0.0.0/8")
    .start();
    assert_eq!(gateway.get("/address").status, 200);
    assert_eq!(gateway.get("/name").status, 503, "names are not looked up for networks");
}

/// A server with the keys of an issuer, under a name that no network excludes.
fn key_server(issuer: &Issuer) -> (Backend, String) {
    let keys = issuer.jwks("k");
    let server = Backend::start(move |exchange| respond(exchange, 200, &keys));
    let host = format!("localhost:{}", server.address.port());
    (server, host)
}

#[test]
fn the_gateways_own_servers_are_asked_through_proxies() {
    let (backend, issuer) = (Backend::named("plain"), Issuer::new());
    let manager = Backend::start(|exchange| respond(exchange, 200, "{\"active\":false}"));
    let manager_host = format!("localhost:{}", manager.address.port());
    for proxy in [Proxy::http(), Proxy::socks()] {
        let (_keys, host) = key_server(&issuer);
        let builder = GatewayBuilder::new(vec![secured("/p", &backend.url())])
            .file(&Issuer::published(&format!("http://{host}/jwks")));
        let gateway = proxy
            .set(builder)
            .set("httpClients.proxy.enableInternalServices", "true")
            .set("httpClients.proxy.noProxy", "127.0.0.0/8")
            .set("listenerConfig.tokenListenerPort", "0")
            .set("keyManager.serverUrl", &format!("http://{manager_host}"))
            .start();
        let token = issuer.token("k", json!({}));
        assert_eq!(get(&gateway, "/p", &token).status, 200, "{}", proxy.kind());
        eventually("the proxy's log", || proxy.connected_to(&host));
        assert_eq!(get(&gateway, "/p", "opaque").status, 401);
        eventually("the proxy's log", || proxy.connected_to(&manager_host));
        assert!(!proxy.connected_to(&format!("127.0.0.1:{}", backend.address.port())));
    }
    assert!(!manager.heads().is_empty());
}

/// Nobody listens where the proxy should be.
#[test]
fn own_servers_are_asked_directly_only_where_that_is_said() {
    let (backend, issuer) = (Backend::named("plain"), Issuer::new());
    for (internal, excluded, status, asked) in [
        ("true", "127.0.0.0/8", 401, false),
        ("true", "127.0.0.0/8,localhost", 200, true),
        ("false", "127.0.0.0/8", 200, true),
    ] {
        let (keys, host) = key_server(&issuer);
        let gateway = GatewayBuilder::new(vec![secured("/p", &backend.url())])
            .file(&Issuer::published(&format!("http://{host}/jwks")))
            .set("httpClients.proxy.enable", "true")
            .set("httpClients.proxy.enableInternalServices", internal)
            .set("httpClients.proxy.host", "127.0.0.1")
            .set("httpClients.proxy.port", &free_port().to_string())
            .set("httpClients.proxy.noProxy", excluded)
            .start();
        let answer = get(&gateway, "/p", &issuer.token("k", json!({})));
        assert_eq!(answer.status, status, "{internal} {excluded}");
        assert_eq!(keys.connections() > 0, asked, "{internal} {excluded}");
    }
}
