//! Brokers that do not keep to the protocol, or mean no good.

use crate::config::Brokers;
use crate::event_hub::amqp::error::SessionError;
use crate::event_hub::amqp::frame::{FrameKind, FrameReader, encode};
use crate::event_hub::amqp::method::Said;
use crate::event_hub::amqp::session::{bind, follow};
use crate::event_hub::amqp::sign_in::Signed;
use crate::event_hub::amqp::wire::{Output, Table};
use crate::event_hub::amqp::{Topic, TopicObserver};
use crate::event_hub::{DecodeError, Outlet};
use proptest::prelude::*;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[derive(Debug)]
struct Deaf;

impl TopicObserver for Deaf {
    fn current(&self) {}
    fn lost(&self, _: &str) {}
    fn skipped(&self, _: DecodeError) {}
}

fn method(channel: u16, class: u16, method: u16, arguments: Output) -> Vec<u8> {
    let output = Output::default().short(class).short(method);
    encode(FrameKind::Method, channel, &[output.0, arguments.0].concat())
}

fn start(mechanisms: &str) -> Vec<u8> {
    let arguments = Output::default()
        .octet(0)
        .octet(9)
        .table(Table::default().text("product", "test"));
    method(
        0,
        10,
        10,
        arguments.long_bytes(mechanisms.as_bytes()).long_bytes(b"en_US"),
    )
}

fn tune(channels: u16, frame: u32, heartbeat: u16) -> Vec<u8> {
    method(
        0,
        10,
        30,
        Output::default().short(channels).long(frame).short(heartbeat),
    )
}

fn close(channel: u16, code: u16) -> Vec<u8> {
    let class = if channel == 0 { (10, 50) } else { (20, 40) };
    let arguments = Output::default().short(code).short_text("canary").short(0).short(0);
    method(channel, class.0, class.1, arguments)
}

fn opened() -> Vec<u8> {
    [
        start("AMQPLAIN PLAIN"),
        tune(0, 0, 0),
        method(0, 10, 41, Output::default().short_text("")),
    ]
    .concat()
}

fn bound() -> Vec<u8> {
    let declared = Output::default().short_text("queue").long(0).long(0);
    [
        method(1, 20, 11, Output::default().long(0)),
        method(1, 50, 11, declared),
        method(1, 50, 21, Output::default()),
        method(1, 60, 11, Output::default()),
    ]
    .concat()
}

fn message(body: &[u8]) -> Vec<u8> {
    let deliver = Output::default()
        .short_text("mgw")
        .long_long(1)
        .octet(0)
        .short_text("")
        .short_text("");
    let header = Output::default()
        .short(60)
        .short(0)
        .long_long(body.len() as u64)
        .short(0);
    [
        method(1, 60, 60, deliver),
        encode(FrameKind::Header, 1, &header.0),
        encode(FrameKind::Body, 1, body),
    ]
    .concat()
}

/// Plays a broker that says this and hangs up, and returns why the connection ends.
async fn ending(said: &[&[u8]]) -> SessionError {
    let (client, mut broker) = tokio::io::duplex(1 << 20);
    broker.write_all(&said.concat()).await.expect("there is room");
    broker.shutdown().await.expect("it is open");
    let brokers = Brokers {
        user: "ana".to_owned(),
        password: "canary".into(),
        virtual_host: "carbon".to_owned(),
        addresses: Vec::new(),
    };
    let mut signed = match Signed::sign_in(client, &brokers).await {
        Ok(signed) => signed,
        Err(error) => return error,
    };
    // Nobody takes anything out of the feed.
    let (outlet, _feed) = Outlet::notifications();
    let topics = [Topic {
        routing_key: "notification".to_owned(),
        outlet,
        observer: Arc::new(Deaf),
    }];
    match bind(&mut signed, &topics).await {
        Ok(queues) => follow(signed, &topics, &queues).await,
        Err(error) => error,
    }
}

