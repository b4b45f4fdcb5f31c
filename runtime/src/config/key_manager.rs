//! The key manager: introspection of opaque tokens, and the token endpoints behind the gateway.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::{ExposeSecret, SecretString};
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
        Kind::Text,
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
    Key::unset(
        "keyManager.username",
        Kind::Text,
        "old spelling of `keymanager.security.basic.username`",
    ),
    Key::unset(
        "keyManager.password",
        Kind::Secret,
        "old spelling of `keymanager.security.basic.password`",
    ),
    Key::new(
        "keymanager.security.basic.enabled",
        Kind::Bool,
        "true",
        "authenticate with user name and password",
    ),
    Key::new("keymanager.security.basic.username", Kind::Text, "admin", "user name"),
    Key::new("keymanager.security.basic.password", Kind::Secret, "admin", "password"),
    Key::new(
        "keymanager.security.oauth2.enabled",
        Kind::Bool,
        "false",
        "authenticate with a token; used when basic is disabled",
    ),
    Key::new(
        "keymanager.security.oauth2.credentialBearer",
        Kind::OneOf(&["AUTH_HEADER_BEARER", "POST_BODY_BEARER", "NO_BEARER"]),
        "AUTH_HEADER_BEARER",
        "where the client's credentials go",
    ),
    Key::unset("keymanager.security.oauth2.tokenUrl", Kind::Text, "token endpoint"),
    Key::new(
        "keymanager.security.oauth2.clientCredential.enabled",
        Kind::Bool,
        "false",
        "client credentials grant",
    ),
    Key::unset(
        "keymanager.security.oauth2.clientCredential.clientId",
        Kind::Text,
        "client id",
    )
    .also(&["keymanager.security.oauth2.clientCredential.client_id"]),
    Key::unset(
        "keymanager.security.oauth2.clientCredential.clientSecret",
        Kind::Secret,
        "client secret",
    )
    .also(&["keymanager.security.oauth2.clientCredential.client_secret"]),
    Key::unset(
        "keymanager.security.oauth2.clientCredential.scopes",
        Kind::Text,
        "blank-separated scopes",
    ),
    Key::new(
        "keymanager.security.oauth2.directToken.enabled",
        Kind::Bool,
        "false",
        "use a given token",
    ),
    Key::unset(
        "keymanager.security.oauth2.directToken.accessToken",
        Kind::Secret,
        "the token",
    ),
    Key::inert("keymanager.security.oauth2.password.enabled", Kind::Bool),
    Key::inert("keymanager.security.oauth2.password.clientId", Kind::Text)
        .also(&["keymanager.security.oauth2.password.client_id"]),
    Key::inert("keymanager.security.oauth2.password.clientSecret", Kind::Secret),
    Key::inert("keymanager.security.oauth2.password.scopes", Kind::Text),
    Key::inert("keymanager.security.oauth2.password.username", Kind::Text),
    Key::inert("keymanager.security.oauth2.password.password", Kind::Secret),
    Key::inert("keymanager.security.oauth2.refresh.enabled", Kind::Bool),
    Key::inert("keymanager.security.oauth2.refresh.refreshUrl", Kind::Text),
    Key::inert("keymanager.security.oauth2.refresh.scopes", Kind::Text),
    Key::inert("keymanager.security.oauth2.refresh.refreshToken", Kind::Secret),
    Key::inert("keymanager.security.oauth2.refresh.clientId", Kind::Text)
        .also(&["keymanager.security.oauth2.refresh.client_id"]),
    Key::inert("keymanager.security.oauth2.refresh.clientSecret", Kind::Secret),
    Key::inert("keyManager.enableLegacyMode", Kind::Bool),
    Key::inert("keyManager.remoteUserClaimRetrievalEnabled", Kind::Bool),
    Key::inert("keyManager.issuer", Kind::Text),
];

/// How the gateway authenticates to the key manager.
#[derive(Debug, Clone)]
pub enum KeyManagerAuth {
    /// User name and password.
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// An access token.
    OAuth2(Grant),
    /// Nothing.
    None,
}

/// How the gateway gets its access token.
#[derive(Debug, Clone)]
pub enum Grant {
    /// From the token endpoint.
    ClientCredentials {
        /// Token endpoint.
        token_url: Url,
        /// Client id.
        client_id: String,
        /// Client secret.
        client_secret: SecretString,
        /// Blank-separated scopes.
        scopes: Option<String>,
        /// Send the client's credentials in the body, not in the header.
        in_body: bool,
    },
    /// From the configuration.
    Direct(SecretString),
}

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
            ca_file: reader.text("keyManager.caFile").map(PathBuf::from),
            timeout: reader.milliseconds("keyManager.timeout"),
            max_concurrent_calls: reader.count("keyManager.maxConcurrentCalls"),
            introspect_failed_jwt: reader.bool("keyManager.enableIntrospectForFailedJWT"),
            auth: auth(reader),
        }
    }
}

fn auth(reader: &mut Reader<'_>) -> KeyManagerAuth {
    const OAUTH2: &str = "keymanager.security.oauth2";
    if reader.bool("keymanager.security.basic.enabled") {
        let old = reader.text("keyManager.username").zip(
            reader
                .secret("keyManager.password")
                .filter(|password| !password.expose_secret().is_empty()),
        );
        let (username, password) = old.unwrap_or_else(|| {
            (
                reader.text_or_empty("keymanager.security.basic.username"),
                reader.secret("keymanager.security.basic.password").unwrap_or_default(),
            )
        });
        return KeyManagerAuth::Basic { username, password };
    }
    if !reader.bool("keymanager.security.oauth2.enabled") {
        return KeyManagerAuth::None;
    }
    if reader.bool("keymanager.security.oauth2.directToken.enabled") {
        let token = reader.secret("keymanager.security.oauth2.directToken.accessToken");
        if token.is_none() {
            reader.fail(
                "keymanager.security.oauth2.directToken.enabled",
                format!("`{OAUTH2}.directToken.accessToken` is missing"),
                "Set it, best from the environment.",
            );
        }
        return KeyManagerAuth::OAuth2(Grant::Direct(token.unwrap_or_default()));
    }
    let token_url = reader.url("keymanager.security.oauth2.tokenUrl");
    let client_id = reader.text("keymanager.security.oauth2.clientCredential.clientId");
    let client_secret = reader.secret("keymanager.security.oauth2.clientCredential.clientSecret");
    match (token_url, client_id, client_secret) {
        (Some(token_url), Some(client_id), Some(client_secret)) => KeyManagerAuth::OAuth2(Grant::ClientCredentials {
            token_url,
            client_id,
            client_secret,
            scopes: reader.text("keymanager.security.oauth2.clientCredential.scopes"),
            in_body: reader.text("keymanager.security.oauth2.credentialBearer").as_deref() == Some("POST_BODY_BEARER"),
        }),
        _ => {
            reader.fail(
                "keymanager.security.oauth2.enabled",
                format!("`{OAUTH2}` is enabled without a complete grant"),
                "Set `tokenUrl` and `clientCredential.clientId` and `.clientSecret`, or `directToken.accessToken`.",
            );
            KeyManagerAuth::None
        }
    }
}
