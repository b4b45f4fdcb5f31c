//! Other people's servers and clients: gRPC, WebSocket and HTTP/2 as they are spoken elsewhere.

use crate::secured::secured;
use crate::support::{GatewayBuilder, Pki, TestGateway, api, eventually, policy};
use mgw_bundle::config::{Api, ApiKind, BackendProtocol, PolicyRef};
use mgw_fixtures::peer::{Peer, run_client};
use mgw_fixtures::ports::free_port;
use mgw_runtime::CertificateOrigin;
use std::fs;
use std::process::{Child, Command};

fn limited(mut api: Api) -> Api {
    api.policy = Some(PolicyRef {
        name: "Careful".into(),
        index: Some(0),
    });
    api
}

fn start(apis: Vec<Api>, count: u64) -> TestGateway {
    let mut builder = GatewayBuilder::new(apis);
    builder.config.policies.resource = vec![policy("Careful", count)];
    builder.start()
}

#[test]
fn grpc_in_every_kind_of_method() {
    let server = Peer::start("grpc_server");
    let url = format!("http://127.0.0.1:{}", server.port());
    let service = |mut api: Api| {
        api.kind = ApiKind::Grpc;
        if let Some(endpoint) = &mut api.endpoints.production {
            endpoint.protocol = BackendProtocol::Http2;
        }
        api
    };
    let gateway = start(
        vec![
            service(api("/shop.v1.Peer", &url)),
            service(secured("/shop.v1.Guarded", &url)),
            service(limited(api("/shop.v1.Limited", &url))),
            service(api("/shop.v1.Down", "http://127.0.0.1:1")),
        ],
        1,
    );
    run_client("grpc_client", &[&gateway.http().port().to_string()]);
}

#[test]
fn web_sockets_of_a_library() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    let plain = Peer::start("websocket_server");
    let over_tls = Peer::start_with(
        "websocket_server",
        &[&pki.text("backend.pem"), &pki.text("backend.key")],
    );
    for (url, tls) in [
        (format!("ws://127.0.0.1:{}", plain.port()), false),
        (format!("wss://localhost:{}", over_tls.port()), true),
    ] {
        let apis = vec![
            api("/p", &url),
            secured("/guarded", &url),
            limited(api("/limited", &url)),
        ];
        let mut builder = GatewayBuilder::new(apis)
            .set("httpClients.sslConfig.caFile", &pki.text("ca.pem"))
            .set("listenerConfig.httpsEnabled", "true")
            .set("listenerConfig.httpsPort", "0");
        // The handshake counts too.
        builder.config.policies.resource = vec![policy("Careful", 2)];
        let gateway = builder.start();
        if tls {
            let https = gateway.running.addresses().https.expect("the TLS listener is on");
            let Some(CertificateOrigin::Generated { certificate }) = gateway.running.certificate() else {
                panic!("a certificate was made")
            };
            let authority = certificate.to_string_lossy();
            run_client(
                "websocket_client",
                &[&format!("wss://localhost:{}", https.port()), &authority],
            );
        } else {
            run_client("websocket_client", &[&format!("ws://{}", gateway.http())]);
        }
    }
}

/// Resident memory of this process, where the gateway is, in KiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}

fn curl(arguments: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60"])
        .args(arguments)
        .output()
        .expect("curl is installed (`./test` installs it)");
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn large_bodies_pass_in_little_memory() {
    const SIZE: u64 = 300 * 1024 * 1024;
    let server = Peer::start("aiohttp_server");
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://127.0.0.1:{}", server.port()))]).start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("large");
    fs::File::create(&file)
        .and_then(|file| file.set_len(SIZE))
        .expect("a sparse file");
    let base = format!("http://{}/p", gateway.http());
    let before = memory();
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let upload = format!("@{}", file.display());
        let counted = curl(&[
            version,
            "-H",
            "Expect:",
            "--data-binary",
            &upload,
            &format!("{base}/size"),
        ]);
        assert_eq!(counted, SIZE.to_string(), "{version}");
        // `Transfer-Encoding: chunked` on the way to the backend, with the client's 100-continue.
        let (form, expect) = (format!("file={upload}"), "Expect: 100-continue");
        let counted = curl(&[version, "-H", expect, "--form", &form, &format!("{base}/size")]);
        assert!(
            counted.parse::<u64>().is_ok_and(|size| size > SIZE),
            "{version} {counted}"
        );
        let got = curl(&[
            version,
            "--output",
            "/dev/null",
            "--write-out",
            "%{size_download}",
            &format!("{base}/bytes/{SIZE}"),
        ]);
        assert_eq!(got, SIZE.to_string(), "{version}");
    }
    let grown = memory().saturating_sub(before);
    assert!(grown < 100 * 1024, "{grown} KiB more");
}

