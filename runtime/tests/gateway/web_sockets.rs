//! WebSockets: a handshake like any request, then messages of which each is decided about.

use crate::secured::secured;
use crate::support::{
    Backend, Client, GatewayBuilder, Issuer, PATIENCE, WebSocket, api, close_reason, eventually, http2_over,
    on_runtime, policy, respond,
};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Empty;
use hyper::client::conn::http2::SendRequest;
use hyper::ext::Protocol;
use hyper_util::rt::TokioIo;
use mgw_bundle::config::{Api, PolicyRef, Quota};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn web_socket_url(backend: &Backend) -> String {
    format!("ws://{}", backend.address)
}

fn web_socket_api(backend: &Backend) -> Api {
    api("/p", &web_socket_url(backend))
}

/// A backend that echoes, and the codes that it was told to close with.
fn echo() -> (Backend, Arc<Mutex<Vec<u16>>>) {
    let told = Arc::<Mutex<Vec<u16>>>::default();
    let backend = WebSocket::backend({
        let told = Arc::clone(&told);
        move |socket| {
            if let Some((_, payload)) = socket.echo() {
                told.lock()
                    .expect("no test panics with it")
                    .push(close_reason(&payload).0);
            }
        }
    });
    (backend, told)
}

#[test]
fn messages_pass_both_ways() {
    let (backend, told) = echo();
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)]).start();
    let offered =
        "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\nCookie: a=1\r\n";
    let (mut socket, answer) = WebSocket::open(gateway.http(), "/p/room?x=1", offered);
    let header = |name: &str| {
        answer
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(header("sec-websocket-protocol"), Some("chat"));
    assert!(header("x-correlation-id").is_some());
    let head = backend.heads().remove(0).to_ascii_lowercase();
    assert!(head.starts_with("get /room?x=1 http/1.1\r\n"), "{head}");
    for line in [
        "sec-websocket-protocol: chat, superchat\r\n",
        "sec-websocket-extensions: permessage-deflate\r\n",
        "cookie: a=1\r\n",
        "connection: upgrade\r\n",
        "upgrade: websocket\r\n",
    ] {
        assert!(head.contains(line), "{line} {head}");
    }
    socket.say("hello");
    assert_eq!(socket.hear(), "hello");
    let large = "x".repeat(1_000_000);
    socket.say(&large);
    assert!(socket.hear() == large);
    // In parts, with a ping between them.
    socket.send(0x01, b"one");
    socket.send(0x89, b"alive?");
    socket.send(0x80, b"two");
    let frames: Vec<_> = (0..3).map(|_| socket.receive().expect("a frame")).collect();
    assert_eq!(
        frames,
        [
            (0x01, b"one".to_vec()),
            (0x89, b"alive?".to_vec()),
            (0x80, b"two".to_vec())
        ]
    );
    assert_eq!(gateway.metric("mgw_web_sockets"), Some(1.0));
    assert_eq!(gateway.metric("mgw_web_socket_messages_from_clients_total"), Some(3.0));
    assert_eq!(gateway.metric("mgw_web_socket_messages_to_clients_total"), Some(3.0));
    socket.send(0x88, &1000_u16.to_be_bytes());
    assert_eq!(
        socket.receive().expect("a close frame"),
        (0x88, 1000_u16.to_be_bytes().to_vec())
    );
    assert!(socket.connection.is_closed());
    eventually("it is accounted for", || {
        gateway.metric(r#"mgw_requests_total{api="p",version="1.0",method="GET",status="1xx"}"#) == Some(1.0)
            && gateway.metric("mgw_web_sockets") == Some(0.0)
            && gateway.metric("mgw_connections") == Some(0.0)
    });
    assert_eq!(
        *told.lock().expect("no test panics with it"),
        [1000],
        "the client's own close frame"
    );
}

#[test]
fn nothing_but_a_handshake_is_served() {
    let (backend, _) = echo();
    let http = Backend::echo();
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend), api("/q", &http.url())]).start();
    let answer = gateway.get("/p");
    assert_eq!(answer.status, 426);
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    assert_eq!(answer.header("sec-websocket-version"), Some("13"));
    let old = WebSocket::request("/p", "").replace("Version: 13", "Version: 8");
    assert_eq!(Client::once(gateway.http(), &old).status, 426);
    assert!(backend.heads().is_empty());
    // Elsewhere the wish is not passed on, and the request is served as it is.
    let answer = Client::once(gateway.http(), &WebSocket::request("/q", ""));
    assert_eq!(answer.status, 200);
    assert!(!answer.body.to_ascii_lowercase().contains("upgrade"), "{}", answer.body);
}

