//! One request to a logical backend: choice of target, reuse of connections, and when to try again.
//!
//! A request is tried again when it certainly was not processed: no connection was made, or the connection refused to
//! take it. A request without body whose method is idempotent is also tried again, once, when a reused connection broke
//! before an answer began, because backends close idle connections at the moment that suits them.

use super::active::ActiveLimit;
use super::connect::Connector;
use super::endpoint::{Choice, Endpoint, Target};
use super::error::UpstreamError;
use super::pool::{Pool, PoolKey, Sender};
use super::request_body::{Progress, RequestBody};
use super::response_body::{Lease, ResponseBody};
use crate::clock::Clock;
use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// One core's way to backends.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) pool: Arc<Pool>,
    pub(crate) connector: Connector,
    pub(crate) clock: Clock,
    pub(crate) bounds: ResponseBounds,
    /// Exists only when the operator bounds connections.
    pub(crate) active: Option<ActiveLimit>,
}

/// Bounds of a backend's answer, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResponseBounds {
    /// All header fields.
    pub(crate) headers: usize,
    /// The body.
    pub(crate) body: u64,
}

/// What goes to a backend. Headers are those of the client's request after the gateway's changes, without `Host`.
#[derive(Debug)]
pub(crate) struct Outgoing<'r> {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// Raw path below the base path: empty, or starting with `/`.
    pub(crate) below: &'r str,
    /// Raw query.
    pub(crate) query: Option<&'r str>,
    pub(crate) body: RequestBody,
    pub(crate) progress: Option<Arc<Progress>>,
}

/// What became of an exchange that failed.
enum Failed {
    /// The request is still whole.
    Unsent(Box<Request<RequestBody>>, UpstreamError),
    /// It was at least partly sent.
    Sent(UpstreamError),
}

impl Upstream {
    /// Sends a request and returns the head of the answer with its body to come.
    pub(crate) async fn send(
        &self,
        endpoint: &Endpoint,
        outgoing: Outgoing<'_>,
    ) -> Result<Response<ResponseBody>, UpstreamError> {
        let Outgoing {
            method,
            headers,
            below,
            query,
            body,
            progress,
        } = outgoing;
        let repeatable = matches!(body, RequestBody::Empty) && method.is_idempotent();
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        *request.version_mut() = Version::HTTP_11;

        let first = endpoint.first();
        let count = endpoint.targets.len();
        let mut last_error = UpstreamError::Unusable;
        for attempt in 0..count {
            let position = (first + attempt) % count;
            let Some(target) = endpoint.targets.get(position) else {
                break;
            };
            let another = attempt + 1 < count;
            *request.uri_mut() = target_uri(target, below, query).ok_or(UpstreamError::Unaddressable)?;
            request.headers_mut().insert(HOST, target.host.clone());
            let spare = (another && repeatable && endpoint.choice == Choice::Failover).then(|| copy(&request));
            match self
                .send_to(target, endpoint.timeout, request, repeatable, progress.as_deref())
                .await
            {
                Ok(response) => {
                    if let Some(spare) = spare
                        && fails_over(response.status())
                    {
                        request = spare;
                        continue;
                    }
                    endpoint.worked(position);
                    return Ok(response);
                }
                Err(Failed::Unsent(unsent, error)) => {
                    last_error = error;
                    request = *unsent;
                }
                Err(Failed::Sent(error)) => match spare {
                    Some(spare) if !matches!(error, UpstreamError::Timeout) => {
                        last_error = error;
                        request = spare;
                    }
                    _ => return Err(error),
                },
            }
        }
        Err(last_error)
    }

    /// Sends to one target, within the operator's bound on connections where there is one.
    async fn send_to(
        &self,
        target: &Target,
        timeout: Duration,
        request: Request<RequestBody>,
        repeatable: bool,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let Some(active) = &self.active else {
            return self
                .send_unbounded(target, timeout, request, repeatable, progress)
                .await;
        };
        match active.enter(target.origin.id, timeout).await {
            Ok(place) => {
                let mut response = self
                    .send_unbounded(target, timeout, request, repeatable, progress)
                    .await?;
                response.body_mut().hold(place);
                Ok(response)
            }
            Err(error) => Err(Failed::Unsent(Box::new(request), error)),
        }
    }

    async fn send_unbounded(
        &self,
        target: &Target,
        timeout: Duration,
        mut request: Request<RequestBody>,
        repeatable: bool,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let origin = &*target.origin;
        // Before connecting: a connection is never taken for one under newer trust.
        let key = origin.pool_key();
        if let Some(sender) = self.pool.take(key) {
            let spare = repeatable.then(|| copy(&request));
            request = match self.exchange(key, sender, request, timeout, progress).await {
                Ok(response) => return Ok(response),
                Err(Failed::Unsent(unsent, _)) => *unsent,
                Err(Failed::Sent(error)) => match spare {
                    Some(spare) if matches!(&error, UpstreamError::Exchange(cause) if is_broken(cause)) => spare,
                    _ => return Err(Failed::Sent(error)),
                },
            };
        }
        match self.connector.connect(origin, timeout).await {
            Ok(sender) => self.exchange(key, sender, request, timeout, progress).await,
            Err(error) if error.is_before_sending() => Err(Failed::Unsent(Box::new(request), error)),
            Err(error) => Err(Failed::Sent(error)),
        }
    }

