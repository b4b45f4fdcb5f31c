//! One request to a logical backend: choice of target, reuse of connections, and when to try again.
//!
//! A request is tried again when it certainly was not processed: no connection was made, or the connection refused to
//! take it. A request without body whose method is idempotent is also tried again, once, when a reused connection broke
//! before an answer began, because backends close idle connections at the moment that suits them.

use super::active::ActiveLimit;
use super::connect::Connector;
use super::endpoint::{Choice, Endpoint};
use super::error::UpstreamError;
use super::exchange::{Failed, is_broken};
use super::place::Place;
use super::pool::Pool;
use super::request_body::{Progress, RequestBody};
use super::response_body::ResponseBody;
use crate::clock::Clock;
use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
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
    /// `Host` in place of the backend's own.
    pub(crate) host: Option<HeaderValue>,
    /// Raw path below the base path: empty, or starting with `/`.
    pub(crate) below: &'r str,
    /// Raw query.
    pub(crate) query: Option<&'r str>,
    pub(crate) body: RequestBody,
    pub(crate) progress: Option<Arc<Progress>>,
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
            host,
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
            let Some(place) = target.place() else {
                break;
            };
            let another = attempt + 1 < count;
            *request.uri_mut() = place.uri(below, query).ok_or(UpstreamError::Unaddressable)?;
            request
                .headers_mut()
                .insert(HOST, host.as_ref().unwrap_or(&place.host).clone());
            let spare = (another && repeatable && endpoint.choice == Choice::Failover).then(|| copy(&request));
            match self
                .send_to(&place, endpoint.timeout, request, repeatable, progress.as_deref())
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
        place: &Place,
        timeout: Duration,
        request: Request<RequestBody>,
        repeatable: bool,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let Some(active) = &self.active else {
            return self.send_unbounded(place, timeout, request, repeatable, progress).await;
        };
        match active.enter(place.origin.id, timeout).await {
            Ok(permit) => {
                let mut response = self
                    .send_unbounded(place, timeout, request, repeatable, progress)
                    .await?;
                response.body_mut().hold(permit);
                Ok(response)
            }
            Err(error) => Err(Failed::Unsent(Box::new(request), error)),
        }
    }

    async fn send_unbounded(
        &self,
        place: &Place,
        timeout: Duration,
        mut request: Request<RequestBody>,
        repeatable: bool,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        let origin = &place.origin;
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
        match self.connect(key, origin, timeout).await {
            Ok(sender) => self.exchange(key, sender, request, timeout, progress).await,
            Err(error) if error.is_before_sending() => Err(Failed::Unsent(Box::new(request), error)),
            Err(error) => Err(Failed::Sent(error)),
        }
    }
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
