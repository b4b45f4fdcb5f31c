//! What backends are told about the client's hop.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, eventually, open, respond};
use mgw_bundle::config::Method;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

fn gateway(backend: &Backend, settings: &[(&str, &str)]) -> TestGateway {
    let mut shop = api("/p", &backend.url());
    shop.resources.push(open("/*", Method::Options));
    let builder = GatewayBuilder::new(vec![shop]);
    let builder = settings
        .iter()
        .fold(builder, |builder, (key, value)| builder.set(key, value));
    builder.start()
}

/// The headers of a family that the backend of an echo saw, one `name: value` a line, sorted.
fn seen(gateway: &TestGateway, headers: &str) -> Vec<String> {
    let response = Client::once(
        gateway.http(),
        &format!("GET /p/x HTTP/1.1\r\nHost: public.example\r\n{headers}\r\n"),
    );
    assert_eq!(response.status, 200);
    listed(&response.body)
}

fn listed(head: &str) -> Vec<String> {
    let mut lines: Vec<String> = head
        .lines()
        .map(str::to_ascii_lowercase)
        .filter(|line| {
            ["x-forwarded", "x_forwarded", "x-real", "forwarded:", "via:", "host:"]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .collect();
    lines.sort();
    lines
}

const FORGED: &str = "X-Forwarded-For: 203.0.113.9\r\nX_Forwarded_For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n\
                      X-Real-IP: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nConnection: X-Forwarded-For\r\n";

#[test]
fn clients_cannot_choose_who_they_are() {
    let backend = Backend::echo();
    let own = format!("host: {}", backend.address);
    assert_eq!(
        seen(&gateway(&backend, &[]), FORGED),
        [
            own.as_str(),
            "x-forwarded-for: 127.0.0.1",
            "x-forwarded-host: public.example",
            "x-forwarded-proto: http"
        ]
    );
    assert_eq!(
        seen(&gateway(&backend, &[("forwarding.headers", "forwarded")]), FORGED),
        ["forwarded: for=127.0.0.1;host=public.example;proto=http", own.as_str()]
    );
    assert_eq!(
        seen(&gateway(&backend, &[("forwarding.headers", "none")]), FORGED),
        [own.as_str()]
    );
}

#[test]
fn micro_gw_passed_on_what_clients_sent() {
    let backend = Backend::echo();
    let gateway = gateway(&backend, &[("compat", "micro-gw-3.2")]);
    let own = format!("host: {}", backend.address);
    assert_eq!(seen(&gateway, ""), [own.as_str()]);
    assert_eq!(
        seen(&gateway, "X-Forwarded-For: 203.0.113.9\r\nVia: 1.0 x\r\n"),
        [own.as_str(), "via: 1.0 x", "x-forwarded-for: 203.0.113.9"]
    );
}

#[test]
fn the_client_s_host_can_be_kept() {
    let backend = Backend::echo();
    let gateway = gateway(
        &backend,
        &[("forwarding.preserveHost", "true"), ("forwarding.headers", "none")],
    );
    assert_eq!(seen(&gateway, ""), ["host: public.example"]);
    let response = Client::once(
        gateway.http(),
        "GET http://absolute.example:81/p/x HTTP/1.1\r\nHost: other.example\r\n\r\n",
    );
    assert_eq!(listed(&response.body), ["host: absolute.example:81"]);
    // HTTP/1.0 needs none.
    let response = Client::once(gateway.http(), "GET /p/x HTTP/1.0\r\n\r\n");
    assert_eq!(listed(&response.body), [format!("host: {}", backend.address)]);
}

/// Sends a request through a socket and returns everything that comes back.
fn through(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("nginx listens");
    stream.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// A real nginx in front of a gateway; ends with its test.
struct Nginx(Child);

impl Nginx {
    fn start(folder: &Path, gateway: SocketAddr) -> Self {
        let shown = folder.display();
        let configuration = format!(
            "daemon off; master_process off; pid {shown}/pid; error_log {shown}/log;\n\
             events {{}}\n\
             http {{ access_log off; client_body_temp_path {shown}/a; proxy_temp_path {shown}/b; fastcgi_temp_path {shown}/c;\n\
             uwsgi_temp_path {shown}/d; scgi_temp_path {shown}/e;\n\
             server {{ listen unix:{shown}/socket; location / {{ proxy_pass http://{gateway};\n\
             proxy_set_header X-Forwarded-For \"$http_x_test_client, 198.51.100.7\"; proxy_set_header X-Forwarded-Proto https;\n\
             proxy_set_header X-Forwarded-Host $host; }} }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration).expect("the folder can be written");
        let child = Command::new("/usr/sbin/nginx")
            .arg("-c")
            .arg(&file)
            .arg("-e")
            .arg(folder.join("log"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed");
        let nginx = Self(child);
        eventually("nginx listens", || UnixStream::connect(folder.join("socket")).is_ok());
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_trusted_nginx_in_front_is_believed_and_its_list_extended() {
    let backend = Backend::echo();
    let folder = tempfile::tempdir().expect("a folder");
    let request = "GET /p/x HTTP/1.1\r\nHost: public.example\r\nX-Test-Client: 203.0.113.9\r\nForwarded: for=203.0.113.8\r\n\
                   Connection: close\r\n\r\n";
    let own = format!("host: {}", backend.address);
    let trusting = gateway(&backend, &[("trustedProxies", "127.0.0.0/8")]);
    let nginx = Nginx::start(folder.path(), trusting.http());
    assert_eq!(
        listed(&through(&folder.path().join("socket"), request)),
        [
            own.as_str(),
            "x-forwarded-for: 203.0.113.9, 198.51.100.7, 127.0.0.1",
            "x-forwarded-host: public.example",
            "x-forwarded-proto: https"
        ]
    );
    drop(nginx);
    std::fs::remove_file(folder.path().join("socket")).expect("the socket is left behind");
    let careful = gateway(&backend, &[]);
    let _nginx = Nginx::start(folder.path(), careful.http());
    let seen = listed(&through(&folder.path().join("socket"), request));
    assert_eq!(seen[0], own);
    assert_eq!(
        seen[1..],
        [
            "x-forwarded-for: 127.0.0.1",
            &format!("x-forwarded-host: {}", careful.http()),
            "x-forwarded-proto: http"
        ]
    );
}

#[test]
fn a_request_that_goes_in_circles_ends() {
    // The backend sends what it gets back to the gateway, as an endpoint does that names the gateway itself.
    let back: &'static OnceLock<SocketAddr> = Box::leak(Box::default());
    let backend = Backend::start(move |exchange| {
        let address = back.get().expect("the gateway is up");
        let head = exchange.head.replacen("GET /", "GET /p/", 1);
        let response = Client::once(*address, &head);
        respond(exchange, response.status, &response.body);
    });
    let gateway = gateway(&backend, &[("forwarding.via", "edge-1")]);
    back.get_or_init(|| gateway.http());
    let response = gateway.get("/p/x");
    assert_eq!(response.status, 508, "{}", response.body);
    let heads = backend.heads();
    assert_eq!(heads.len(), 8);
    assert_eq!(listed(&heads[0])[1], "via: 1.1 edge-1");
    assert_eq!(
        gateway.metric(r#"mgw_refusals_total{reason="loop",code="508"}"#),
        Some(1.0)
    );
}

#[test]
fn an_options_goes_no_further_than_it_may() {
    let backend = Backend::echo();
    let ask = |gateway: &TestGateway, forwards: &str| {
        Client::once(
            gateway.http(),
            &format!("OPTIONS /p/x HTTP/1.1\r\nHost: gateway\r\nMax-Forwards: {forwards}\r\n\r\n"),
        )
    };
    let sane = gateway(&backend, &[]);
    let answer = ask(&sane, "0");
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(answer.header("allow").is_some_and(|allow| allow.contains("OPTIONS")));
    assert!(backend.heads().is_empty());
    let answer = ask(&sane, "3");
    assert!(
        answer.body.to_ascii_lowercase().contains("max-forwards: 2\r\n"),
        "{}",
        answer.body
    );
    let compat = gateway(&backend, &[("compat", "micro-gw-3.2")]);
    assert!(
        ask(&compat, "0")
            .body
            .to_ascii_lowercase()
            .contains("max-forwards: 0\r\n")
    );
}
