//! The admin and metrics listener.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::net::IpAddr;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "adminConfig.enabled",
        Kind::Bool,
        "true",
        "whether the admin listener is opened",
    ),
    Key::new(
        "adminConfig.host",
        Kind::Text,
        "127.0.0.1",
        "its address; keep it local",
    ),
    Key::new(
        "adminConfig.port",
        Kind::PORT,
        "9797",
        "port of /metrics, /health and /ready",
    )
    .also(&["b7a.observability.metrics.prometheus.port"]),
    Key::inert("b7a.observability.metrics.enabled", Kind::Bool),
    Key::inert("b7a.observability.metrics.reporter", Kind::Text),
    Key::inert("b7a.observability.metrics.enableAuth", Kind::Bool),
    Key::inert("b7a.observability.metrics.prometheus.jmx_port", Kind::PORT),
    Key::inert("b7a.observability.metrics.prometheus.secure_port", Kind::PORT),
];

/// The admin and metrics listener.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Whether it is opened.
    pub enabled: bool,
    /// Bind address.
    pub host: IpAddr,
    /// Port; 0 chooses a free one.
    pub port: u16,
}

impl Admin {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            enabled: reader.bool("adminConfig.enabled"),
            host: reader.address("adminConfig.host"),
            port: reader.port("adminConfig.port"),
        }
    }
}
