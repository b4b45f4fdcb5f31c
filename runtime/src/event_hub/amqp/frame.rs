//! Frames: what travels over a connection.

use super::SessionError;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Largest frame that is asked for, and accepted before anything was agreed, in bytes.
pub(super) const MAX_FRAME: u32 = 128 << 10;
/// What a frame has besides its payload.
pub(super) const FRAME_OVERHEAD: u32 = 8;
const END: u8 = 0xce;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Method,
    Header,
    Body,
    Heartbeat,
}

impl FrameKind {
    fn of(octet: u8) -> Option<Self> {
        Some(match octet {
            1 => Self::Method,
            2 => Self::Header,
            3 => Self::Body,
            8 => Self::Heartbeat,
            _ => return None,
        })
    }

    fn octet(self) -> u8 {
        match self {
            Self::Method => 1,
            Self::Header => 2,
            Self::Body => 3,
            Self::Heartbeat => 8,
        }
    }
}

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: FrameKind,
    pub(super) channel: u16,
    pub(super) payload: &'a [u8],
}

/// Reads frames from a stream, into one buffer.
#[derive(Debug)]
pub(super) struct FrameReader<R> {
    stream: R,
    payload: Vec<u8>,
    /// Largest payload.
    max_payload: u32,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(stream: R) -> Self {
        Self {
            stream,
            payload: Vec::new(),
            max_payload: MAX_FRAME - FRAME_OVERHEAD,
        }
    }

    /// Accepts nothing larger than what was agreed.
    pub(super) fn limit(&mut self, max_frame: u32) {
        self.max_payload = max_frame.saturating_sub(FRAME_OVERHEAD);
    }

    /// Reads the next frame. Must not be cancelled, but to end the connection.
    pub(super) async fn next(&mut self) -> Result<Frame<'_>, SessionError> {
        let mut head = [0; 7];
        self.stream.read_exact(&mut head).await?;
        let [kind, channel @ .., _, _, _, _] = head;
        let [_, _, _, length @ ..] = head;
        let length = u32::from_be_bytes(length);
        if &head[..4] == b"AMQP" {
            return Err(SessionError::Version);
        }
        let kind = FrameKind::of(kind).filter(|_| length <= self.max_payload);
        let kind = kind.ok_or(SessionError::Protocol("a frame"))?;
        // The bound is small enough to trust the length.
        self.payload.resize(length as usize, 0);
        self.stream.read_exact(&mut self.payload).await?;
        if self.stream.read_u8().await? != END {
            return Err(SessionError::Protocol("a frame"));
        }
        Ok(Frame {
            kind,
            channel: u16::from_be_bytes(channel),
            payload: &self.payload,
        })
    }
}

/// Writes a frame.
pub(super) fn encode(kind: FrameKind, channel: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + FRAME_OVERHEAD as usize);
    bytes.push(kind.octet());
    bytes.extend(channel.to_be_bytes());
    bytes.extend(u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes.push(END);
    bytes
}
