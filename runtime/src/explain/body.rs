//! A body of which only the length plays a part.

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bytes that are handed on at a time.
const CHUNK: usize = 16 * 1024;

/// So many bytes.
#[derive(Debug, Clone)]
pub(super) struct Body {
    left: u64,
}

impl Body {
    pub(super) const fn of(length: u64) -> Self {
        Self { left: length }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        const ZEROS: [u8; CHUNK] = [0; CHUNK];
        let length = usize::try_from(self.left).unwrap_or(CHUNK).min(CHUNK);
        if length == 0 {
            return Poll::Ready(None);
        }
        self.left = self.left.saturating_sub(length as u64);
        let chunk = Bytes::from_static(&ZEROS).slice(..length);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