#[test]
fn messages_count_like_requests() {
    let (backend, told) = echo();
    let mut limited = web_socket_api(&backend);
    limited.policy = Some(PolicyRef {
        name: "Careful".into(),
        index: Some(0),
    });
    let mut builder = GatewayBuilder::new(vec![limited]);
    builder.config.policies.resource = vec![policy("Careful", 3)];
    let gateway = builder.start();
    let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
    socket.send(0x89, b"pings are free");
    assert_eq!(socket.receive().expect("a pong of the echo").0, 0x89);
    for text in ["one", "two"] {
        socket.say(text);
        assert_eq!(socket.hear(), text);
    }
    socket.say("three, and the handshake counts too");
    assert_eq!(socket.closed(), (1008, "900800 Message throttled out".to_owned()));
    eventually("the backend is told", || {
        *told.lock().expect("no test panics with it") == [1001]
    });
    assert_eq!(
        gateway.metric(r#"mgw_refusals_total{reason="api_quota",code="900800"}"#),
        Some(1.0)
    );
    assert_eq!(Client::once(gateway.http(), &WebSocket::request("/p", "")).status, 429);
}

/// No message of the client's is there to be refused.
#[test]
fn who_only_receives_is_cut_off_when_the_bytes_are_used_up() {
    const LARGE: usize = 100_000;
    // A little is noticed by a look, much of it at once.
    for (check, length) in [("20", 20), ("3600000", LARGE)] {
        let backend = WebSocket::backend(move |socket| {
            socket.say(&"x".repeat(length));
            let _ = socket.receive();
        });
        let mut limited = web_socket_api(&backend);
        limited.policy = Some(PolicyRef {
            name: "Bytes".into(),
            index: Some(0),
        });
        let mut bytes = policy("Bytes", 1);
        bytes.quota = Quota::Bandwidth {
            bytes: 15,
            window_ms: 365 * 24 * 60 * 60 * 1000,
        };
        let mut builder = GatewayBuilder::new(vec![limited]).set("webSocket.checkInterval", check);
        builder.config.policies.resource = vec![bytes];
        let gateway = builder.start();
        let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
        assert_eq!(socket.hear().len(), length, "the message that is passing is finished");
        assert_eq!(socket.closed(), (1008, "900800 Message throttled out".to_owned()));
    }
}

#[test]
fn callers_who_may_not_go_on_are_cut_off() {
    let (backend, _) = echo();
    let issuer = Issuer::new();
    let gateway = |check: &str| {
        GatewayBuilder::new(vec![secured("/p", &web_socket_url(&backend))])
            .file(&issuer.pinned())
            .set("webSocket.checkInterval", check)
            .start()
    };
    let revoke = |gateway: &crate::support::TestGateway, id: &str| {
        let list = format!("{{\"jti\":\"{id}\"}}\n");
        let request = format!(
            "POST /revocations HTTP/1.1\r\nHost: admin\r\nContent-Type: application/x-ndjson\r\nContent-Length: {}\r\n\r\n{list}",
            list.len()
        );
        assert_eq!(Client::once(gateway.admin(), &request).status, 200);
    };
    let gateway_of_messages = gateway("3600000");
    let missing = Client::once(gateway_of_messages.http(), &WebSocket::request("/p", ""));
    assert_eq!(missing.status, 401);
    let token = issuer.token("k", json!({"jti": "one"}));
    let authorization = format!("Authorization: Bearer {token}\r\n");
    let (mut socket, _) = WebSocket::open(gateway_of_messages.http(), "/p", &authorization);
    assert!(!backend.heads().concat().to_ascii_lowercase().contains("authorization"));
    socket.say("hello");
    assert_eq!(socket.hear(), "hello");
    revoke(&gateway_of_messages, "one");
    socket.say("hello?");
    assert_eq!(socket.closed(), (1008, "900901 Invalid Credentials".to_owned()));

    let gateway_that_looks = gateway("20");
    let (mut silent, _) = WebSocket::open(gateway_that_looks.http(), "/p", &authorization);
    revoke(&gateway_that_looks, "one");
    assert_eq!(silent.closed(), (1008, "900901 Invalid Credentials".to_owned()));
}

#[test]
fn backends_may_refuse_fail_or_break_off() {
    let refusing = Backend::start(|exchange| respond(exchange, 403, "not you"));
    let wrong = Backend::start(|exchange| {
        exchange
            .write("HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n\r\n");
    });
    let breaking = WebSocket::backend(|socket| {
        let _ = socket.receive();
    });
    let gateway = |backend: &Backend| GatewayBuilder::new(vec![web_socket_api(backend)]).start();
    let ask = WebSocket::request("/p", "");
    let answer = Client::once(gateway(&refusing).http(), &ask);
    assert_eq!((answer.status, answer.body.as_str()), (403, "not you"));
    let mistaken = gateway(&wrong);
    assert_eq!(Client::once(mistaken.http(), &ask).status, 502);
    let failures = r#"mgw_backend_failures_total{api="p",version="1.0",reason="malformed"}"#;
    assert_eq!(mistaken.metric(failures), Some(1.0), "no handshake that worked");
    let silent = Backend::start(|exchange| {
        let _ = exchange.connection.receive();
    });
    let mut impatient = web_socket_api(&silent);
    if let Some(endpoint) = &mut impatient.endpoints.production {
        endpoint.total_timeout_ms = Some(50);
    }
    let in_a_hurry = GatewayBuilder::new(vec![impatient]).start();
    assert_eq!(Client::once(in_a_hurry.http(), &ask).status, 504);
    let late = r#"mgw_backend_failures_total{api="p",version="1.0",reason="total_timeout"}"#;
    assert_eq!(in_a_hurry.metric(late), Some(1.0));
    let nobody = GatewayBuilder::new(vec![api("/p", "ws://127.0.0.1:1")]).start();
    assert_eq!(Client::once(nobody.http(), &ask).status, 503);
    let gateway = gateway(&breaking);
    let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
    socket.say("hello");
    assert_eq!(socket.closed().0, 1014);
}

#[test]
fn what_is_malformed_or_too_large_ends_it() {
    let (backend, told) = echo();
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)])
        .set("webSocket.maxMessageSize", "1000")
        .start();
    for (first, size, code) in [(0x81, 1001, 1009), (0x83, 1, 1002), (0x80, 1, 1002)] {
        let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
        socket.send(0x82, &[0; 1000]);
        assert_eq!(socket.receive().expect("the largest message").1.len(), 1000);
        socket.send(first, &vec![0; size]);
        assert_eq!(socket.closed().0, code);
    }
    assert!(
        told.lock()
            .expect("no test panics with it")
            .iter()
            .all(|code| *code == 1001)
    );
}

