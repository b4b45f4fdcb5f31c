//! How an answer without a known length ends whose caller has used up a limit on bytes.

use super::body::AnswerBodyError;
use super::exchange::{Exchange, LOOKS};
use crate::refusal::Refusal;
use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::Frame;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::time::{Interval, Sleep, interval, sleep};

/// The end of an answer, in waiting.
#[derive(Debug)]
pub(super) struct Cut {
    is_grpc: bool,
    /// Looks at what the client goes on to send while nothing is answered.
    looks: Option<Interval>,
    due: Option<Due>,
}

/// A limit is used up.
#[derive(Debug)]
struct Due {
    refusal: Refusal,
    /// Until then the source may say that it has come to its end: it never says so together with its last bytes.
    patience: Pin<Box<Sleep>>,
}

/// What the source of an answer gives.
pub(super) type Given<E> = Poll<Option<Result<Frame<Bytes>, E>>>;

impl Cut {
    pub(super) fn new(is_grpc: bool, exchange: &Exchange) -> Self {
        Self {
            is_grpc,
            looks: exchange.is_uploading().then(|| interval(LOOKS)),
            due: None,
        }
    }

    /// Has the answer end when its source gives more than its end.
    pub(super) fn is_due(&mut self, refusal: Refusal) {
        self.due.get_or_insert_with(|| Due {
            refusal,
            patience: Box::pin(sleep(LOOKS)),
        });
    }

    /// Decides whether the answer ends here, in place of what its source has `given`.
    pub(super) fn poll<E>(
        &mut self,
        given: &Given<E>,
        exchange: &mut Exchange,
        context: &mut Context<'_>,
    ) -> Poll<Refusal> {
        match (&mut self.due, given) {
            (None, Poll::Pending) => self.poll_upload(exchange, context),
            (Some(due), Poll::Pending) => due.patience.as_mut().poll(context).map(|()| due.refusal),
            (None, _) | (_, Poll::Ready(None)) => Poll::Pending,
            (Some(_), Poll::Ready(Some(Ok(frame)))) if frame.is_trailers() => Poll::Pending,
            (Some(due), Poll::Ready(Some(_))) => Poll::Ready(due.refusal),
        }
    }

    /// Notices, while nothing comes of the backend, that what the client sends uses a limit up.
    fn poll_upload(&mut self, exchange: &mut Exchange, context: &mut Context<'_>) -> Poll<Refusal> {
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
