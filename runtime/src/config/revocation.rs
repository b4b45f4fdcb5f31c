//! Revoked tokens.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::path::PathBuf;

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        "tokenRevocationConfig.file",
        Kind::Text,
        "file with revoked tokens, one JSON object per line",
    ),
    Key::new(
        "tokenRevocationConfig.capacity",
        Kind::Integer {
            min: 1,
            max: 100_000_000,
        },
        "1000000",
        "revocations that are remembered",
    ),
    Key::inert(
        "tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval",
        Kind::Bool,
    ),
    Key::inert("tokenRevocationConfig.realtime.jmsConnectionTopic", Kind::Text),
    Key::inert(
        "tokenRevocationConfig.realtime.jmsConnectioninitialContextFactory",
        Kind::Text,
    ),
    Key::inert("tokenRevocationConfig.realtime.jmsConnectionProviderUrl", Kind::Secret),
    Key::inert("tokenRevocationConfig.realtime.jmsConnectionUsername", Kind::Text),
    Key::inert("tokenRevocationConfig.realtime.jmsConnectionPassword", Kind::Secret),
    Key::inert(
        "tokenRevocationConfig.persistent.enablePersistentStorageRetrieval",
        Kind::Bool,
    ),
    Key::inert("tokenRevocationConfig.persistent.type", Kind::Text),
    Key::inert("tokenRevocationConfig.persistent.endpointURL", Kind::Text)
        .also(&["tokenRevocationConfig.persistent.hostname"]),
    Key::inert("tokenRevocationConfig.persistent.username", Kind::Text),
    Key::inert("tokenRevocationConfig.persistent.password", Kind::Secret),
];

/// Revoked tokens.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// File with revoked tokens.
    pub file: Option<PathBuf>,
    /// Revocations that are remembered.
    pub capacity: usize,
}

impl Revocation {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            file: reader.text("tokenRevocationConfig.file").map(PathBuf::from),
            capacity: reader.count("tokenRevocationConfig.capacity"),
        }
    }
}
