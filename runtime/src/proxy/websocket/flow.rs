//! The frames of one direction on their way: read, looked at, passed on. No more than one buffer waits.

use super::frame::{Event, Scanner, Sender, close_frame};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Bytes of the buffer of each direction.
const BUFFER: usize = 8 * 1024;

/// One direction. The sides are kept apart from it, because ending one direction writes to the side that the other reads.
pub(super) struct Flow {
    scanner: Scanner,
    sender: Sender,
    buffer: Box<[u8]>,
    /// Written up to here,
    written: usize,
    /// may be written up to here,
    allowed: usize,
    /// read up to here.
    read: usize,
}

/// What a flow has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A message begins with what comes next.
    Message,
    /// These bytes were passed on.
    Passed(usize),
    /// Its side sends no more.
    End,
    /// What follows cannot be passed on.
    Violation(super::frame::Violation),
}

impl Flow {
    pub(super) fn new(sender: Sender, limit: u64) -> Self {
        Self {
            scanner: Scanner::new(sender, limit),
            sender,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            written: 0,
            allowed: 0,
            read: 0,
        }
    }

    /// Goes on until something is worth telling. May be given up at any time without losing track.
    pub(super) async fn step<R, W>(&mut self, from: &mut R, to: &mut W) -> io::Result<Step>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            if self.written < self.allowed {
                let taken = to
                    .write(self.buffer.get(self.written..self.allowed).unwrap_or_default())
                    .await?;
                if taken == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.written += taken;
                return Ok(Step::Passed(taken));
            }
            let (passed, event) = self
                .scanner
                .scan(self.buffer.get(self.allowed..self.read).unwrap_or_default());
            self.allowed += passed;
            match event {
                Event::Done if passed > 0 => {}
                Event::Done => {
                    if self.written > 0 {
                        to.flush().await?;
                    }
                    if self.fill(from).await? == 0 {
                        return Ok(Step::End);
                    }
                }
                // What came before goes first; the scanner tells again.
                Event::Message | Event::Violation(_) if self.written < self.allowed => self.scanner.tell_again(),
                Event::Message => return Ok(Step::Message),
                Event::Violation(violation) => return Ok(Step::Violation(violation)),
            }
        }
    }

    /// Reads more, behind what may not be written yet. Returns how much; nothing: its side sends no more.
    async fn fill<R: AsyncRead + Unpin>(&mut self, from: &mut R) -> io::Result<usize> {
        self.buffer.copy_within(self.allowed..self.read, 0);
        self.read -= self.allowed;
        self.written = 0;
        self.allowed = 0;
        let taken = from.read(self.buffer.get_mut(self.read..).unwrap_or_default()).await?;
        self.read += taken;
        Ok(taken)
    }

    /// Reads without passing anything on, until the side says that it sends no more, or closes.
    pub(super) async fn discard<R: AsyncRead + Unpin>(&mut self, from: &mut R) {
        let mut is_well = true;
        while !self.scanner.is_closed() {
            let (passed, event) = match is_well {
                true => self
                    .scanner
                    .scan(self.buffer.get(self.allowed..self.read).unwrap_or_default()),
                false => (self.read - self.allowed, Event::Done),
            };
            self.allowed += passed;
            match event {
                Event::Message => {}
                Event::Violation(_) => is_well = false,
                Event::Done if self.scanner.is_closed() => return,
                Event::Done => {
                    if !self.fill(from).await.is_ok_and(|taken| taken > 0) {
                        return;
                    }
                }
            }
        }
    }

    /// Ends the direction with a close frame where one can stand: the frame that is passing is finished first.
    pub(super) async fn close<R, W>(&mut self, from: &mut R, to: &mut W, code: u16, reason: &str) -> io::Result<()>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        to.write_all(self.buffer.get(self.written..self.allowed).unwrap_or_default())
            .await?;
        self.written = self.allowed;
        while !self.scanner.is_between_frames() {
            if self.allowed == self.read && self.fill(from).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let rest = self.buffer.get(self.allowed..self.read).unwrap_or_default();
            let passed = self.scanner.finish_frame(rest);
            to.write_all(rest.get(..passed).unwrap_or_default()).await?;
            self.allowed += passed;
        }
        if !self.scanner.is_closed() {
            let mask = match self.sender {
                Sender::Server => None,
                Sender::Client => {
                    let mut mask = [0; 4];
                    aws_lc_rs::rand::fill(&mut mask).map_err(|_| io::Error::other("no randomness"))?;
                    Some(mask)
                }
            };
            to.write_all(&close_frame(code, reason, mask)).await?;
        }
        to.flush().await
    }
}
