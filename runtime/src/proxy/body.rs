//! The body of an answer: the gateway's own or a backend's, accounted for as it leaves.

use super::cut::Cut;
use super::exchange::Exchange;
use super::phase::Phase;
use crate::refusal::Refusal;
use crate::server::Waiting;
use crate::upstream::{ResponseBody, ResponseBodyError};
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct AnswerBody {
    source: Source,
    /// `None` where the accounts are done elsewhere.
    exchange: Option<Exchange>,
    /// The client has to take something before more is asked of the source.
    waiting: Option<Waiting>,
    /// How it ends when a limit on bytes is used up; `None`: it may finish in any case.
    cut: Option<Box<Cut>>,
}

#[derive(Debug)]
pub(super) enum Source {
    /// Made here; empty once it has been handed out.
    Own(Bytes),
    Backend(ResponseBody),
}

/// Why an answer ended early. The client sees its connection or stream reset.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerBodyError {
    #[error(transparent)]
    Backend(ResponseBodyError),
    /// The source is what the stream is reset with.
    #[error("the caller's limit on bytes is used up")]
    UsedUp(#[source] h2::Error),
}

impl AnswerBody {
    /// The phase that gave the answer, and why where it refuses; `None` where the accounts are done elsewhere.
    pub(crate) fn given_by(&self) -> Option<(Phase, Option<Refusal>)> {
        self.exchange
            .as_ref()
            .map(|exchange| (exchange.phase, exchange.refusal()))
    }

    pub(super) fn new(source: Source, mut exchange: Exchange) -> Self {
        let ended = match &source {
            Source::Own(bytes) => bytes.is_empty(),
            Source::Backend(body) => body.is_end_stream(),
        };
        exchange.complete = ended;
        let waiting = if ended { None } else { exchange.answer_waits() };
        Self {
            source,
            exchange: Some(exchange),
            waiting,
            cut: None,
        }
    }

    /// Has the answer end when a limit on bytes is used up that counts it, unless its length is known: a download is of no
    /// use without its end.
    pub(super) fn bound(mut self, is_grpc: bool) -> Self {
        if let Some(exchange) = &self.exchange
            && exchange.bill.is_some()
            && self.size_hint().exact().is_none()
        {
            self.cut = Some(Box::new(Cut::new(is_grpc, exchange)));
        }
        self
    }

    /// No body, of an answer that is accounted for by what follows it.
    pub(super) fn nothing() -> Self {
        Self {
            source: Source::Own(Bytes::new()),
            exchange: None,
            waiting: None,
            cut: None,
        }
    }

    /// Ends the answer, and the backend's work on it.
    fn end(&mut self, refusal: Refusal) -> Option<Result<Frame<Bytes>, AnswerBodyError>> {
        let cut = self.cut.take()?;
        if let Some(exchange) = &mut self.exchange {
            exchange.used_up(refusal);
        }
        self.source = Source::Own(Bytes::new());
        Some(cut.end(refusal))
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        if let (Some(waiting), Some(exchange)) = (&self.waiting, &self.exchange) {
            exchange.answer_goes_on(waiting);
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AnswerBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let (Some(waiting), Some(exchange)) = (this.waiting.take(), &this.exchange) {
            exchange.answer_goes_on(&waiting);
        }
        let polled = match &mut this.source {
            Source::Own(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Own(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Source::Backend(body) => Pin::new(body).poll_frame(context),
        };
        if let (Some(cut), Some(exchange)) = (&mut this.cut, &mut this.exchange)
            && let Poll::Ready(refusal) = cut.poll(&polled, exchange, context)
        {
            return Poll::Ready(this.end(refusal));
        }
        let frame = ready!(polled);
        let is_end = frame.is_none() || matches!(frame, Some(Ok(_))) && this.is_end_stream();
        if let Some(exchange) = &mut this.exchange {
            if let Some(Ok(frame)) = &frame {
                exchange.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            if let Some(Err(error)) = &frame {
                exchange.broke_off(error);
            }
            if is_end {
                exchange.complete = true;
            } else {
                this.waiting = exchange.answer_waits();
                if let (Some(rejection), Some(cut)) = (exchange.charge(), &mut this.cut) {
                    cut.is_due(rejection.refusal);
                }
            }
        }
        Poll::Ready(frame.map(|frame| frame.map_err(AnswerBodyError::Backend)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Own(bytes) => bytes.is_empty(),
            Source::Backend(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Backend(body) => body.size_hint(),
        }
    }
}
