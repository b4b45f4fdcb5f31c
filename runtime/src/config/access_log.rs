//! The access log.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::path::PathBuf;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "b7a.http.accesslog.console",
        Kind::Bool,
        "true",
        "write access log lines to standard output",
    )
    .also(&["accessLog.console"]),
    Key::unset(
        "b7a.http.accesslog.path",
        Kind::File,
        "write access log lines to this file",
    )
    .also(&["accessLog.path"]),
    Key::new(
        "accessLog.format",
        Kind::OneOf(&["combined", "json"]),
        "combined",
        "how a line looks",
    ),
    Key::new(
        "accessLog.queue",
        Kind::Integer {
            min: 16,
            max: 10_000_000,
        },
        "8192",
        "lines that wait for the writer; further ones are dropped and counted",
    ),
];

/// The access log.
#[derive(Debug, Clone)]
pub struct AccessLog {
    /// To standard output.
    pub console: bool,
    /// To a file.
    pub path: Option<PathBuf>,
    /// JSON lines instead of the combined format.
    pub json: bool,
    /// Waiting lines.
    pub queue: usize,
}

impl AccessLog {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            console: reader.bool("b7a.http.accesslog.console"),
            path: reader.file("b7a.http.accesslog.path"),
            json: reader.text("accessLog.format").as_deref() == Some("json"),
            queue: reader.count("accessLog.queue"),
        }
    }
}
