//! One request and its answer over one connection.

use super::endless::is_endless;
use super::error::UpstreamError;
use super::pool::PoolKey;
use super::request_body::{Progress, RequestBody};
use super::response_body::{Lease, ResponseBody};
use super::send::Upstream;
use super::sender::Sender;
use super::{framing, http1_request, http2_request};
use crate::media_type::is_grpc;
use futures_util::future::Either;
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

/// What became of an exchange that failed.
pub(super) enum Failed {
    /// The request is still whole.
    Unsent(Box<Request<RequestBody>>, UpstreamError),
    /// It was at least partly sent, and the backend said that it did not look at it.
    Refused(UpstreamError),
    /// It was at least partly sent.
    Sent(UpstreamError),
}

impl Upstream {
    /// Sends a request over a connection that is at hand.
    pub(super) async fn exchange(
        &self,
        key: PoolKey,
        mut sender: Sender,
        mut request: Request<RequestBody>,
        timeout: Duration,
        progress: Option<&Progress>,
    ) -> Result<Response<ResponseBody>, Failed> {
        // A client of gRPC sends when it has something to say. Of other requests nobody can tell, and a type is quickly
        // claimed: they would hold connections that carry nothing else.
        let silence = match (progress, &sender) {
            (Some(_), Sender::Http2(_)) if is_grpc(request.headers()) => self.bounds.silence.max(timeout),
            _ => timeout,
        };
        let sending = match &mut sender {
            Sender::Http1(sender) => {
                http1_request::prepare(&mut request);
                Either::Left(sender.try_send_request(request))
            }
            Sender::Http2(stream) => {
                if !http2_request::prepare(&mut request, key.tls) {
                    return Err(Failed::Sent(UpstreamError::Unaddressable));
                }
                stream.waits(timeout);
                Either::Right(stream.sender().try_send_request(request))
            }
        };
        let mut response: Response<Incoming> = match self.within(timeout, silence, progress, sending).await {
            None if progress.is_some_and(Progress::waits_for_client) => {
                return Err(Failed::Sent(UpstreamError::ClientTimeout));
            }
            None => {
                if let Sender::Http2(stream) = &sender {
                    stream.retire_connection();
                }
                return Err(Failed::Sent(UpstreamError::Timeout));
            }
            Some(Ok(response)) => response,
            Some(Err(mut failure)) => {
                let mut unsent = failure.take_message();
                let refused = unsent.is_none() && http2_request::is_refused(failure.error());
                if let (Some(request), Sender::Http2(_)) = (&mut unsent, &sender) {
                    http2_request::restore(request);
                }
                // The library learns of it only with the next request, which would be left behind too.
                if let Sender::Http2(stream) = &sender
                    && refused
                    && !http2_request::is_reset(failure.error())
                {
                    stream.retire_connection();
                }
                let error = match progress {
                    Some(progress) if progress.is_too_large() => UpstreamError::BodyTooLarge,
                    Some(progress) if progress.client_failed() => UpstreamError::Client,
                    _ => UpstreamError::Exchange(failure.into_error()),
                };
                return Err(match unsent {
                    Some(request) => Failed::Unsent(Box::new(request), error),
                    None if refused => Failed::Refused(error),
                    None => Failed::Sent(error),
                });
            }
        };
        if let Sender::Http2(stream) = &mut sender {
            stream.answered();
        }
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failed::Sent(UpstreamError::Unusable));
        }
        self.check(&mut response).map_err(Failed::Sent)?;
        let timeout = self.between_parts(&response, timeout);
        Ok(response.map(|incoming| {
            let lease = Lease {
                pool: Arc::clone(&self.pool),
                key,
                sender,
                clock: self.clock.clone(),
                held: None,
            };
            ResponseBody::new(incoming, lease, timeout, self.bounds.body)
        }))
    }

    /// Refuses answers beyond the operator's limits, and those whose length a client could take for another.
    pub(super) fn check(&self, response: &mut Response<Incoming>) -> Result<(), UpstreamError> {
        if !framing::settle(response.headers_mut()) {
            return Err(UpstreamError::Framing);
        }
        let header_bytes: usize = response
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if header_bytes > self.bounds.headers || response.body().size_hint().lower() > self.bounds.body {
            return Err(UpstreamError::AnswerTooLarge);
        }
        Ok(())
    }

    /// How long an answer may be silent in the middle.
    pub(super) fn between_parts(&self, response: &Response<Incoming>, timeout: Duration) -> Duration {
        if is_endless(response.headers()) {
            self.bounds.silence
        } else {
            timeout
        }
    }

    /// Waits for `future`; while the client owes bytes, for at most `silence`. The time counts from the last sign of life: while the client is still sending, from its last bytes.
    async fn within<F: Future>(
        &self,
        timeout: Duration,
        silence: Duration,
        progress: Option<&Progress>,
        future: F,
    ) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut left = timeout;
        loop {
            match tokio::time::timeout(left, future.as_mut()).await {
                Ok(output) => return Some(output),
                Err(_) => {
                    let quiet = progress.map_or(timeout, |progress| {
                        Duration::from_millis(self.clock.monotonic_ms().saturating_sub(progress.last_ms()))
                    });
                    let limit = match progress {
                        Some(progress) if progress.waits_for_client() => silence,
                        _ => timeout,
                    };
                    left = limit.checked_sub(quiet).filter(|left| !left.is_zero())?;
                }
            }
        }
    }
}

/// Whether a connection broke, as opposed to an answer that is not HTTP.
pub(super) fn is_broken(error: &hyper::Error) -> bool {
    !(error.is_parse() || error.is_user() || http2_request::is_reset(error))
}
