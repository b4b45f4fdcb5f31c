//! The body on its way to the backend, and what is known about its progress.

use crate::clock::Clock;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

/// A request body as the backend connection reads it. Nothing is buffered; the backend's pace is the client's.
#[derive(Debug)]
pub(crate) enum RequestBody {
    /// No body.
    Empty,
    /// A body that is streamed.
    Streamed(Box<Streamed>),
}

/// A streamed body.
#[derive(Debug)]
pub(crate) struct Streamed {
    incoming: Incoming,
    /// What the client may still send.
    remaining: u64,
    clock: Clock,
    progress: Arc<Progress>,
}

/// How far a request body got; shared with the side that waits for the response.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    bytes: AtomicU64,
    last_ms: AtomicU64,
    waits_for_client: AtomicBool,
    too_large: AtomicBool,
    client_failed: AtomicBool,
}

impl Progress {
    /// Bytes passed on so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// When the client last sent something.
    pub(super) fn last_ms(&self) -> u64 {
        self.last_ms.load(Relaxed)
    }

    /// Whether the backend would take more than the client has sent.
    pub(super) fn waits_for_client(&self) -> bool {
        self.waits_for_client.load(Relaxed)
    }

    /// Whether the client sent more than it may.
    pub(super) fn is_too_large(&self) -> bool {
        self.too_large.load(Relaxed)
    }

    /// Whether reading from the client failed.
    pub(super) fn client_failed(&self) -> bool {
        self.client_failed.load(Relaxed)
    }
}

/// Why a request body ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestBodyError {
    #[error("the request body is larger than allowed")]
    TooLarge,
    #[error("the request body could not be read")]
    Client(#[source] hyper::Error),
}

impl RequestBody {
    /// Wraps what the server hands out. `limit` bounds the body in bytes.
    pub(crate) fn new(incoming: Incoming, limit: u64, clock: &Clock, now_ms: u64) -> (Self, Option<Arc<Progress>>) {
        if incoming.is_end_stream() {
            return (Self::Empty, None);
        }
        let progress = Arc::new(Progress {
            last_ms: AtomicU64::new(now_ms),
            ..Progress::default()
        });
        let streamed = Streamed {
            incoming,
            remaining: limit,
            clock: clock.clone(),
            progress: Arc::clone(&progress),
        };
        (Self::Streamed(Box::new(streamed)), Some(progress))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = RequestBodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Self::Streamed(body) = &mut *self else {
            return Poll::Ready(None);
        };
        let Streamed {
            incoming,
            remaining,
            clock,
            progress,
        } = &mut **body;
        let frame = Pin::new(incoming).poll_frame(context);
        progress.waits_for_client.store(frame.is_pending(), Relaxed);
        let frame = ready!(frame);
        progress.last_ms.store(clock.monotonic_ms(), Relaxed);
        Poll::Ready(match frame {
            None => None,
            Some(Err(error)) => {
                progress.client_failed.store(true, Relaxed);
                Some(Err(RequestBodyError::Client(error)))
            }
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                match remaining.checked_sub(length) {
                    Some(left) => {
                        *remaining = left;
                        progress.bytes.fetch_add(length, Relaxed);
                        Some(Ok(frame))
                    }
                    None => {
                        progress.too_large.store(true, Relaxed);
                        Some(Err(RequestBodyError::TooLarge))
                    }
                }
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Streamed(body) => body.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Streamed(body) => body.incoming.size_hint(),
        }
    }
}