#[tokio::test]
async fn every_ending_has_its_reason_and_quotes_nobody() {
    let messages = |count: usize| {
        let body = br#"{"event":{"payloadData":{"eventType":"A"}}}"#;
        message(body).repeat(count)
    };
    let nested = [
        method(1, 60, 60, Output::default().short_text("").long_long(1)),
        messages(1),
    ]
    .concat();
    let started = start("PLAIN");
    let (opened, bound) = (opened(), bound());
    let few = [started.clone(), tune(1, 4095, 0)].concat();
    for (said, expected) in [
        (vec![&b""[..]], "the connection is lost"),
        (vec![b"AMQP\0\x01\0\0"], "the broker does not speak AMQP 0-9-1"),
        (
            vec![b"HTTP/1.1 400 Bad Request\r\n\r\n"],
            "does not allow here: a frame",
        ),
        (vec![b"\x01\0\0\x7f\xff\xff\xff"], "does not allow here: a frame"),
        (vec![b"\x01\0\0\0\0\0\0\0"], "does not allow here: a frame"),
        (vec![&start("EXTERNAL")], "(PLAIN)"),
        (vec![&opened[..9]], "the connection is lost"),
        (vec![&started], "the user name or the password may be wrong"),
        (vec![&started, &close(0, 403)], "refuses the user name or the password"),
        (vec![&started, &close(0, 541)], "the broker ends the connection (541)"),
        (vec![&few], "a frame size below 4096"),
        (
            vec![&started, &tune(9, 9000, 60), &close(0, 530)],
            "refuses the virtual host (530)",
        ),
        (vec![&opened, &close(1, 403)], "refuses the queue of a topic (403)"),
        (vec![&opened, &close(0, 320)], "the broker ends the connection (320)"),
        (
            vec![&opened, &bound[..16], &method(1, 50, 21, Output::default())],
            "another answer than asked for",
        ),
        (
            vec![&opened, &bound, &close(0, 320)],
            "the broker ends the connection (320)",
        ),
        (
            vec![&opened, &bound, &close(1, 406)],
            "refuses the queue of a topic (406)",
        ),
        (
            vec![&opened, &bound, &method(1, 60, 30, Output::default())],
            "the broker ends the queue of a topic",
        ),
        (
            vec![&opened, &bound, &encode(FrameKind::Heartbeat, 0, &[]), &messages(1)],
            "the connection is lost",
        ),
        (vec![&opened, &bound, &nested], "a message within a message"),
        (
            vec![&opened, &bound, &encode(FrameKind::Body, 1, b"x")],
            "a body without a header",
        ),
        (
            vec![&opened, &bound, &encode(FrameKind::Body, 9, b"x")],
            "a message without a channel",
        ),
        (
            vec![&opened, &bound, &method(1, 60, 60, Output::default().octet(9))],
            "does not allow here: a method",
        ),
        (
            vec![&opened, &bound, &messages(1000)],
            "more messages at a time than asked for",
        ),
    ] {
        let error = ending(&said).await.to_string();
        assert!(error.ends_with(expected), "{error} instead of {expected}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_silent_broker_is_left() {
    let (client, mut broker) = tokio::io::duplex(1 << 20);
    let said = [
        start("PLAIN"),
        tune(0, 0, 1),
        method(0, 10, 41, Output::default().short_text("")),
        bound(),
    ]
    .concat();
    broker.write_all(&said).await.expect("there is room");
    let brokers = Brokers {
        user: "ana".to_owned(),
        password: "canary".into(),
        virtual_host: "carbon".to_owned(),
        addresses: Vec::new(),
    };
    let mut signed = Signed::sign_in(client, &brokers).await.expect("signed in");
    let (outlet, _feed) = Outlet::notifications();
    let topics = [Topic {
        routing_key: "notification".to_owned(),
        outlet,
        observer: Arc::new(Deaf),
    }];
    let queues = bind(&mut signed, &topics).await.expect("bound");
    assert!(matches!(follow(signed, &topics, &queues).await, SessionError::Silent));
    // It was told all the while that this side is there.
    let mut head = [0; 8];
    broker.read_exact(&mut head).await.expect("it is there");
    let mut frames = FrameReader::new(&mut broker);
    let mut heartbeats = 0;
    while let Ok(frame) = frames.next().await {
        heartbeats += usize::from(frame.kind == FrameKind::Heartbeat);
    }
    assert!(heartbeats >= 3, "{heartbeats}");
}

proptest! {
    #[test]
    fn no_method_is_a_panic(bytes in any::<Vec<u8>>()) {
        let _ = Said::read(&bytes);
        for class in [(10, 10), (10, 30), (10, 50), (20, 40), (50, 11), (60, 60)] {
            let _ = Said::read(&[Output::default().short(class.0).short(class.1).0, bytes.clone()].concat());
        }
    }
}
