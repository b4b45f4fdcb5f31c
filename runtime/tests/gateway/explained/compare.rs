//! Sends a request, has it explained, and compares.

use super::requests::Sent;
use super::world::{CANARY, World};
use crate::support::{Client, TestGateway};
use mgw_runtime::explain::{AskedRequest, ExplainedAnswer, ExplainedTarget, Explainer, ExplanationEnd};
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::net::Ipv4Addr;

/// What differs from answer to answer, whoever gives it.
const OF_THE_MOMENT: [&str; 4] = ["date", "x-correlation-id", "retry-after", "ratelimit"];
/// What the connection to the backend adds.
const OF_THE_HOP: [&str; 2] = ["transfer-encoding", "connection"];

pub struct Comparison<'w> {
    world: &'w World,
    gateway: TestGateway,
    client: Option<Client>,
    explainer: Explainer,
    statuses: BTreeSet<u16>,
}

impl<'w> Comparison<'w> {
    pub fn begin(world: &'w World) -> Self {
        Self {
            world,
            gateway: world.builder.start(),
            client: None,
            explainer: world.builder.explainer(),
            statuses: BTreeSet::new(),
        }
    }

    /// Fails unless the explanation is what happens.
    pub fn compare(&mut self, number: usize, sent: &Sent) {
        let Some(request) = asked(sent) else { return };
        let explanation = self.explainer.explain(&request).expect("an explanation");
        assert!(
            !format!("{explanation:?}").contains(CANARY) || sent.target.contains(CANARY),
            "{explanation:?}"
        );
        let answer = self
            .send(sent)
            .unwrap_or_else(|error| panic!("{number}: {error} {sent:?}"));
        let received = self.world.received.lock().expect("no test panics with it").take();
        self.statuses.insert(answer.status);
        match (&explanation.end, received) {
            (ExplanationEnd::Answer { answer: told, .. }, None) => {
                assert_eq!(
                    (told.status, &told.body),
                    (answer.status, &answer.body),
                    "{number}: {sent:?}"
                );
                let lasting = |answer: &ExplainedAnswer| {
                    let mut headers = answer.headers.clone();
                    headers.retain(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
                    headers.sort();
                    headers
                };
                assert_eq!(lasting(told), lasting(&answer), "{number}: {sent:?}");
            }
            (ExplanationEnd::Backend(told), Some(head)) => {
                assert_eq!(answer.status, 200, "{number}: {sent:?}");
                is_received(told, &head, &format!("{number}: {sent:?}"));
            }
            // The backend of the test is none for WebSockets: it got the handshake, or the gateway could not make one.
            (ExplanationEnd::Backend(told), None) if told.is_web_socket => {}
            (told, received) => panic!("{number}: {sent:?}\ntold {told:?}\nbut {answer:?} {received:?}"),
        }
    }

    /// Every kind of answer was among them.
    pub fn has_seen(&self, statuses: &[u16]) {
        for status in statuses {
            assert!(self.statuses.contains(status), "no {status} among {:?}", self.statuses);
        }
    }

    fn send(&mut self, sent: &Sent) -> io::Result<ExplainedAnswer> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", sent.method, sent.target);
        for (name, value) in &sent.headers {
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        bytes.push_str(sent.body);
        let address = self.gateway.http();
        let (mut client, is_fresh) = match self.client.take() {
            Some(client) => (client, false),
            None => (Client::connect(address), true),
        };
        client.send(&bytes);
        let answer = match receive(&mut client, sent.method) {
            // The gateway has closed the connection after the request before.
            Err(_) if !is_fresh => {
                client = Client::connect(address);
                client.send(&bytes);
                receive(&mut client, sent.method)?
            }
            answer => answer?,
        };
        let closes = answer
            .headers
            .iter()
            .any(|(name, value)| name == "connection" && value == "close");
        // A body that the gateway has not read is left on its connection.
        if !closes && sent.body.is_empty() {
            self.client = Some(client);
        }
        Ok(answer)
    }
}

fn receive(client: &mut Client, method: &str) -> io::Result<ExplainedAnswer> {
    loop {
        let (status, headers) = client.receive_head()?;
        if status == 100 {
            continue;
        }
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let mut body = Vec::new();
        if let Some((_, length)) = length.filter(|_| method != "HEAD") {
            body.resize(length.parse().map_err(io::Error::other)?, 0);
            client.stream.read_exact(&mut body)?;
        }
        return Ok(ExplainedAnswer { status, headers, body });
    }
}

/// `None` for what `AskedRequest` refuses.
fn asked(sent: &Sent) -> Option<AskedRequest> {
    let mut request = AskedRequest::new(sent.method, &sent.target, false, Ipv4Addr::LOCALHOST.into()).ok()?;
    for (name, value) in &sent.headers {
        request.header(name, value).ok()?;
    }
    Some(request)
}

/// Compares what a backend received with what was told.
fn is_received(told: &ExplainedTarget, head: &str, context: &str) {
    let mut lines = head.lines();
    let line = lines.next().expect("a request line");
    let expected = format!("{} {} HTTP/1.1", told.method, told.target);
    match expected.split_once("***") {
        None => assert_eq!(line, expected, "{context}"),
        Some((before, _)) => {
            let after = expected.rsplit("***").next().unwrap_or_default();
            assert!(
                line.starts_with(before) && line.ends_with(after),
                "{line} {expected} {context}"
            );
        }
    }
    let mut received: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| !OF_THE_HOP.contains(&name.as_str()))
        .collect();
    let host = received.iter().position(|(name, _)| name == "host").expect("a host");
    assert_eq!(received.remove(host).1, told.host, "{context}");
    let mut headers: Vec<(String, String)> = told
        .headers
        .iter()
        .map(|header| (header.name.clone(), header.value.clone()))
        .collect();
    for header in &told.headers {
        let is_moment = header.name == "x-correlation-id" && header.is_added;
        if header.is_secret || is_moment {
            for (name, value) in received.iter_mut().chain(&mut headers) {
                if *name == header.name {
                    value.clear();
                }
            }
        }
    }
    received.sort();
    headers.sort();
    assert_eq!(headers, received, "{context}");
}
