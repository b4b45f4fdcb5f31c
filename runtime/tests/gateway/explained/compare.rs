//! Sends a request, has it explained, and compares.

use super::requests::Sent;
use super::world::{CANARY, World};
use crate::support::{Client, Pki, TestGateway, TlsClient, http2_by_alpn, http2_over, on_runtime};
use bytes::Bytes;
use http::Uri;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::SendRequest;
use mgw_runtime::explain::{AskedRequest, ExplainedAnswer, ExplainedTarget, Explainer, ExplanationEnd};
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::net::Ipv4Addr;

/// What differs from answer to answer, whoever gives it.
const OF_THE_MOMENT: [&str; 4] = ["date", "x-correlation-id", "retry-after", "ratelimit"];
/// What the connection to the backend adds.
const OF_THE_HOP: [&str; 1] = ["connection"];

/// How requests come to the gateway.
#[derive(Debug, Clone, Copy)]
pub enum Way<'p> {
    /// HTTP/1.1 at the plain listener.
    Plain,
    /// HTTP/1.1 at the TLS listener, by a client that shows the certificate of this name.
    Tls(&'p Pki, Option<&'static str>),
    /// HTTP/2 at the plain listener, with prior knowledge.
    Http2,
    /// HTTP/2 at the TLS listener, as agreed in the handshake; clients are those of [`Way::Tls`].
    TlsHttp2(&'p Pki, Option<&'static str>),
}

impl Way<'_> {
    fn is_tls(self) -> bool {
        matches!(self, Self::Tls(..) | Self::TlsHttp2(..))
    }
}

pub struct Comparison<'w> {
    world: &'w World,
    gateway: TestGateway,
    client: Option<Client>,
    explainer: Explainer,
    statuses: BTreeSet<u16>,
    oddities: BTreeSet<&'static str>,
}

impl<'w> Comparison<'w> {
    pub fn begin(world: &'w World) -> Self {
        Self {
            world,
            gateway: world.builder.start(),
            client: None,
            explainer: world.builder.explainer(),
            statuses: BTreeSet::new(),
            oddities: BTreeSet::new(),
        }
    }

    /// Fails unless the explanation is what happens.
    pub fn compare(&mut self, number: usize, sent: &Sent, way: Way<'_>) {
        let Some(request) = asked(sent, way) else { return };
        self.oddities.extend(sent.oddities());
        let explanation = self.explainer.explain(&request).expect("an explanation");
        assert!(
            !format!("{explanation:?}").contains(CANARY) || sent.target.contains(CANARY),
            "{explanation:?}"
        );
        let answer = match way {
            Way::Plain => self.send(sent),
            Way::Tls(pki, identity) => self.send_over_tls(sent, pki, identity),
            Way::Http2 => self.send_over_http2(sent),
            Way::TlsHttp2(pki, identity) => self.send_over_tls_http2(sent, pki, identity),
        };
        if let ExplanationEnd::NoConnection { .. } = explanation.end {
            assert!(answer.is_err(), "{number}: {answer:?} {way:?}");
            return;
        }
        let answer = answer.unwrap_or_else(|error| panic!("{number}: {error} {sent:?} {way:?}\n{explanation:?}"));
        let received = self.world.received.lock().expect("no test panics with it").take();
        self.statuses.insert(answer.status);
        match (&explanation.end, received) {
            (ExplanationEnd::Answer { answer: told, .. }, None) => {
                assert_eq!(
                    (told.status, &told.body),
                    (answer.status, &answer.body),
                    "{number}: {sent:?} {way:?}"
                );
                let lasting = |answer: &ExplainedAnswer| {
                    let mut headers = answer.headers.clone();
                    headers.retain(|(name, _)| !OF_THE_MOMENT.contains(&name.as_str()));
                    headers.sort();
                    headers
                };
                assert_eq!(lasting(told), lasting(&answer), "{number}: {sent:?} {way:?}");
            }
            (ExplanationEnd::Backend(told), Some(head)) => {
                assert_eq!(answer.status, 200, "{number}: {sent:?} {way:?}");
                is_received(told, &head, &format!("{number}: {sent:?} {way:?}"));
            }
            // The backend of the test is none for WebSockets: it got the handshake, or the gateway could not make one.
            (ExplanationEnd::Backend(told), None) if told.is_web_socket => {}
            // What the gateway answers itself at the TLS listener, it may have to ask others for.
            (ExplanationEnd::Open { phase: "listener" }, None) if way.is_tls() => {}
            (told, received) => panic!("{number}: {sent:?} {way:?}\ntold {told:?}\nbut {answer:?} {received:?}"),
        }
    }