/// Nothing of such a frame reaches the client, who would wait for the rest of it in place of a close frame.
#[test]
fn a_backend_whose_frames_are_refused_is_told_and_so_is_the_client() {
    const MASKED: &[u8] = &[0x81, 0x81, 0, 0, 0, 0, b'x'];
    const LENGTHY: &[u8] = &[0x81, 126, 0, 5, b'h', b'e', b'l', b'l', b'o'];
    let large = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0][..], &[0; 0x1_0000]].concat();
    let part = [&[0x01, 126, 0x03, 0xE8][..], &[0; 1000], &[0x80, 1, 0]].concat();
    for (sent, code) in [(MASKED, 1002), (LENGTHY, 1002), (&large, 1009), (&part, 1009)] {
        let (tell, told) = std::sync::mpsc::channel();
        let (good, bad) = ([0x81, 2, b'h', b'i'], sent.to_vec());
        let backend = WebSocket::backend(move |socket| {
            let stream = socket.connection.stream.get_mut();
            let _ = std::io::Write::write_all(stream, &[&good[..], &bad].concat());
            while let Ok((first, payload)) = socket.receive() {
                if first == 0x88 {
                    let _ = tell.send(close_reason(&payload).0);
                }
            }
        });
        let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)])
            .set("webSocket.maxMessageSize", "1000")
            .start();
        let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
        assert_eq!(socket.hear(), "hi");
        assert_eq!(socket.closed().0, 1014, "{code}");
        assert_eq!(told.recv(), Ok(code));
    }
}

