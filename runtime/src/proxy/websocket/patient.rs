//! Writing to a client that may not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep};

/// The way to a client, which has to take something within a time.
pub(super) struct Patient<W> {
    io: W,
    limit: Duration,
    /// Exists from the first time the client let us wait.
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    over: bool,
}

impl<W> Patient<W> {
    pub(super) fn new(io: W, limit: Duration) -> Self {
        Self {
            io,
            limit,
            timer: None,
            waiting: false,
            over: false,
        }
    }

    /// Whether the client took nothing in time.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    fn in_time<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = false;
            return written;
        }
        let limit = self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        if !self.waiting {
            self.waiting = true;
            timer.as_mut().reset(Instant::now() + limit);
        }
        ready!(timer.as_mut().poll(context));
        self.over = true;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Patient<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(context, bytes);
        self.in_time(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = Pin::new(&mut self.io).poll_flush(context);
        self.in_time(written, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::sleep_until;

    const LIMIT: Duration = Duration::from_millis(20);

    fn poll_write<W: AsyncWrite + Unpin>(io: &mut Patient<W>) -> Poll<io::Result<usize>> {
        Pin::new(io).poll_write(&mut Context::from_waker(std::task::Waker::noop()), b"x")
    }

    #[tokio::test]
    async fn only_who_takes_nothing_runs_out_of_time() {
        let (near, mut far) = duplex(1);
        let mut patient = Patient::new(near, LIMIT);
        assert!(poll_write(&mut patient).is_ready());
        for _ in 0..3 {
            assert!(poll_write(&mut patient).is_pending(), "there is no room");
            let began = Instant::now();
            assert_eq!(far.read_u8().await.expect("it was written"), b'x');
            assert!(poll_write(&mut patient).is_ready(), "there is room");
            // The time that began with the last wait is over by then.
            sleep_until(began + 2 * LIMIT).await;
        }
        assert!(!patient.is_over());
        let error = patient.write_all(b"x").await.expect_err("nothing is taken any more");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(patient.is_over());
    }
}
