//! Entry point of the fuzz target into the reader of frames.

use super::content::Assembly;
use super::frame::{FrameKind, FrameReader};
use super::method::Said;
use futures_util::FutureExt;

/// Reads frames, the methods in them, and messages, as from a broker.
pub fn broker_frames(bytes: &[u8]) {
    let mut reader = FrameReader::new(bytes);
    let mut assembly = Assembly::default();
    while let Some(Ok(frame)) = reader.next().now_or_never() {
        let _ = match (frame.kind, Said::read(frame.payload)) {
            (FrameKind::Method, Some(Said::Deliver { tag })) => assembly.deliver(tag).map(|()| None),
            (FrameKind::Header, _) => assembly.header(frame.payload),
            (FrameKind::Body, _) => assembly.body(frame.payload),
            (FrameKind::Method | FrameKind::Heartbeat, _) => continue,
        };
    }
}