#[test]
fn it_ends_when_it_is_idle_or_old() {
    let (backend, _) = echo();
    for (setting, reason) in [
        ("webSocket.idleTimeout", "nothing was sent for too long"),
        ("webSocket.maxLifetime", "the connection is too old"),
    ] {
        let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)])
            .set(setting, "50")
            .start();
        let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
        assert_eq!(socket.closed(), (1001, reason.to_owned()));
    }
}

#[test]
fn shutting_down_tells_both_sides() {
    let (backend, told) = echo();
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)]).start();
    let mut sockets: Vec<_> = (0..4).map(|_| WebSocket::open(gateway.http(), "/p", "").0).collect();
    std::thread::scope(|scope| {
        let drained = scope.spawn(|| gateway.running.drain(PATIENCE));
        for socket in &mut sockets {
            assert_eq!(socket.closed(), (1001, "the gateway is shutting down".to_owned()));
        }
        assert_eq!(drained.join().expect("it drains").aborted, 0);
    });
    eventually("the backends are told", || {
        *told.lock().expect("no test panics with it") == [1001; 4]
    });
}

#[test]
fn a_client_that_goes_away_frees_the_backend() {
    let (backend, told) = echo();
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)]).start();
    let (socket, _) = WebSocket::open(gateway.http(), "/p", "");
    drop(socket);
    eventually("the backend is told", || {
        *told.lock().expect("no test panics with it") == [1001]
    });
    eventually("nothing is left", || gateway.metric("mgw_web_sockets") == Some(0.0));
}

#[test]
fn a_client_that_does_not_read_stops_its_backend() {
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let backend = WebSocket::backend({
        let sent = Arc::clone(&sent);
        move |socket| {
            for _ in 0..1024 {
                socket.send(0x82, &vec![0; 1024 * 1024]);
                sent.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
    });
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)]).start();
    let (mut socket, _) = WebSocket::open(gateway.http(), "/p", "");
    for _ in 0..50 {
        assert_eq!(gateway.get("/health").status, 200);
    }
    assert!(
        sent.load(std::sync::atomic::Ordering::SeqCst) < 64,
        "buffers on the way are bounded"
    );
    assert_eq!(socket.receive().expect("a frame").1.len(), 1024 * 1024);
}

/// A CONNECT of RFC 8441.
fn connect(protocol: &'static str, path: &str) -> Request<Empty<Bytes>> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = format!("http://gateway{path}").parse().expect("a URI");
    request.extensions_mut().insert(Protocol::from_static(protocol));
    request
        .headers_mut()
        .insert("sec-websocket-version", "13".parse().expect("a value"));
    request
}

