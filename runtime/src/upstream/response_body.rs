//! The backend's answer on its way to the client.

use super::held::Held;
use super::pool::{Pool, PoolKey};
use super::sender::Sender;
use super::trailers;
use crate::clock::Clock;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A response body, streamed. Gives the connection back to the pool at its end, closes it when dropped before.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    incoming: Incoming,
    lease: Option<Lease>,
    timeout: Duration,
    /// What the backend may still send.
    remaining: u64,
    /// Exists from the first time the backend let us wait.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

/// A connection in use.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) pool: Arc<Pool>,
    pub(super) key: PoolKey,
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    /// What is held until the answer's end.
    pub(super) held: Option<Held>,
}

impl Lease {
    fn give_back(self) {
        let now_ms = self.clock.monotonic_ms();
        self.pool.put(self.key, self.sender, now_ms);
    }
}

/// Why a response body ended early. The client sees its connection reset.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResponseBodyError {
    #[error("the backend's answer broke off")]
    Backend(#[source] hyper::Error),
    #[error("the backend stalled in the middle of its answer")]
    Timeout,
    #[error("the backend's answer is larger than allowed")]
    TooLarge,
}

impl ResponseBody {
    pub(super) fn new(incoming: Incoming, lease: Lease, timeout: Duration, limit: u64) -> Self {
        let mut body = Self {
            incoming,
            lease: Some(lease),
            timeout,
            remaining: limit,
            timer: None,
            waiting: false,
        };
        if body.incoming.is_end_stream() {
            body.finish();
        }
        body
    }

    /// Keeps this for as long as the connection is in use.
    pub(super) fn hold(&mut self, held: Held) {
        if let Some(lease) = &mut self.lease {
            lease.held = Some(held);
        }
    }

    fn finish(&mut self) {
        // A connection whose request is still under way cannot take another.
        if let Some(lease) = self.lease.take()
            && lease.held.as_ref().is_none_or(Held::is_sent)
        {
            lease.give_back();
        }
    }

    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let timeout = self.timeout;
        let timer = self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        if !self.waiting {
            self.waiting = true;
            timer.as_mut().reset(tokio::time::Instant::now() + timeout);
        }
        timer.as_mut().poll(context)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = ResponseBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match Pin::new(&mut self.incoming).poll_frame(context) {
            Poll::Pending => self.poll_timer(context).map(|()| {
                self.lease = None;
                Some(Err(ResponseBodyError::Timeout))
            }),
            Poll::Ready(mut frame) => {
                self.waiting = false;
                if let Some(Ok(frame)) = &mut frame
                    && let Some(fields) = frame.trailers_mut()
                {
                    trailers::clean_answer(fields);
                }
                let length = match &frame {
                    Some(Ok(frame)) => frame.data_ref().map_or(0, |data| data.len() as u64),
                    _ => 0,
                };
                match self.remaining.checked_sub(length) {
                    Some(left) => self.remaining = left,
                    None => {
                        self.lease = None;
                        return Poll::Ready(Some(Err(ResponseBodyError::TooLarge)));
                    }
                }
                match &frame {
                    Some(Ok(_)) if !self.incoming.is_end_stream() => {}
                    Some(Err(_)) => self.lease = None,
                    Some(Ok(_)) | None => self.finish(),
                }
                Poll::Ready(frame.map(|frame| frame.map_err(ResponseBodyError::Backend)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
