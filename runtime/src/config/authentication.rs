//! How callers present themselves.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use http::HeaderName;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "authConfig.authorizationHeader",
        Kind::Text,
        "Authorization",
        "header with the caller's credentials",
    ),
    Key::new(
        "authConfig.removeAuthHeaderFromOutMessage",
        Kind::Bool,
        "true",
        "keep the credentials from the backend",
    ),
    Key::new(
        "authConfig.maxTokenBytes",
        Kind::Integer { min: 256, max: 65_536 },
        "8192",
        "longer tokens are refused unread",
    ),
    Key::new(
        "authConfig.maxFailuresPerAddress",
        Kind::POSITIVE,
        "300",
        "failed signature checks per address, core and ten seconds; further ones are answered 429 unchecked",
    ),
    Key::unset(
        "security.validateSubscriptions",
        Kind::Bool,
        "whether callers need a subscription; unset: exactly when the bundle carries subscription data or `apim.eventHub.enable` is set",
    ),
    Key::new(
        "server.timestampSkew",
        Kind::OPTIONAL_COUNT,
        "-1",
        "ms by which clocks may differ; -1: `keyManager.timestampSkew`",
    ),
    Key::new(
        "keyManager.timestampSkew",
        Kind::Integer { min: 0, max: 600_000 },
        "5000",
        "ms by which clocks may differ",
    ),
];

/// How callers present themselves.
#[derive(Debug, Clone)]
pub struct Authentication {
    /// The header with credentials where the API names no other.
    pub header: HeaderName,
    /// Remove the credentials before forwarding.
    pub remove_header: bool,
    /// Longest token.
    pub max_token_bytes: usize,
    /// Failed signature checks per address, core and ten seconds.
    pub max_failures_per_address: u32,
    /// Whether callers need a subscription; `None`: when there are data about them.
    pub validate_subscriptions: Option<bool>,
    /// By how much clocks may differ.
    pub skew: Duration,
}

impl Authentication {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let skew = match reader.limit("server.timestampSkew") {
            Some(milliseconds) => Duration::from_millis(milliseconds.min(600_000)),
            None => reader.milliseconds("keyManager.timestampSkew"),
        };
        Self {
            header: reader
                .header_name("authConfig.authorizationHeader")
                .unwrap_or(http::header::AUTHORIZATION),
            remove_header: reader.bool("authConfig.removeAuthHeaderFromOutMessage"),
            max_token_bytes: reader.count("authConfig.maxTokenBytes"),
            max_failures_per_address: u32::try_from(reader.integer("authConfig.maxFailuresPerAddress"))
                .unwrap_or(u32::MAX),
            validate_subscriptions: reader.optional_bool("security.validateSubscriptions"),
            skew,
        }
    }
}