/// An HTTP/2 connection on which WebSockets can be opened.
async fn http2(address: SocketAddr) -> SendRequest<Empty<Bytes>> {
    let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let mut sender = http2_over(stream).await;
    // The settings of the server have to be there.
    assert_eq!(health(&mut sender).await, 200);
    sender
}

async fn health(sender: &mut SendRequest<Empty<Bytes>>) -> u16 {
    let request = Request::get("http://gateway/health").body(Empty::new());
    let answer = sender.send_request(request.expect("a request")).await;
    answer.expect("an answer").status().as_u16()
}

/// One stream of an HTTP/2 connection is a WebSocket.
#[test]
fn http2_clients_open_them_too() {
    let (backend, _) = echo();
    let http = Backend::named("ok");
    let page = Backend::start(|exchange| respond(exchange, 200, "a page"));
    let apis = vec![
        web_socket_api(&backend),
        api("/q", &http.url()),
        api("/w", &web_socket_url(&page)),
    ];
    let gateway = GatewayBuilder::new(apis).start();
    let address = gateway.http();
    on_runtime(async move {
        let mut sender = http2(address).await;
        for (protocol, path, status) in [
            ("other", "/p", 400),
            ("websocket", "/q", 400),
            ("websocket", "/none", 404),
            // Success would say that a WebSocket is open.
            ("websocket", "/w", 502),
            ("websocket", "/health", 400),
        ] {
            let answer = sender.send_request(connect(protocol, path)).await;
            assert_eq!(answer.expect("an answer").status(), status, "{protocol} {path}");
        }
        let asked = sender.send_request(connect("websocket", "/p")).await;
        let mut answer = asked.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
        assert!(!answer.headers().contains_key("sec-websocket-accept"));
        let mut socket = TokioIo::new(hyper::upgrade::on(&mut answer).await.expect("a WebSocket"));
        socket.write_all(b"\x81\x82\0\0\0\0hi").await.expect("it is open");
        let mut echoed = [0; 4];
        socket.read_exact(&mut echoed).await.expect("it answers");
        assert_eq!(&echoed, b"\x81\x02hi");
    });
}

/// The window of the stream stays shut, and with it that stream alone ends.
#[test]
fn http2_clients_that_do_not_read_lose_the_stream() {
    let backend = WebSocket::backend(|socket| {
        if socket.receive().expect("a message").1 == b"flood" {
            socket.send(0x82, &[0; 16 * 1024 * 1024]);
        }
        let _ = socket.echo();
    });
    let gateway = GatewayBuilder::new(vec![web_socket_api(&backend)])
        .set("listenerConfig.unreadTimeout", "100")
        .start();
    let address = gateway.http();
    let open = || gateway.metric("mgw_web_sockets");
    on_runtime(async {
        let mut sender = http2(address).await;
        let mut sockets = Vec::new();
        for message in [&b"\x81\x85\0\0\0\0flood"[..], b"\x81\x85\0\0\0\0quiet"] {
            let asked = sender.send_request(connect("websocket", "/p")).await;
            let mut answer = asked.expect("an answer");
            let mut socket = TokioIo::new(hyper::upgrade::on(&mut answer).await.expect("a WebSocket"));
            socket.write_all(message).await.expect("it is open");
            sockets.push(socket);
        }
        while open() != Some(1.0) {
            tokio::task::yield_now().await;
        }
        let [mut unread, mut quiet] = <[_; 2]>::try_from(sockets).expect("two were opened");
        // Nobody takes it any more: without a reset the room for it would run out.
        while unread.write_all(&[0; 1024]).await.is_ok() {
            tokio::task::yield_now().await;
        }
        quiet.write_all(b"\x81\x82\0\0\0\0hi").await.expect("it is open");
        let mut echoed = [0; 4];
        quiet.read_exact(&mut echoed).await.expect("it answers");
        assert_eq!(&echoed, b"\x81\x02hi");
        assert_eq!(health(&mut sender).await, 200);
    });
}
