//! The key manager: introspection of opaque tokens, and the token endpoints behind the gateway.

use super::catalogue::{Key, Kind};
use super::key_manager_auth::KeyManagerAuth;
use super::settings::Reader;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        "keyManager.serverUrl",
        Kind::Text,
        "base URL of the key manager; unset: no opaque tokens, no token endpoints",
    ),
    Key::new(
        "keyManager.tokenContext",
        Kind::Text,
        "oauth2",
        "path of its OAuth2 endpoints",
    ),
    Key::unset(
        "keyManager.caFile",
        Kind::File,
        "PEM certificates trusted for the key manager beside the system's",
    ),
    Key::new(
        "keyManager.timeout",
        Kind::Integer { min: 1, max: 60_000 },
        "5000",
        "ms for one call",
    ),
    Key::new(
        "keyManager.maxConcurrentCalls",
        Kind::Integer { min: 1, max: 10_000 },
        "64",
        "calls at the same time",
    ),
    Key::new(
        "keyManager.enableIntrospectForFailedJWT",
        Kind::Bool,
        "false",
        "introspect tokens that look like a JWT but are of no configured issuer",
    ),
    Key::new(
        "keyManager.enableLegacyMode",
        Kind::Bool,
        "false",
        "ask the key validation service (SOAP) about opaque tokens in place of introspection",
    ),
    Key::new(
        "keyManager.remoteUserClaimRetrievalEnabled",
        Kind::Bool,
        "false",
        "fetch claims about users of opaque tokens for the token for backends",
    ),
    Key::inert("keyManager.issuer", Kind::Text),
];

/// The key manager.
#[derive(Debug, Clone)]
pub struct KeyManager {
    /// Base URL; `None`: there is none.
    pub server_url: Option<Url>,
    /// Path of the OAuth2 endpoints, without slashes around it.
    pub token_context: String,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// For one call.
    pub timeout: Duration,
    /// Calls at the same time.
    pub max_concurrent_calls: usize,
    /// Introspect JWT-shaped tokens of unknown issuers.
    pub introspect_failed_jwt: bool,
    /// Ask the key validation service in place of introspection.
    pub key_validation: bool,
    /// Fetch claims about users of opaque tokens.
    pub remote_claims: bool,
    /// How the gateway authenticates.
    pub auth: KeyManagerAuth,
}

impl KeyManager {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            server_url: reader.url("keyManager.serverUrl"),
            token_context: reader
                .text_or_empty("keyManager.tokenContext")
                .trim_matches('/')
                .to_owned(),
            ca_file: reader.file("keyManager.caFile"),
            timeout: reader.milliseconds("keyManager.timeout"),
            max_concurrent_calls: reader.count("keyManager.maxConcurrentCalls"),
            introspect_failed_jwt: reader.bool("keyManager.enableIntrospectForFailedJWT"),
            key_validation: reader.bool("keyManager.enableLegacyMode"),
            remote_claims: reader.bool("keyManager.remoteUserClaimRetrievalEnabled"),
            auth: KeyManagerAuth::read(reader),
        }
    }
}
