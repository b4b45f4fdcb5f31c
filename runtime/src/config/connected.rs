//! Connections to the control plane.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::SecretString;
use url::Url;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "apim.eventHub.enable",
        Kind::Bool,
        "false",
        "follow the control plane's data while running",
    ),
    Key::new(
        "apim.eventHub.serviceUrl",
        Kind::Text,
        "https://localhost:9443",
        "control plane",
    ),
    Key::new(
        "apim.eventHub.internalDataContext",
        Kind::Text,
        "/internal/data/v1/",
        "path of its data services",
    ),
    Key::new("apim.eventHub.username", Kind::Text, "admin", "user"),
    Key::new("apim.eventHub.password", Kind::Secret, "admin", "password"),
    Key::unset("apim.eventHub.eventListeningEndpoints", Kind::Secret, "broker URL"),
    Key::new(
        "apim.credentials.username",
        Kind::Text,
        "admin",
        "user for the control plane's other services",
    ),
    Key::new("apim.credentials.password", Kind::Secret, "admin", "its password"),
    Key::inert("api.usage.data.path", Kind::Text),
    Key::inert("analytics.fileUpload.enable", Kind::Bool),
    Key::inert("analytics.gRPCAnalytics.enable", Kind::Bool),
];

/// Credentials for the control plane's services.
#[derive(Debug, Clone)]
pub struct InternalCredentials {
    /// User.
    pub username: String,
    /// Password.
    pub password: SecretString,
}

/// The control plane's data and event services.
#[derive(Debug, Clone)]
pub struct EventHub {
    /// Whether they are used.
    pub enabled: bool,
    /// Control plane.
    pub service_url: Option<Url>,
    /// Path of the data services, without slashes around it.
    pub data_context: String,
    /// Credentials for them.
    pub credentials: InternalCredentials,
    /// Broker URL, which holds credentials.
    pub broker: Option<SecretString>,
    /// Credentials for other services.
    pub other: InternalCredentials,
}

impl EventHub {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let credentials = |reader: &Reader<'_>, username: &str, password: &str| InternalCredentials {
            username: reader.text_or_empty(username),
            password: reader.secret(password).unwrap_or_default(),
        };
        Self {
            enabled: reader.bool("apim.eventHub.enable"),
            service_url: reader.url("apim.eventHub.serviceUrl"),
            data_context: reader
                .text_or_empty("apim.eventHub.internalDataContext")
                .trim_matches('/')
                .to_owned(),
            credentials: credentials(reader, "apim.eventHub.username", "apim.eventHub.password"),
            broker: reader.secret("apim.eventHub.eventListeningEndpoints"),
            other: credentials(reader, "apim.credentials.username", "apim.credentials.password"),
        }
    }
}
