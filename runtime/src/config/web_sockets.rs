//! WebSockets: how long they live and how large messages are.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "webSocket.idleTimeout",
        Kind::COUNT,
        "300000",
        "ms after which a WebSocket is ended on which nothing passes in either direction, not even a ping; 0: never",
    ),
    Key::new(
        "webSocket.maxLifetime",
        Kind::COUNT,
        "0",
        "ms after which a WebSocket is ended in any case; 0: never",
    ),
    Key::new(
        "webSocket.checkInterval",
        Kind::POSITIVE,
        "30000",
        "ms between two looks whether the client of a WebSocket that sends nothing may stay; messages are always looked at",
    ),
    Key::new(
        "webSocket.maxMessageSize",
        Kind::OPTIONAL_COUNT,
        "16777216",
        "bytes of a message in either direction; -1: no limit",
    ),
];

/// Bounds of WebSockets.
#[derive(Debug, Clone, Copy)]
pub struct WebSockets {
    /// Without anything passing; `None`: for ever.
    pub idle: Option<Duration>,
    /// From the handshake on; `None`: for ever.
    pub max_life: Option<Duration>,
    /// Between two looks whether the client may stay.
    pub check: Duration,
    /// Bytes of a message.
    pub max_message: u64,
}

impl WebSockets {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let bound = |name| Some(reader.milliseconds(name)).filter(|bound| !bound.is_zero());
        Self {
            idle: bound("webSocket.idleTimeout"),
            max_life: bound("webSocket.maxLifetime"),
            check: reader.milliseconds("webSocket.checkInterval"),
            max_message: reader.limit("webSocket.maxMessageSize").unwrap_or(u64::MAX),
        }
    }
}