    async fn exchange(
        &self,
        key: PoolKey,
        mut sender: Sender,
        request: Request<RequestBody>,
        timeout: Duration,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let sending = sender.try_send_request(request);
        let response: Response<Incoming> = match self.within(timeout, progress, sending).await {
            None if progress.is_some_and(Progress::waits_for_client) => {
                return Err(Failed::Sent(UpstreamError::ClientTimeout));
            }
            None => return Err(Failed::Sent(UpstreamError::Timeout)),
            Some(Ok(response)) => response,
            Some(Err(mut failure)) => {
                let unsent = failure.take_message();
                let error = match progress {
                    Some(progress) if progress.is_too_large() => UpstreamError::BodyTooLarge,
                    Some(progress) if progress.client_failed() => UpstreamError::Client,
                    _ => UpstreamError::Exchange(failure.into_error()),
                };
                return Err(match unsent {
                    Some(request) => Failed::Unsent(Box::new(request), error),
                    None => Failed::Sent(error),
                });
            }
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failed::Sent(UpstreamError::Unusable));
        }
        let header_bytes: usize = response
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if header_bytes > self.bounds.headers || response.body().size_hint().lower() > self.bounds.body {
            return Err(Failed::Sent(UpstreamError::AnswerTooLarge));
        }
        Ok(response.map(|incoming| {
            let lease = Lease {
                pool: Arc::clone(&self.pool),
                key,
                sender,
                clock: self.clock.clone(),
                place: None,
            };
            ResponseBody::new(incoming, lease, timeout, self.bounds.body)
        }))
    }

    /// Waits for `future`. The time counts from the last sign of life: while the client is still sending, from its last bytes.
    async fn within<F: Future>(&self, timeout: Duration, progress: Option<&Progress>, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut left = timeout;
        loop {
            match tokio::time::timeout(left, future.as_mut()).await {
                Ok(output) => return Some(output),
                Err(_) => {
                    let quiet = progress.map_or(timeout, |progress| {
                        Duration::from_millis(self.clock.monotonic_ms().saturating_sub(progress.last_ms()))
                    });
                    left = timeout.checked_sub(quiet).filter(|left| !left.is_zero())?;
                }
            }
        }
    }
}

/// Whether a connection broke, as opposed to an answer that is not HTTP.
fn is_broken(error: &hyper::Error) -> bool {
    !(error.is_parse() || error.is_user())
}

/// The statuses that send a request to the next target of a failover endpoint.
fn fails_over(status: StatusCode) -> bool {
    matches!(status.as_u16(), 501..=504)
}

/// Copies a request without body.
fn copy(request: &Request<RequestBody>) -> Request<RequestBody> {
    let mut copy = Request::new(RequestBody::Empty);
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    copy
}

/// Joins the endpoint's path, the path below the base path and the query, all raw; `None` when the whole is too long.
fn target_uri(target: &Target, below: &str, query: Option<&str>) -> Option<Uri> {
    let query_length = query.map_or(0, |query| query.len() + 1);
    let mut text = Vec::with_capacity(target.path.len() + below.len() + query_length + 1);
    text.extend_from_slice(target.path.as_bytes());
    text.extend_from_slice(below.as_bytes());
    if text.is_empty() || below.is_empty() && query.is_some() {
        text.push(b'/');
    }
    if let Some(query) = query {
        text.push(b'?');
        text.extend_from_slice(query.as_bytes());
    }
    PathAndQuery::from_maybe_shared(Bytes::from(text)).ok().map(Uri::from)
}

#[cfg(test)]
mod tests {
    use super::super::Origins;
    use super::*;
    use http::HeaderValue;

    #[test]
    fn joins_raw_paths() {
        let url = url::Url::parse("http://b").ok();
        let Some(origin) = url.and_then(|url| Origins::default().of(&url, &[]).ok()) else {
            panic!("the URL has a host")
        };
        for (path, below, query, expected) in [
            ("", "", None, "/"),
            ("", "/", None, "/"),
            ("", "/a%2Fb;m=1", Some("x=%20&y"), "/a%2Fb;m=1?x=%20&y"),
            ("/v1", "", None, "/v1"),
            ("/v1", "", Some("q"), "/v1/?q"),
            ("/v1", "/pets/", None, "/v1/pets/"),
        ] {
            let target = Target {
                origin: Arc::clone(&origin),
                path: path.into(),
                host: HeaderValue::from_static("b"),
            };
            let uri = target_uri(&target, below, query);
            assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), Some(expected));
        }
        let target = Target {
            origin,
            path: "/v1".into(),
            host: HeaderValue::from_static("b"),
        };
        let longest = "/".repeat(usize::from(u16::MAX) - 2);
        assert!(
            target_uri(&target, &longest, None).is_none(),
            "never another path instead"
        );
    }
}
