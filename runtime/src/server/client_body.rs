//! The body of a client's request, and what becomes of a rest that nobody wants.
//!
//! An answer may come before the client has sent everything. Over HTTP/2 the stream is then reset behind the answer (RFC 9113,
//! section 8.1), and clients that are about to send take that for a failure: curl throws the answer away. Over HTTP/1.1 the
//! connection is closed, and what still arrives on it is answered by a reset, which reaches the client before it has looked
//! at the answer. So the rest is read away for a while, and a client that ends its body in that time sees nothing of that.

use super::connection::Connection;
use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Version};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;

/// Bytes of a rest that are read away.
const REST: u64 = 8 * 1024 * 1024;
/// How long a rest is read away.
const REST_TIME: Duration = Duration::from_secs(30);
/// How often it is looked at whether the connection is to close meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// The body of a client's request. Dropped before its end, it has the rest read away where that saves the answer.
#[derive(Debug)]
pub(crate) struct ClientBody {
    /// Taken out by dropping it.
    incoming: Option<Incoming>,
    /// Whose rest is read away; `None`: it is not.
    connection: Option<Arc<Connection>>,
    /// The client sends nothing before it is asked to, and reading asks it.
    waits: bool,
}

impl ClientBody {
    /// The body of the request with this head.
    pub(crate) fn new(incoming: Incoming, head: &Parts, connection: &Arc<Connection>) -> Self {
        // Answers to HTTP/1.0 may end with the connection.
        let is_kept = matches!(head.version, Version::HTTP_11 | Version::HTTP_2);
        let may_be_left = is_kept && !incoming.is_end_stream();
        Self {
            incoming: Some(incoming),
            connection: may_be_left.then(|| Arc::clone(connection)),
            waits: may_be_left && head.version == Version::HTTP_11 && waits(&head.headers),
        }
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits = false;
        let frame = match &mut self.incoming {
            Some(incoming) => Pin::new(incoming).poll_frame(context),
            None => Poll::Ready(None),
        };
        if let Poll::Ready(None) = frame {
            // A body in chunks does not say afterwards that it is at its end.
            self.connection = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}

impl Drop for ClientBody {
    fn drop(&mut self) {
        if let (Some(rest), Some(connection)) = (self.incoming.take(), self.connection.take())
            && !self.waits
            && !rest.is_end_stream()
            // Without one the connection is gone too.
            && let Ok(runtime) = Handle::try_current()
        {
            connection.rest_began();
            runtime.spawn(async move {
                let reading = read_away(rest, REST, || connection.is_closing());
                // What is left of it then is reset.
                let is_read = tokio::time::timeout(REST_TIME, reading).await.unwrap_or(false);
                connection.rest_ended(is_read);
            });
        }
    }
}

/// Whether a client waits for `100 Continue` before it sends its body.
fn waits(headers: &HeaderMap) -> bool {
    let is_asked = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    headers.get_all(EXPECT).iter().any(is_asked)
}

/// Reads a body to its end and drops what it reads, up to so many bytes and until it `is_over`. Returns whether it came to
/// the end.
async fn read_away<B: Body<Data = Bytes> + Unpin>(mut body: B, most: u64, is_over: impl Fn() -> bool) -> bool {
    let mut left = most;
    let mut looks = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            biased;
            _ = looks.tick() => {
                if is_over() {
                    return false;
                }
            }
            frame = body.frame() => {
                let Some(Ok(frame)) = frame else { return frame.is_none() };
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                let Some(rest) = left.checked_sub(length) else { return false };
                left = rest;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

    const PIECE: u64 = 1000;

    /// A body of pieces that come at once; `None`: without end. It counts them.
    struct Pieces<'c> {
        pieces: Option<u64>,
        read: &'c AtomicU64,
    }

    impl Body for Pieces<'_> {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.pieces == Some(self.read.load(Relaxed)) {
                return Poll::Ready(None);
            }
            self.read.fetch_add(1, Relaxed);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; PIECE as usize])))))
        }
    }

    /// A body that never comes. Whoever waits for it ends the connection.
    struct Silence<'c>(&'c AtomicBool);

    impl Body for Silence<'_> {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.store(true, Relaxed);
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_rest_is_read_to_its_end() {
        let read = AtomicU64::new(0);
        let pieces = Some(7);
        assert!(read_away(Pieces { pieces, read: &read }, 7 * PIECE, || false).await);
        assert_eq!(read.load(Relaxed), 7);
    }

    #[tokio::test]
    async fn a_rest_without_end_is_left() {
        let read = AtomicU64::new(0);
        let pieces = None;
        assert!(!read_away(Pieces { pieces, read: &read }, 7 * PIECE, || false).await);
        assert_eq!(read.load(Relaxed), 8, "the piece that is beyond is the last");
    }

    #[tokio::test]
    async fn a_connection_that_closes_waits_for_no_rest() {
        let is_over = AtomicBool::new(false);
        let reading = read_away(Silence(&is_over), REST, || is_over.load(Relaxed));
        let ended = tokio::time::timeout(Duration::from_secs(60), reading).await;
        assert!(!ended.expect("it ends"));
    }
}
