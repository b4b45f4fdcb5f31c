//! How an answer without a known length ends whose caller has used up a limit on bytes.

use super::body::AnswerBodyError;
use super::exchange::{Exchange, LOOKS};
use crate::refusal::Refusal;
use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use std::task::{Context, Poll};
use tokio::time::{Interval, interval};

/// The end of an answer, in waiting.
#[derive(Debug)]
pub(super) struct Cut {
    is_grpc: bool,
    /// Looks at what the client goes on to send while nothing is answered.
    looks: Option<Interval>,
    /// The limit that is used up.
    pub(super) due: Option<Refusal>,
}

impl Cut {
    pub(super) fn new(is_grpc: bool, exchange: &Exchange) -> Self {
        Self {
            is_grpc,
            looks: exchange.is_uploading().then(|| interval(LOOKS)),
            due: None,
        }
    }

    /// Notices, while nothing comes of the backend, that what the client sends uses a limit up.
    pub(super) fn poll_upload(&mut self, exchange: &mut Exchange, context: &mut Context<'_>) -> Poll<Refusal> {
        while let Some(looks) = &mut self.looks
            && looks.poll_tick(context).is_ready()
        {
            if !exchange.is_uploading() {
                self.looks = None;
            } else if let Some(rejection) = exchange.charge() {
                return Poll::Ready(rejection.refusal);
            }
        }
        Poll::Pending
    }

    /// What the client is told: gRPC has words for it, elsewhere no more than that the answer is not whole can be said.
    pub(super) fn end(&self, refusal: Refusal) -> Result<Frame<Bytes>, AnswerBodyError> {
        if !self.is_grpc {
            return Err(AnswerBodyError::UsedUp(Reason::ENHANCE_YOUR_CALM.into()));
        }
        let status = HeaderValue::from(u16::from(refusal.grpc_status(false)));
        let message = HeaderValue::from_static(refusal.grpc_message(false));
        let mut trailers = HeaderMap::with_capacity(2);
        trailers.insert(HeaderName::from_static("grpc-status"), status);
        trailers.insert(HeaderName::from_static("grpc-message"), message);
        Ok(Frame::trailers(trailers))
    }
}
