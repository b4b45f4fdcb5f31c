//! Requests that a backend refuses or leaves behind over HTTP/2, and which of them are sent again.

use crate::support::{Client, GatewayBuilder, Http2Backend, TestGateway, eventually, http2_api, serving};
use mgw_bundle::config::Retry;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Instant;
use tokio::sync::Notify;

#[test]
fn a_backend_that_goes_away_costs_no_request() {
    let release = Arc::new(Notify::new());
    let backend = Http2Backend::start({
        let release = Arc::clone(&release);
        move |mut stream| {
            let release = Arc::clone(&release);
            async move {
                if stream.number == 0 {
                    stream.go_away();
                    release.notified().await;
                }
                let (body, _) = stream.receive().await;
                stream.answer(body);
            }
        }
    });
    let gateway = serving(&backend).start();
    let mut first = Client::connect(gateway.http());
    first.send("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 5\r\n\r\nfirst");
    eventually("the backend has the request", || backend.requests().len() == 1);
    for _ in 0..20 {
        let post = "POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\nhi";
        let answer = Client::once(gateway.http(), post);
        assert_eq!((answer.status, answer.body.as_str()), (200, "hi"));
    }
    release.notify_one();
    let answer = first.receive().expect("an answer");
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, "first"),
        "what was under way was finished"
    );
    eventually("the first connection is closed", || backend.open_connections() == 1);
}

fn post(gateway: &TestGateway, body: &str) -> (u16, String) {
    let length = body.len();
    let post = format!("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: {length}\r\n\r\n{body}");
    let answer = Client::once(gateway.http(), &post);
    (answer.status, answer.body)
}

/// Refuses those requests, in the middle of their bodies, and answers the others with their body.
fn refusing(refused: &'static [usize]) -> Http2Backend {
    Http2Backend::start(move |mut stream| async move {
        if refused.contains(&stream.number) {
            let _ = stream.request.body_mut().data().await;
            return stream.refuse();
        }
        let (body, _) = stream.receive().await;
        stream.answer(body);
    })
}

#[test]
fn refused_requests_are_sent_again_when_they_are_whole() {
    let backend = refusing(&[1, 3, 5]);
    let gateway = serving(&backend).set("httpClients.repeatableBodySize", "1000").start();
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(gateway.get("/p").status, 200, "refused once, then answered");
    assert_eq!(backend.requests().len(), 3);
    let whole = "x".repeat(1000);
    assert_eq!(post(&gateway, &whole), (200, whole), "whatever its method");
    assert_eq!(backend.requests().len(), 5);
    assert_eq!(post(&gateway, &"x".repeat(1001)).0, 502, "its body is gone");
    assert_eq!(backend.requests().len(), 6);
    assert_eq!(
        backend.connections(),
        1,
        "a stream that is refused says nothing against its connection"
    );
}

/// Also by a connection that is new to this request; one that refuses everything is left alone.
#[test]
fn a_request_is_refused_twice_at_the_most() {
    let backend = refusing(&[0, 2, 3]);
    let gateway = serving(&backend).start();
    assert_eq!(post(&gateway, "hi"), (200, "hi".into()));
    assert_eq!(backend.requests().len(), 2);
    assert_eq!(post(&gateway, "hi").0, 502);
    assert_eq!(backend.requests().len(), 4);
}

/// A backend that sheds load is not given all of it twice.
#[test]
fn refused_requests_are_sent_again_within_the_budget() {
    const REQUESTS: usize = 30;
    let backend = Http2Backend::start(|mut stream| async move { stream.refuse() });
    let mut api = http2_api("/p", &backend.url());
    let endpoint = api.endpoints.production.as_mut().expect("the API has one");
    endpoint.retry = Some(Retry {
        count: 1,
        interval_ms: 0,
        back_off_factor: 1.0,
        max_interval_ms: 0,
        statuses: Vec::new(),
        unsafe_methods: false,
        budget_percent: 1,
    });
    let gateway = GatewayBuilder::new(vec![api]).cores(1).start();
    let began = Instant::now();
    for _ in 0..REQUESTS {
        assert_eq!(gateway.get("/p").status, 502);
    }
    // The floor of ten in ten seconds.
    let windows = 1 + began.elapsed().as_secs() as usize / 10;
    let repeated = backend.requests().len() - REQUESTS;
    assert!((10..=10 * windows).contains(&repeated), "{repeated}");
}

/// Says nothing on its first connection before `speaks`, and then that it goes away without having taken a request. Answers
/// whoever comes afterwards.
fn leaving_late(speaks: mpsc::Receiver<()>) -> std::net::SocketAddr {
    use std::io::Write;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        const GO_AWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let (mut first, _) = listener.accept()?;
        speaks.recv().map_err(std::io::Error::other)?;
        first.write_all(&[&SETTINGS[..], &GO_AWAY].concat())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        listener.set_nonblocking(true)?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut connection = h2::server::handshake(stream).await?;
                    while let Some(Ok((_, mut respond))) = connection.accept().await {
                        respond.send_response(http::Response::new(()), true)?;
                    }
                    Ok::<_, h2::Error>(())
                });
            }
            drop(first);
            Ok::<_, std::io::Error>(())
        })
    });
    address
}

/// One request is sent before the backend has said how many it admits, and the others wait where the library has them.
#[test]
fn requests_that_wait_on_a_connection_that_goes_away_are_sent_on_another() {
    const REQUESTS: usize = 4;
    let (speak, speaks) = mpsc::channel();
    let address = leaving_late(speaks);
    let gateway = GatewayBuilder::new(vec![http2_api("/p", &format!("http://{address}"))])
        .cores(1)
        .start();
    let mut clients: Vec<Client> = (0..REQUESTS).map(|_| Client::connect(gateway.http())).collect();
    for client in &mut clients {
        client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    }
    eventually("all are under way", || {
        gateway.metric("mgw_requests_in_flight") == Some(REQUESTS as f64)
    });
    speak.send(()).expect("the backend waits");
    for client in &mut clients {
        assert_eq!(client.receive().expect("an answer").status, 200);
    }
}