    /// Every kind of answer was among them.
    pub fn has_seen(&self, statuses: &[u16]) {
        for status in statuses {
            assert!(self.statuses.contains(status), "no {status} among {:?}", self.statuses);
        }
    }

    /// Requests that hardly any client sends were among them.
    pub fn has_compared(&self, oddities: &[&str]) {
        for oddity in oddities {
            assert!(self.oddities.contains(oddity), "no {oddity} among {:?}", self.oddities);
        }
    }

    fn send(&mut self, sent: &Sent) -> io::Result<ExplainedAnswer> {
        let bytes = sent.bytes();
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
        if !closes && sent.body.is_empty() && !sent.is_chunked() {
            self.client = Some(client);
        }
        Ok(answer)
    }

    fn send_over_tls(&self, sent: &Sent, pki: &Pki, identity: Option<&str>) -> io::Result<ExplainedAnswer> {
        let address = self.gateway.running.addresses().https.expect("the TLS listener is on");
        let mut client = TlsClient::connect(pki, address, "localhost", identity)?;
        client.send(&sent.bytes())?;
        let mut answer = client.receive(sent.method)?;
        while answer.status == 100 {
            answer = client.receive(sent.method)?;
        }
        Ok(ExplainedAnswer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body.into_bytes(),
        })
    }

    fn send_over_http2(&self, sent: &Sent) -> io::Result<ExplainedAnswer> {
        let address = self.gateway.http();
        on_runtime(async move {
            let stream = tokio::net::TcpStream::connect(address).await?;
            exchange(http2_over(stream).await, sent, "http").await
        })
    }

    fn send_over_tls_http2(&self, sent: &Sent, pki: &Pki, identity: Option<&str>) -> io::Result<ExplainedAnswer> {
        let address = self.gateway.running.addresses().https.expect("the TLS listener is on");
        on_runtime(async move { exchange(http2_by_alpn(pki, address, identity).await?, sent, "https").await })
    }
}

/// One request over HTTP/2.
async fn exchange(mut sender: SendRequest<Full<Bytes>>, sent: &Sent, scheme: &str) -> io::Result<ExplainedAnswer> {
    let mut request = http::Request::builder()
        .method(sent.method)
        .uri(over_http2(sent, scheme)?);
    for (name, value) in &sent.headers {
        let is_of_http1 = ["host", "connection", "transfer-encoding", "upgrade"].contains(name);
        if !is_of_http1 && (*name != "te" || value == "trailers") {
            request = request.header(*name, value);
        }
    }
    let request = request.body(Full::<Bytes>::from(sent.body)).map_err(io::Error::other)?;
    let answer = sender.send_request(request).await.map_err(io::Error::other)?;
    let (head, body) = answer.into_parts();
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Ok(ExplainedAnswer {
        status: head.status.as_u16(),
        headers: headers.collect(),
        body: body.collect().await.map_err(io::Error::other)?.to_bytes().into(),
    })
}

/// What a request has in the place of its target: CONNECT nothing but the host.
fn over_http2(sent: &Sent, scheme: &str) -> io::Result<Uri> {
    if sent.method == "CONNECT" {
        return sent.target.parse().map_err(io::Error::other);
    }
    let host = sent.headers.iter().find(|(name, _)| *name == "host");
    let host = host.map_or("localhost", |(_, host)| host.as_str());
    let uri = Uri::builder().scheme(scheme).authority(host);
    uri.path_and_query(sent.target.as_str())
        .build()
        .map_err(io::Error::other)
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

/// `None` for what `AskedRequest` refuses, and what HTTP/2 itself does not let through.
fn asked(sent: &Sent, way: Way<'_>) -> Option<AskedRequest> {
    let from = Ipv4Addr::LOCALHOST.into();
    let mut request = AskedRequest::new(sent.method, &sent.target, way.is_tls(), from).ok()?;
    for (name, value) in &sent.headers {
        request.header(name, value).ok()?;
    }
    if !sent.body.is_empty() {
        request.carry(sent.body.len() as u64);
    }
    if sent.is_http10 {
        request.over_http10();
    }
    if let Way::Tls(pki, Some(identity)) | Way::TlsHttp2(pki, Some(identity)) = way {
        let shown = std::fs::read(pki.path(&format!("{identity}.pem"))).ok()?;
        request.show(&shown).ok()?;
    }
    if let Way::Http2 | Way::TlsHttp2(..) = way {
        request.over_http2().ok()?;
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
    for name in &told.removed {
        assert!(!received.iter().any(|(own, _)| own == name), "{name} {context}");
    }
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