#[test]
fn a_listener_who_leaves_ends_the_stream() {
    use std::io::Read;
    let server = Peer::start("aiohttp_server");
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("http://127.0.0.1:{}", server.port()))]).start();
    let base = format!("http://{}/p", gateway.http());
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let mut listener = Command::new("curl")
            .args([version, "--silent", "--no-buffer", &format!("{base}/events")])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("curl is installed (`./test` installs it)");
        let mut heard = [0; 18];
        let mut output = listener.stdout.take().expect("it is a pipe");
        output.read_exact(&mut heard).expect("events");
        assert_eq!(&heard, b"data: 0\n\ndata: 1\n\n");
        listener.kill().expect("it runs");
        listener.wait().expect("it ends");
    }
    eventually("the backend knows", || curl(&[&format!("{base}/left")]) == "2");
}

/// curl takes a stream that is reset while it sends for a failure, whatever was answered.
#[test]
fn curl_gets_answers_that_come_before_its_body() {
    let gateway = GatewayBuilder::new(vec![api("/p", "http://127.0.0.1:1")])
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .set("listenerConfig.maxEntityBodySize", "10")
        .start();
    let https = gateway.running.addresses().https.expect("the TLS listener is on");
    let url = format!("https://localhost:{}/nothing", https.port());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("large");
    fs::write(&file, vec![b'x'; 3 << 20]).expect("it is written");
    let large = format!("@{}", file.display());
    for (body, expected) in [("abc", "2 404"), (large.as_str(), "2 413")] {
        for _ in 0..20 {
            let said = curl(&[
                "--http2",
                "--insecure",
                "--data-binary",
                body,
                "--output",
                "/dev/null",
                "--write-out",
                "%{http_version} %{http_code}",
                &url,
            ]);
            assert_eq!(said, expected);
        }
    }
}

#[test]
fn clients_choose_their_version_of_http() {
    let server = Peer::start("aiohttp_server");
    let mut gateway = GatewayBuilder::new(vec![api("/p", &format!("http://127.0.0.1:{}", server.port()))]);
    let url = |gateway: &TestGateway| format!("http://{}/p/left", gateway.http());
    let version = |gateway: &TestGateway, option: &str| {
        curl(&[
            option,
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_version} %{http_code}",
            &url(gateway),
        ])
    };
    let both = gateway.start();
    assert_eq!(version(&both, "--http1.1"), "1.1 200");
    assert_eq!(version(&both, "--http2-prior-knowledge"), "2 200");
    assert_eq!(
        version(&both, "--http2"),
        "1.1 200",
        "an upgrade to h2c is not offered any more"
    );
    gateway = gateway.set("http2.enable", "false");
    let old = gateway.start();
    assert_eq!(version(&old, "--http1.1"), "1.1 200");
    let refused = Command::new("curl")
        .args(["--silent", "--http2-prior-knowledge", &url(&old)])
        .output()
        .expect("curl is installed");
    assert!(!refused.status.success());
}

/// nginx with a configuration of its own, ended by its process id.
struct Nginx {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Speaks HTTP/2 over TLS with the certificate of `name`, and goes away after every `requests` requests of a connection.
    fn start(pki: &Pki, name: &str, requests: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let root = folder.path().display();
        let paths =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {root}/{kind};"));
        let configuration = format!(
            "daemon off; worker_processes 1; pid {root}/pid; error_log {root}/error.log;\nevents {{ worker_connections 256; }}\n\
             http {{ access_log off; {} keepalive_requests {requests};\nserver {{ listen 127.0.0.1:{port} ssl http2;\n\
             ssl_certificate {}; ssl_certificate_key {};\nlocation / {{ return 200 \"$server_protocol\"; }} }} }}\n",
            paths.join(" "),
            pki.text(&format!("{name}.pem")),
            pki.text(&format!("{name}.key")),
        );
        fs::write(folder.path().join("nginx.conf"), configuration).expect("it is written");
        let process = Command::new("/usr/sbin/nginx")
            .args([
                "-p",
                &root.to_string(),
                "-c",
                &format!("{root}/nginx.conf"),
                "-e",
                &format!("{root}/error.log"),
            ])
            .spawn()
            .expect("nginx is installed (`./test` installs it)");
        eventually("nginx listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self {
            process,
            port,
            _folder: folder,
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its worker.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

/// nginx says GOAWAY every 50 requests; under load none is lost.
#[test]
fn nginx_and_h2load_lose_no_request() {
    let pki = Pki::new();
    pki.signed("backend", "localhost");
    let nginx = Nginx::start(&pki, "backend", 50);
    let gateway = GatewayBuilder::new(vec![api("/p", &format!("https://localhost:{}", nginx.port))])
        .set("httpClients.sslConfig.caFile", &pki.text("ca.pem"))
        .start();
    assert_eq!(gateway.get("/p").body, "HTTP/2.0");
    let output = Command::new("h2load")
        .args([
            "-n",
            "3000",
            "-c",
            "4",
            "-m",
            "10",
            &format!("http://{}/p", gateway.http()),
        ])
        .output()
        .expect("h2load is installed (`./test` installs it)");
    let report = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(report.contains("status codes: 3000 2xx"), "{report}");
}