/// Takes so many requests on each connection, and says then that it goes away, whatever else was sent. It says nothing before
/// `speaks`.
struct Retiring {
    address: std::net::SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Retiring {
    fn after(takes: u32, speaks: mpsc::Receiver<()>) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let connections = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if counted.fetch_add(1, SeqCst) == 0 {
                    let _ = speaks.recv();
                }
                std::thread::spawn(move || retire_after(takes, stream?));
            }
        });
        Self { address, connections }
    }
}

fn retire_after(takes: u32, mut stream: std::net::TcpStream) -> std::io::Result<()> {
    use std::io::{Read, Write};
    const HEADERS: u8 = 1;
    const OK: u8 = 0x88;
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])?;
    stream.read_exact(&mut [0; 24])?;
    let (mut taken, mut last) = (0, [0; 4]);
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let [a, b, c, kind, _, id @ ..] = head;
        stream.read_exact(&mut vec![0; u32::from_be_bytes([0, a, b, c]) as usize])?;
        if kind != HEADERS || taken > takes {
            continue;
        }
        taken += 1;
        if taken <= takes {
            last = id;
            stream.write_all(&[&[0, 0, 1, HEADERS, 5], &id[..], &[OK]].concat())?;
        }
        if taken == takes.max(1) {
            taken = takes + 1;
            stream.write_all(&[&[0, 0, 8, 7, 0, 0, 0, 0, 0], &last[..], &[0; 4]].concat())?;
        }
    }
}

/// Those that are left over fill the next connection together, so that some are left behind several times.
#[test]
fn requests_that_connections_leave_behind_are_sent_until_one_takes_them() {
    const REQUESTS: usize = 12;
    let (speak, speaks) = mpsc::channel();
    let backend = Retiring::after(2, speaks);
    let gateway = GatewayBuilder::new(vec![http2_api("/p", &format!("http://{}", backend.address))])
        .cores(1)
        .start();
    let mut clients: Vec<Client> = (0..REQUESTS).map(|_| Client::connect(gateway.http())).collect();
    for client in &mut clients {
        client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\nhi");
    }
    eventually("all are under way", || {
        gateway.metric("mgw_requests_in_flight") == Some(REQUESTS as f64)
    });
    speak.send(()).expect("the backend waits");
    for client in &mut clients {
        assert_eq!(client.receive().expect("an answer").status, 200);
    }
}

#[test]
fn a_backend_that_goes_away_each_time_is_given_up() {
    let (_, speaks) = mpsc::channel();
    let backend = Retiring::after(0, speaks);
    let gateway = GatewayBuilder::new(vec![http2_api("/p", &format!("http://{}", backend.address))])
        .cores(1)
        .start();
    assert_eq!(gateway.get("/p").status, 502);
    assert_eq!(backend.connections.load(SeqCst), 6);
}

/// Accepts one connection, takes a request whole, says with `reason` that it goes away after stream `last`, and closes. Whoever
/// comes then is answered.
fn leaving(last: u8, reason: u8) -> std::net::SocketAddr {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        const PREFACE: usize = 24;
        const END_STREAM: u8 = 1;
        let (mut stream, _) = listener.accept()?;
        stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])?;
        stream.read_exact(&mut [0; PREFACE])?;
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head)?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            stream.read_exact(&mut vec![0; length])?;
            if head[3] == 0 && head[4] & END_STREAM != 0 {
                break;
            }
        }
        stream.write_all(&[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, last, 0, 0, 0, reason])?;
        drop(stream);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        listener.set_nonblocking(true)?;
        runtime.block_on(async {
            let (stream, _) = tokio::net::TcpListener::from_std(listener)?.accept().await?;
            let mut connection = h2::server::handshake(stream).await.map_err(std::io::Error::other)?;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                let _ = respond.send_response(http::Response::new(()), true);
            }
            Ok::<_, std::io::Error>(())
        })
    });
    address
}

#[test]
fn what_a_leaving_backend_did_not_get_to_is_sent_again_whatever_its_method() {
    const NO_ERROR: u8 = 0;
    const INTERNAL_ERROR: u8 = 2;
    for (last, reason, status) in [
        (0, NO_ERROR, 200),
        (0, INTERNAL_ERROR, 200),
        // It may have been acted on.
        (1, INTERNAL_ERROR, 502),
    ] {
        let address = leaving(last, reason);
        let gateway = GatewayBuilder::new(vec![http2_api("/p", &format!("http://{address}"))])
            .cores(1)
            .start();
        assert_eq!(post(&gateway, "hi").0, status, "{last} {reason}");
    }
}

#[test]
fn a_connection_that_breaks_costs_only_what_may_have_been_done() {
    let backend = Http2Backend::start(|mut stream| async move {
        match stream.number {
            1 | 3 => {
                stream.close();
                // Given up, the stream would be reset before.
                std::future::pending::<()>().await;
            }
            _ => stream.answer("ok"),
        }
    });
    let gateway = serving(&backend).start();
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(gateway.get("/p").status, 200, "safe to repeat");
    let post = "POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 2\r\n\r\nhi";
    assert_eq!(Client::once(gateway.http(), post).status, 502, "not safe to repeat");
    assert_eq!(gateway.get("/p").status, 200);
    assert_eq!(backend.requests().len(), 5);
}
