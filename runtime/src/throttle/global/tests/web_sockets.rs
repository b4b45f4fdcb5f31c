//! WebSockets of clients that only receive, while the traffic manager decides.

use super::gateway::{HOUR, PATIENCE, RESOURCE, Served, bearer, decision, eventually, publish, taken_back};
use crate::event_hub::amqp::rabbitmq::RabbitMq;
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

/// Agrees to every WebSocket, and says nothing on it.
fn silent_backend() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            head(&mut stream);
            let answer = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                          Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
            let _ = stream.write_all(answer.as_bytes());
            open.push(stream);
        }
    });
    format!("ws://{address}")
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    String::from_utf8(head).expect("UTF-8")
}

/// Opens one, as soon as that is possible.
fn open(served: &Served, path: &str, fields: &str) -> TcpStream {
    let address = served.running.addresses().http.expect("a listener");
    let mut opened = None;
    eventually(&format!("{path} opens"), || {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{fields}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let is_open = head(&mut stream).starts_with("HTTP/1.1 101 ");
        opened = is_open.then_some(stream);
        is_open
    });
    opened.expect("it is open")
}

/// Waits for the close frame; returns what it says.
fn closed(mut stream: TcpStream) -> (u16, String) {
    let mut start = [0; 4];
    stream.read_exact(&mut start).expect("a close frame");
    let [first, length, code @ ..] = start;
    assert_eq!(first, 0x88);
    let mut reason = vec![0; usize::from(length) - 2];
    stream.read_exact(&mut reason).expect("its reason");
    (u16::from_be_bytes(code), String::from_utf8(reason).expect("UTF-8"))
}

#[test]
fn decisions_and_blocks_end_them() {
    let mut broker = RabbitMq::prepare();
    broker.start();
    let conf = format!(
        "webSocket.checkInterval = 20\nthrottlingConfig.enabledGlobalTMEventPublishing = true\n\
         throttlingConfig.jmsConnectionProviderUrl = \"amqp://admin:canary@clientid/carbon?brokerlist='tcp://127.0.0.1:{}'\"\n",
        broker.port
    );
    let served = Served::start_at(&conf, "", &silent_backend());
    served.until_ready_says("decisions", "current");
    let block = |state: &str| json!({"id": 7, "blockingCondition": "API", "conditionValue": "/ledger/1.0.0", "state": state, "tenantDomain": "carbon.super"});
    let (resource, ana) = (format!("{RESOURCE}_default"), bearer("ana"));
    for (path, fields, said, unsaid, reason) in [
        (
            "/ledger/1.0.0/x",
            "",
            decision(&resource, HOUR, None),
            taken_back(&resource),
            "900802 Message throttled out",
        ),
        (
            "/till/1.0.0/x",
            &ana,
            decision("12:ana", HOUR, None),
            taken_back("12:ana"),
            "900803 Message throttled out",
        ),
        (
            "/ledger/1.0.0/x",
            "",
            block("true"),
            block("false"),
            "900805 Message blocked",
        ),
    ] {
        let socket = open(&served, path, fields);
        publish(&broker, 3, &[said]);
        assert_eq!(closed(socket), (1008, reason.to_owned()));
        publish(&broker, 3, &[unsaid]);
        drop(open(&served, path, fields));
    }
}
