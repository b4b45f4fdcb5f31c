//! Ports, TLS and HTTP/2.

use crate::support::{Backend, Client, GatewayBuilder, TestGateway, api, http2_over, on_runtime};
use bytes::Bytes;
use http::{Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use mgw_fixtures::ports::free_port;
use mgw_runtime::{BindError, CertificateOrigin, StartError};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

#[test]
fn a_port_in_use_is_named() {
    for admin in [false, true] {
        let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = taken.local_addr().expect("it is bound");
        let key = if admin {
            "adminConfig.port"
        } else {
            "listenerConfig.httpPort"
        };
        let refused = GatewayBuilder::new(Vec::new())
            .set(key, &address.port().to_string())
            .try_start();
        let Err(StartError::Bind(BindError::InUse {
            address: named,
            setting,
        })) = refused
        else {
            panic!("{:?}", refused.err());
        };
        assert_eq!((named, setting), (address, key));
    }
}

#[test]
fn two_gateways_never_share_a_port() {
    let port = free_port().to_string();
    let first = GatewayBuilder::new(Vec::new())
        .set("listenerConfig.httpPort", &port)
        .start();
    let second = GatewayBuilder::new(Vec::new())
        .set("listenerConfig.httpPort", &port)
        .try_start();
    assert!(matches!(second, Err(StartError::Bind(BindError::InUse { .. }))));
    drop(first);
    assert!(
        GatewayBuilder::new(Vec::new())
            .set("listenerConfig.httpPort", &port)
            .try_start()
            .is_ok()
    );
}

#[test]
fn the_bundle_is_checked_before_anything_is_bound() {
    let refused = GatewayBuilder::new(vec![api("/p", "http://u:secret@x"), api("/q", "ftp://x")]).try_start();
    let Err(StartError::Snapshot(error)) = refused else {
        panic!("such endpoints are refused")
    };
    let text = error.to_string();
    assert!(text.contains("p:1.0") && text.contains("q:1.0"), "{text}");
    assert!(!text.contains("secret"), "{text}");
}

async fn over_http2<S>(stream: S, uri: &str) -> (StatusCode, Version, String)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut sender = http2_over(stream).await;
    let request = Request::post(uri).header("cookie", "a=1").header("cookie", "b=2");
    let request = request.body(Full::new(Bytes::from_static(b"body"))).expect("a request");
    let response = sender.send_request(request).await.expect("a response");
    let (status, version) = (response.status(), response.version());
    let body = response.into_body().collect().await.expect("a body").to_bytes();
    (status, version, String::from_utf8_lossy(&body).into_owned())
}

#[test]
fn http2_with_prior_knowledge() {
    let backend = Backend::echo();
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let address = gateway.http();
    let (status, version, body) = on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        over_http2(stream, "http://gateway/p/x?q=1").await
    });
    assert_eq!((status, version), (StatusCode::OK, Version::HTTP_2));
    assert!(body.starts_with("POST /x?q=1 HTTP/1.1\r\n"), "{body}");
    assert!(body.to_ascii_lowercase().contains("cookie: a=1; b=2\r\n"), "{body}");
    assert!(body.ends_with("\nbody"), "{body}");
    assert_eq!(gateway.get("/p").status, 200, "HTTP/1.1 on the same port");
}

fn with_tls(builder: GatewayBuilder) -> TestGateway {
    builder
        .set("listenerConfig.httpsEnabled", "true")
        .set("listenerConfig.httpsPort", "0")
        .start()
}

fn tls_client(gateway: &TestGateway, protocol: &[u8]) -> (tokio_rustls::TlsConnector, SocketAddr) {
    let Some(CertificateOrigin::Generated { certificate }) = gateway.running.certificate() else {
        panic!("a certificate was made")
    };
    let pem = std::fs::read(certificate).expect("it was written");
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(&pem).expect("PEM"))
        .expect("it can be trusted");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the defaults are safe")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let address = gateway.running.addresses().https.expect("the TLS listener is on");
    (Arc::new(config).into(), address)
}

