//! The body of an answer: the gateway's own or a backend's, accounted for as it leaves.

use super::exchange::Exchange;
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
}

#[derive(Debug)]
pub(super) enum Source {
    /// Made here; empty once it has been handed out.
    Own(Bytes),
    Backend(ResponseBody),
}

impl AnswerBody {
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
        }
    }

    /// No body, of an answer that is accounted for by what follows it.
    pub(super) fn nothing() -> Self {
        Self {
            source: Source::Own(Bytes::new()),
            exchange: None,
            waiting: None,
        }
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
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let (Some(waiting), Some(exchange)) = (this.waiting.take(), &this.exchange) {
            exchange.answer_goes_on(&waiting);
        }
        let frame = match &mut this.source {
            Source::Own(bytes) if bytes.is_empty() => None,
            Source::Own(bytes) => Some(Ok(Frame::data(std::mem::take(bytes)))),
            Source::Backend(body) => ready!(Pin::new(body).poll_frame(context)),
        };
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
            }
        }
        Poll::Ready(frame)
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
