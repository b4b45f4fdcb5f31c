//! The gateway's own log.

use super::catalogue::{Key, Kind};
use super::settings::Reader;

pub(super) const KEYS: &[Key] = &[Key::new(
    "b7a.log.level",
    Kind::OneOf(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF"]),
    "INFO",
    "the least important messages that are written",
)];

/// The gateway's own log.
#[derive(Debug, Clone)]
pub struct Logging {
    /// Lower-case level, or `off`.
    pub level: String,
}

impl Logging {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            level: reader.text_or_empty("b7a.log.level").to_ascii_lowercase(),
        }
    }
}