#[test]
fn tls_with_a_generated_certificate() {
    let backend = Backend::echo();
    let gateway = with_tls(GatewayBuilder::new(vec![api("/p", &backend.url())]));
    let name = ServerName::try_from("localhost").expect("a name");

    let (connector, address) = tls_client(&gateway, b"h2");
    let name2 = name.clone();
    let (status, version, _) = on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let stream = connector.connect(name2, stream).await.expect("TLS");
        over_http2(stream, "https://gateway/p").await
    });
    assert_eq!((status, version), (StatusCode::OK, Version::HTTP_2));

    let (connector, address) = tls_client(&gateway, b"http/1.1");
    let status = on_runtime(async move {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        let stream = connector.connect(name, stream).await.expect("TLS");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        tokio::spawn(connection);
        let request = Request::get("/p")
            .header("host", "gateway")
            .body(Full::<Bytes>::default())
            .expect("a request");
        sender.send_request(request).await.expect("a response").status()
    });
    assert_eq!(status, StatusCode::OK);
}

#[test]
fn plain_text_on_the_tls_port_harms_nobody() {
    let backend = Backend::named("ok");
    let gateway = with_tls(GatewayBuilder::new(vec![api("/p", &backend.url())]));
    let address = gateway.running.addresses().https.expect("the TLS listener is on");
    let mut client = Client::connect(address);
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert!(client.receive().is_err());
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(gateway.metric("mgw_tls_handshake_failures_total"), Some(1.0));
}

#[test]
fn https_backends_are_verified() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, made.cert.pem()).expect("it is written");
    let key = rustls_pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the defaults are safe")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("they fit");
    let server = Arc::new(server);
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = Arc::clone(&server);
            std::thread::spawn(move || {
                use std::io::{BufRead, BufReader, Write};
                let session = rustls::ServerConnection::new(server).expect("a session");
                let mut stream = BufReader::new(rustls::StreamOwned::new(session, stream));
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|length| length > 2) {
                    line.clear();
                }
                let _ = stream
                    .get_mut()
                    .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecure");
            });
        }
    });
    let apis = || {
        vec![
            api("/named", &format!("https://localhost:{port}")),
            api("/other", &format!("https://127.0.0.1:{port}")),
        ]
    };
    let trusting = GatewayBuilder::new(apis()).set("httpClients.sslConfig.caFile", &ca_file.to_string_lossy());
    let gateway = trusting.start();
    assert_eq!(gateway.get("/named").body, "secure");
    assert_eq!(gateway.get("/other").status, 503, "the certificate bears another name");
    let gateway = GatewayBuilder::new(apis()).start();
    assert_eq!(gateway.get("/named").status, 503, "nobody vouches for the certificate");
    let careless = GatewayBuilder::new(apis())
        .set("httpClients.sslConfig.caFile", &ca_file.to_string_lossy())
        .set("httpClients.sslConfig.verifyHostname", "false");
    assert_eq!(careless.start().get("/other").body, "secure");
    let reckless = GatewayBuilder::new(apis()).set("httpClients.disableSslVerification", "true");
    assert_eq!(reckless.start().get("/named").body, "secure");
}

