//! Backends that are reached through a real proxy.

use crate::secured::{get, secured};
use crate::support::{Backend, GatewayBuilder, Issuer, Pki, TlsBackend, api, eventually, respond};
use serde_json::json;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const USER: &str = "gateway";
const PASSWORD: &str = "canary";

/// A proxy that wants a password. Ends when dropped.
struct Proxy {
    process: Child,
    port: u16,
    kind: &'static str,
    folder: TempDir,
}

impl Proxy {
    fn http() -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a temporary folder"));
        let settings = folder.path().join("tinyproxy.conf");
        let log = folder.path().join("log");
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nLogFile \"{}\"\nLogLevel Connect\nBasicAuth {USER} {PASSWORD}\nMaxClients 20\n",
            log.display()
        );
        std::fs::write(&settings, text).expect("a writable folder");
        let mut command = Command::new("tinyproxy");
        command.arg("-d").arg("-c").arg(settings);
        Self::run(command, port, "http", folder)
    }

    fn socks() -> Self {
        let (port, folder) = (free_port(), tempfile::tempdir().expect("a temporary folder"));
        let mut command = Command::new("microsocks");
        let log = std::fs::File::create(folder.path().join("log")).expect("a writable folder");
        command.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-u", USER, "-P", PASSWORD]);
        command.stderr(log);
        Self::run(command, port, "socks5", folder)
    }

    fn run(mut command: Command, port: u16, kind: &'static str, folder: TempDir) -> Self {
        command.stdout(Stdio::null());
        let process = command.spawn().expect("the proxy is installed (`./test` installs it)");
        eventually("the proxy listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self {
            process,
            port,
            kind,
            folder,
        }
    }

    /// Settings that lead backends through it.
    fn set(&self, builder: GatewayBuilder) -> GatewayBuilder {
        builder
            .set("httpClients.proxy.enable", "true")
            .set("httpClients.proxy.type", self.kind)
            .set("httpClients.proxy.host", "localhost")
            .set("httpClients.proxy.port", &self.port.to_string())
            .set("httpClients.proxy.username", USER)
            .set("httpClients.proxy.password", PASSWORD)
    }

    /// Whether it says that it connected to a host.
    fn connected_to(&self, host: &str) -> bool {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        log.contains(host)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
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
        assert_eq!(gateway.get("/plain").body, "plain", "{}", proxy.kind);
        assert_eq!(
            gateway.get("/tls").body,
            "nobody",
            "{}: TLS is spoken with the backend itself",
            proxy.kind
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
        assert_eq!(wrong.get("/p").status, 503, "{}", proxy.kind);
        let nobody = proxy
            .set(GatewayBuilder::new(api()))
            .set("httpClients.proxy.username", "")
            .start();
        assert_eq!(nobody.get("/p").status, 503, "{}", proxy.kind);
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
        assert_eq!(get(&gateway, "/p", &token).status, 200, "{}", proxy.kind);
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
