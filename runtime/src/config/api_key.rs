//! API keys: which are accepted, and the gateway's own issuer.

use super::StoreSettings;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::path::PathBuf;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "apikey.tokenConfigs.issuer",
        Kind::Text,
        "https://localhost:9095/apikey",
        "exact `iss` of API keys",
    ),
    Key::unset(
        "apikey.tokenConfigs.certificateFile",
        Kind::File,
        "PEM certificate that API keys are signed with",
    ),
    Key::unset(
        "apikey.tokenConfigs.publicKeyFile",
        Kind::File,
        "PEM public key that API keys are signed with",
    ),
    Key::unset(
        "apikey.tokenConfigs.certificateAlias",
        Kind::Text,
        "alias of that certificate in the listener's trust store",
    ),
    Key::new(
        "apikey.tokenConfigs.validateAllowedAPIs",
        Kind::Bool,
        "false",
        "refuse API keys that do not name the API",
    ),
    Key::new(
        "apikey.tokenConfigs.allowPadding",
        Kind::Bool,
        "true",
        "accept the `=` padding that API Manager writes in API keys",
    ),
    Key::new(
        "apikey.issuer.tokenConfig.enabled",
        Kind::Bool,
        "true",
        "issue API keys at /apikey",
    ),
    Key::unset(
        "apikey.issuer.tokenConfig.privateKeyFile",
        Kind::File,
        "PEM key that signs issued API keys",
    ),
    Key::unset(
        "apikey.issuer.tokenConfig.keyStorePath",
        Kind::File,
        "PKCS#12 store with that key under `certificateAlias`; unset: the listener's",
    ),
    Key::unset(
        "apikey.issuer.tokenConfig.keyStorePassword",
        Kind::Secret,
        "its password",
    ),
    Key::new(
        "apikey.issuer.tokenConfig.issuer",
        Kind::Text,
        "https://localhost:9095/apikey",
        "`iss` of issued API keys",
    ),
    Key::new(
        "apikey.issuer.tokenConfig.certificateAlias",
        Kind::Text,
        "ballerina",
        "`kid` of issued API keys",
    ),
    Key::new(
        "apikey.issuer.tokenConfig.validityTime",
        Kind::OPTIONAL_COUNT,
        "-1",
        "seconds that issued API keys live; -1: for ever",
    ),
    Key::unset(
        "apikey.issuer.api",
        Kind::Tables(API_KEYS),
        "APIs that issued API keys are allowed for",
    ),
];

const API_KEYS: &[Key] = &[
    Key::unset("name", Kind::Text, "API name"),
    Key::new("versions", Kind::List, "*", "its versions; `*`: all"),
];

/// Which API keys are accepted.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    /// Exact `iss`.
    pub issuer: String,
    /// PEM certificate of the signer.
    pub certificate_file: Option<PathBuf>,
    /// PEM public key of the signer.
    pub public_key_file: Option<PathBuf>,
    /// Alias in the listener's trust store.
    pub certificate_alias: Option<String>,
    /// Refuse keys that do not name the API.
    pub validate_allowed_apis: bool,
    /// Accept padded base64url.
    pub allow_padding: bool,
    /// The gateway's own issuer.
    pub own_issuer: ApiKeyIssuer,
}

/// The gateway's own issuer of API keys.
#[derive(Debug, Clone)]
pub struct ApiKeyIssuer {
    /// Whether `/apikey` issues keys.
    pub enabled: bool,
    /// PEM key that signs; the listener's key when absent.
    pub private_key_file: Option<PathBuf>,
    /// PKCS#12 store with that key under the alias `key_id`.
    pub key_store: Option<StoreSettings>,
    /// `iss` of issued keys.
    pub issuer: String,
    /// `kid` of issued keys.
    pub key_id: String,
    /// Life in seconds; `None`: for ever.
    pub validity_seconds: Option<u64>,
    /// APIs that issued keys are allowed for.
    pub apis: Vec<IssuedApi>,
}

/// An API that issued keys are allowed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedApi {
    /// API name.
    pub name: String,
    /// Versions, or `*`.
    pub versions: Vec<String>,
}

impl ApiKeys {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let path = |reader: &Reader<'_>, name| reader.file(name);
        Self {
            issuer: reader.text_or_empty("apikey.tokenConfigs.issuer"),
            certificate_file: path(reader, "apikey.tokenConfigs.certificateFile"),
            public_key_file: path(reader, "apikey.tokenConfigs.publicKeyFile"),
            certificate_alias: reader.text("apikey.tokenConfigs.certificateAlias"),
            validate_allowed_apis: reader.bool("apikey.tokenConfigs.validateAllowedAPIs"),
            allow_padding: reader.bool("apikey.tokenConfigs.allowPadding"),
            own_issuer: ApiKeyIssuer {
                enabled: reader.bool("apikey.issuer.tokenConfig.enabled"),
                private_key_file: path(reader, "apikey.issuer.tokenConfig.privateKeyFile"),
                key_store: StoreSettings::read(
                    reader,
                    "apikey.issuer.tokenConfig.keyStorePath",
                    "apikey.issuer.tokenConfig.keyStorePassword",
                ),
                issuer: reader.text_or_empty("apikey.issuer.tokenConfig.issuer"),
                key_id: reader.text_or_empty("apikey.issuer.tokenConfig.certificateAlias"),
                validity_seconds: reader
                    .limit("apikey.issuer.tokenConfig.validityTime")
                    .filter(|&life| life > 0),
                apis: reader.tables("apikey.issuer.api", |reader| {
                    let name = reader.text("name");
                    if name.is_none() {
                        reader.fail(
                            "name",
                            "an API without `name`",
                            "Name the API that keys are issued for.",
                        );
                    }
                    Some(IssuedApi {
                        name: name?,
                        versions: reader.list("versions"),
                    })
                }),
            },
        }
    }
}