#[test]
fn client_certificates_admit() {
    let ca_key = rcgen::KeyPair::generate().expect("a key");
    let mut ca = rcgen::CertificateParams::new(Vec::new()).expect("no names");
    ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let ca_pem = ca.self_signed(&ca_key).expect("a certificate").pem();
    let ca = rcgen::Issuer::new(ca, ca_key);
    let client_key = rcgen::KeyPair::generate().expect("a key");
    let client = rcgen::CertificateParams::new(vec!["client".to_owned()]).expect("a name");
    let client = client.signed_by(&client_key, &ca).expect("a certificate");
    let folder = tempfile::tempdir().expect("a folder");
    let (ca_file, client_file) = (folder.path().join("ca.pem"), folder.path().join("client.pem"));
    std::fs::write(&ca_file, ca_pem).expect("it is written");
    std::fs::write(&client_file, client.pem()).expect("it is written");

    let backend = Backend::named("ok");
    let mut guarded = api("/p", &backend.url());
    guarded.mutual_tls = Some(mgw_bundle::config::MutualTls::Mandatory);
    for resource in &mut guarded.resources {
        resource.security.enabled = true;
        resource.security.optional = true;
        resource.security.alternatives = vec![mgw_bundle::config::Requirement {
            schemes: vec![mgw_bundle::config::Scheme::Oauth2],
        }];
    }
    let gateway = with_tls(
        GatewayBuilder::new(vec![guarded])
            .set("mutualSSLConfig.clientCaFile", &ca_file.to_string_lossy())
            .file(&format!(
                "[[mutualSSLConfig.api.certificates]]\nname = \"p\"\nversion = \"1.0\"\ncertificateFiles = [\"{}\"]\n",
                client_file.display()
            )),
    );
    let Some(CertificateOrigin::Generated { certificate }) = gateway.running.certificate() else {
        panic!("a certificate was made")
    };
    let pem = std::fs::read(certificate).expect("it was written");
    let address = gateway.running.addresses().https.expect("the TLS listener is on");
    for (with_certificate, expected) in [(true, StatusCode::OK), (false, StatusCode::UNAUTHORIZED)] {
        let mut roots = rustls::RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(&pem).expect("PEM");
        roots.add(root).expect("it can be trusted");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the defaults are safe")
            .with_root_certificates(roots);
        let config = if with_certificate {
            let key = rustls_pki_types::PrivateKeyDer::try_from(client_key.serialize_der()).expect("a key");
            builder
                .with_client_auth_cert(vec![client.der().clone()], key)
                .expect("they fit")
        } else {
            builder.with_no_client_auth()
        };
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let status = on_runtime(async move {
            let name = ServerName::try_from("localhost").expect("a name");
            let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
            let stream = connector.connect(name, stream).await.expect("TLS");
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .expect("HTTP/1.1");
            tokio::spawn(connection);
            let request = Request::get("/p")
                .header("host", "gateway")
                .body(Full::<Bytes>::default());
            sender
                .send_request(request.expect("a request"))
                .await
                .expect("a response")
                .status()
        });
        assert_eq!(status, expected);
    }
}

/// Streams that are opened and given up at once (rapid reset) cost their connection, and nobody else anything. Pings are answered
/// one at a time.
#[test]
fn floods_of_http2_frames_end_their_connection() {
    use std::io::{Read, Write};
    let backend = Backend::named("ok");
    let gateway = GatewayBuilder::new(vec![api("/p", &backend.url())]).start();
    let frame = |kind: u8, flags: u8, stream: u32, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    };
    let preface = [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat();
    // `GET http /` of the host `g`.
    let head = [0x82, 0x86, 0x84, 0x41, 0x01, b'g'];
    let resets: Vec<u8> = (0..2000)
        .flat_map(|number| {
            [
                frame(1, 5, number * 2 + 1, &head),
                frame(3, 0, number * 2 + 1, &[0, 0, 0, 8]),
            ]
            .concat()
        })
        .collect();
    let mut attacker = Client::connect(gateway.http());
    let _ = attacker.stream.get_mut().write_all(&[&preface[..], &resets].concat());
    let mut said = Vec::new();
    // The connection is closed, or reset with what was not read.
    let _ = attacker.stream.read_to_end(&mut said);
    assert!(!said.is_empty() && gateway.metric("mgw_requests_in_flight") == Some(0.0));

    // Nobody reads the answers: the gateway stops reading.
    let pings = frame(6, 0, 0, &[0; 8]).repeat(10_000);
    let mut attacker = Client::connect(gateway.http());
    let stream = attacker.stream.get_mut();
    stream
        .set_write_timeout(Some(std::time::Duration::from_millis(50)))
        .expect("a time");
    let _ = stream.write_all(&preface);
    let accepted = (0..1000).take_while(|_| stream.write_all(&pings).is_ok()).count();
    assert!(accepted < 1000, "all of {accepted} were taken");
    assert_eq!(gateway.get("/p").status, 200);
}
