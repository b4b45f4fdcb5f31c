//! One request and its answer, over a connection in memory.

use super::body::Body;
use super::explanation::ExplainedAnswer;
use http::Request;
use http_body_util::{BodyExt, Limited};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::Future;
use std::pin::pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Bytes that are under way on the connection.
pub(super) const BUFFER: usize = 64 * 1024;
/// Largest answer that is read; the gateway's own are far smaller.
const MAX_ANSWER: usize = 1 << 20;

/// Has `asking` read its answer while `serving` serves the other end; `None` when there is none.
pub(super) async fn exchange(
    asking: impl Future<Output = Option<ExplainedAnswer>>,
    serving: impl Future<Output = ()>,
) -> Option<ExplainedAnswer> {
    let mut asking = pin!(asking);
    let serving = pin!(serving);
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        // The server has closed; what it wrote before can still be read.
        () = serving => asking.await,
    }
}

/// Sends a request over HTTP/1.1 and reads the answer. `wants_body`: it has one.
pub(super) async fn ask(mut client: DuplexStream, request: &[u8], wants_body: bool) -> Option<ExplainedAnswer> {
    // A server that has read enough closes before everything is sent; its answer counts.
    let _ = client.write_all(request).await;
    let mut received = Vec::new();
    while received.len() < MAX_ANSWER {
        if let Some(answer) = read(&received, wants_body) {
            return Some(answer);
        }
        if !matches!(client.read_buf(&mut received).await, Ok(1..)) {
            break;
        }
    }
    None
}

/// Sends a request over HTTP/2 and reads the answer.
pub(super) async fn ask_over_streams(client: DuplexStream, request: Request<Body>) -> Option<ExplainedAnswer> {
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(client));
    let (mut sender, connection) = handshake.await.ok()?;
    let mut connection = pin!(connection);
    let asking = async {
        let answer = sender.send_request(request).await.ok()?;
        let (head, body) = answer.into_parts();
        let headers = head.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        Some(ExplainedAnswer {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: Limited::new(body, MAX_ANSWER).collect().await.ok()?.to_bytes().into(),
        })
    };
    let mut asking = pin!(asking);
    tokio::select! {
        biased;
        answer = &mut asking => answer,
        // The server has closed; what it wrote before can still be read.
        _ = &mut connection => asking.await,
    }
}

/// Reads an answer; `None` while it is not complete. The gateway's own always have a length.
fn read(bytes: &[u8], wants_body: bool) -> Option<ExplainedAnswer> {
    let end = memchr::memmem::find(bytes, b"\r\n\r\n")?;
    let (head, rest) = bytes.split_at(end);
    let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = match length {
        Some((_, value)) if wants_body => value.parse().ok()?,
        _ => 0,
    };
    let body = rest.get(4..)?.get(..length)?.to_vec();
    Some(ExplainedAnswer { status, headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_when_they_are_whole() {
        let whole = b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nX-Y: a: b\r\n\r\nabc";
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length], true), None, "{length}");
        }
        let answer = read(whole, true).expect("it is whole");
        assert_eq!((answer.status, answer.body.as_slice()), (404, &b"abc"[..]));
        assert_eq!(answer.headers[1], ("x-y".to_owned(), "a: b".to_owned()));
        let head = read(&whole[..whole.len() - 3], false).expect("HEAD has no body");
        assert!(head.body.is_empty());
    }
}
