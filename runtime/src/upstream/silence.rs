//! Tells a connection that is gone without a word from one whose requests are given up early.
//!
//! A client may give a request up, or bound it, by a time so short that no backend could answer. That says nothing about the
//! connection, which others share. Time that requests waited while nothing at all was received does.

use hyper::rt::{Read, ReadBufCursor, Write};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// For how long requests wait at the most on a connection from which nothing comes, before it gets no more.
pub(super) const SILENCE: Duration = Duration::from_secs(5);

/// How long requests waited on a connection in vain.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// What had been received.
    heard: u32,
    waited: Duration,
    until: Option<Instant>,
}

impl Silence {
    /// Notes a request that waited in vain `from` a time `to` another, and what had been received by then. Returns for how
    /// long requests have waited since anything was received.
    pub(super) fn waited(&mut self, heard: [u32; 2], from: Instant, to: Instant) -> Duration {
        let [before, after] = heard;
        if self.heard != after {
            *self = Self {
                heard: after,
                ..Self::default()
            };
        }
        // When it came is not known: the next request finds out.
        if before == after {
            // Requests wait at the same time, which counts once.
            let uncounted = self.until.map_or(from, |until| until.max(from));
            let alone = to.saturating_duration_since(from);
            self.waited = (self.waited + to.saturating_duration_since(uncounted)).max(alone);
            self.until = Some(to);
        }
        self.waited
    }
}

/// A connection that counts how often something was received, and tells when that is so for the first time.
#[derive(Debug)]
pub(super) struct Heard<T> {
    io: T,
    count: Arc<AtomicU32>,
    first: Option<oneshot::Sender<()>>,
}

impl<T> Heard<T> {
    pub(super) fn new(io: T, count: Arc<AtomicU32>, first: oneshot::Sender<()>) -> Self {
        let first = Some(first);
        Self { io, count, first }
    }
}

impl<T: Read + Unpin> Read for Heard<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        if polled.is_ready() {
            self.count.fetch_add(1, Relaxed);
            if let Some(first) = self.first.take() {
                let _ = first.send(());
            }
        }
        polled
    }
}

impl<T: Write + Unpin> Write for Heard<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_without_a_word_counts_and_only_once() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut silence = Silence::default();
        for (heard, from, to, waited) in [
            // However many are given up at once.
            ([1, 1], 0, 0, 0),
            ([1, 1], 0, 0, 0),
            // One after the other.
            ([1, 1], 0, 100, 100),
            ([1, 1], 500, 600, 200),
            // At the same time.
            ([1, 1], 550, 700, 300),
            ([1, 1], 560, 700, 300),
            // One that began before those alone waited longer.
            ([1, 1], 0, 1000, 1000),
            // Something was received.
            ([1, 2], 900, 2000, 0),
            ([2, 2], 1900, 2010, 110),
            ([2, 3], 1900, 2020, 0),
        ] {
            let counted = silence.waited(heard, at(from), at(to));
            assert_eq!(counted, Duration::from_millis(waited), "{heard:?} {from} {to}");
        }
    }
}
