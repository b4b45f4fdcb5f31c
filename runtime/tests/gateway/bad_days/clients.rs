//! Clients that go away, stall or stop.

use super::{following, logged, one};
use crate::support::{Client, GatewayBuilder, eventually};
use mgw_fixtures::faulty::Step;

const ENDED: &str = "the backend sees its connection end";

#[test]
fn a_client_that_goes_away_before_the_answer_stops_the_backend() {
    let backend = following(vec![Step::ReadRequest, Step::ReadToEnd]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |_| {})]));
    let mut client = Client::connect(logged.gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    eventually("the backend has the request", || backend.seen().heads.len() == 1);
    drop(client);
    eventually(ENDED, || backend.seen().ended_by_peer == 1);
    logged.says(" 499 0 ");
    logged.says(" fault=client reason=client_gone");
    let text = Client::get(logged.gateway.admin(), "/metrics").body;
    assert!(
        !text.contains("mgw_backend_failures_total{"),
        "the backend is not to blame"
    );
}

#[test]
fn a_client_that_goes_away_within_the_answer_stops_the_backend() {
    let endless = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n";
    let backend = following(vec![Step::ReadRequest, Step::write(endless), Step::ReadToEnd]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |_| {})]));
    let mut client = Client::connect(logged.gateway.http());
    client.send("GET /p HTTP/1.1\r\nHost: gateway\r\n\r\n");
    assert_eq!(client.receive_head().expect("a head").0, 200);
    assert_eq!(client.receive_chunk().expect("a chunk").as_deref(), Some("part"));
    drop(client);
    eventually(ENDED, || backend.seen().ended_by_peer == 1);
    logged.says(" fault=client reason=client_gone");
}

#[test]
fn a_client_that_goes_away_within_its_upload_stops_the_backend() {
    let backend = following(vec![Step::ReadHead, Step::ReadBody(4), Step::ReadToEnd]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |_| {})]));
    let mut client = Client::connect(logged.gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000\r\n\r\nhalf");
    eventually("the backend has a part", || backend.seen().bodies.len() == 1);
    drop(client);
    eventually(ENDED, || backend.seen().ended_by_peer == 1);
    logged.says(" fault=client reason=client_");
}

#[test]
fn a_client_that_stalls_is_to_blame() {
    let backend = following(vec![Step::ReadHead, Step::ReadBody(4), Step::ReadToEnd]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |endpoint| {
        endpoint.timeout_ms = 100;
    })]));
    let mut client = Client::connect(logged.gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nContent-Length: 1000000\r\n\r\nhalf");
    assert_eq!(client.receive().expect("an answer").status, 408);
    eventually(ENDED, || backend.seen().ended_by_peer == 1);
    logged.says(" fault=client reason=client_stalled");
}

#[test]
fn a_client_that_sends_too_much_is_to_blame() {
    let backend = following(vec![Step::ReadHead, Step::ReadToEnd]);
    let builder = GatewayBuilder::new(vec![one(&backend, |_| {})]);
    let logged = logged(builder.set("listenerConfig.maxEntityBodySize", "10"));
    let mut client = Client::connect(logged.gateway.http());
    client.send("POST /p HTTP/1.1\r\nHost: gateway\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    eventually("the backend has the request", || backend.seen().heads.len() == 1);
    client.send("6\r\n world\r\n0\r\n\r\n");
    assert_eq!(client.receive().expect("an answer").status, 413);
    eventually(ENDED, || backend.seen().ended_by_peer == 1);
    logged.says(" fault=client reason=client_too_large");
}

/// A client of HTTP/2 that is not interested any more resets its stream; its connection goes on.
#[test]
fn a_stream_that_a_client_resets_stops_the_backend() {
    let backend = following(vec![Step::ReadRequest, Step::ReadToEnd]);
    let logged = logged(GatewayBuilder::new(vec![one(&backend, |_| {})]));
    let address = logged.gateway.http();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (mut client, connection) = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
        h2::client::handshake(stream).await.expect("it speaks HTTP/2")
    });
    let connection = runtime.spawn(connection);
    std::thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
    let request = || {
        http::Request::get(format!("http://{address}/p"))
            .body(())
            .expect("a request")
    };
    let (answer, mut stream) = client.send_request(request(), true).expect("a stream");
    eventually("the backend has the request", || backend.seen().heads.len() == 1);
    stream.send_reset(h2::Reason::CANCEL);
    drop((answer, stream));
    eventually(ENDED, || backend.seen().ended_by_peer == 1);
    logged.says(" fault=client reason=client_gone");
    assert!(!connection.is_finished(), "only the stream has ended");
    let (answer, _stream) = client.send_request(request(), true).expect("another stream");
    eventually("the backend has the next", || backend.seen().heads.len() == 2);
    drop(answer);
}
