//! The token that tells backends who is calling.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use http::HeaderName;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "jwtConfig.header",
        Kind::Text,
        "X-JWT-Assertion",
        "header of the backend token; a client's own is always removed",
    ),
    Key::new(
        "jwtGeneratorConfig.jwtGeneratorEnabled",
        Kind::Bool,
        "false",
        "generate a backend token",
    ),
    Key::new(
        "jwtGeneratorConfig.claimDialect",
        Kind::Text,
        "http://wso2.org/claims",
        "prefix of claim names",
    ),
    Key::new(
        "jwtGeneratorConfig.signingAlgorithm",
        Kind::OneOf(&["SHA256withRSA", "NONE"]),
        "SHA256withRSA",
        "how it is signed",
    ),
    Key::unset(
        "jwtGeneratorConfig.privateKeyFile",
        Kind::File,
        "PEM key that signs; unset: the listener's",
    ),
    Key::unset(
        "jwtGeneratorConfig.certificateFile",
        Kind::File,
        "PEM certificate of that key",
    ),
    Key::unset(
        "jwtGeneratorConfig.certificateAlias",
        Kind::Text,
        "alias of the certificate in that store whose thumbprint names the key to backends; unset: the key's own",
    ),
    Key::unset(
        "jwtGeneratorConfig.privateKeyAlias",
        Kind::Text,
        "alias of the key that signs in the listener's key store; unset: the first",
    ),
    Key::new(
        "jwtGeneratorConfig.tokenExpiry",
        Kind::POSITIVE,
        "900000",
        "ms that a backend token lives",
    ),
    Key::new(
        "jwtGeneratorConfig.restrictedClaims",
        Kind::List,
        "",
        "claims of the access token that are not passed on",
    ),
    Key::new("jwtGeneratorConfig.issuer", Kind::Text, "wso2.org/products/am", "`iss`"),
    Key::new(
        "jwtGeneratorConfig.audience",
        Kind::List,
        "",
        "`aud`; none: no such claim",
    ),
    Key::inert("jwtGeneratorConfig.generatorImpl", Kind::Text),
    Key::new(
        "jwtGeneratorConfig.jwtGeneratorCaching.tokenCacheEnable",
        Kind::Bool,
        "true",
        "reuse a backend token for the same caller and API",
    ),
    Key::new(
        "jwtGeneratorConfig.jwtGeneratorCaching.tokenCacheExpiryTime",
        Kind::POSITIVE,
        "900000",
        "ms that a reused backend token lives",
    ),
    Key::inert("jwtGeneratorConfig.jwtGeneratorCaching.tokenCacheCapacity", Kind::COUNT),
    Key::inert(
        "jwtGeneratorConfig.jwtGeneratorCaching.tokenCacheEvictionFactor",
        Kind::Float,
    ),
];

/// How the backend token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendJwtSigning {
    /// RS256.
    Rs256,
    /// Not at all: `alg` is `none`.
    Unsigned,
}

/// The token for backends.
#[derive(Debug, Clone)]
pub struct BackendJwt {
    /// Its header.
    pub header: HeaderName,
    /// Whether one is generated.
    pub enabled: bool,
    /// Prefix of claim names.
    pub dialect: String,
    /// How it is signed.
    pub signing: BackendJwtSigning,
    /// PEM key; the listener's when absent.
    pub private_key_file: Option<PathBuf>,
    /// Alias of the key in the listener's key store; the first when absent.
    pub private_key_alias: Option<String>,
    /// Alias of the certificate in the store that names the key; the key's own when absent.
    pub certificate_alias: Option<String>,
    /// PEM certificate of that key.
    pub certificate_file: Option<PathBuf>,
    /// Claims that are not passed on, beside the built-in ones.
    pub restricted_claims: Vec<String>,
    /// `iss`.
    pub issuer: String,
    /// `aud`; none: no such claim.
    pub audience: Vec<String>,
    /// Reuse a token for the same caller and API.
    pub cached: bool,
    /// How long a token lives.
    pub life: Duration,
}

impl BackendJwt {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let cached = reader.bool("jwtGeneratorConfig.jwtGeneratorCaching.tokenCacheEnable");
        Self {
            header: reader
                .header_name("jwtConfig.header")
                .unwrap_or(HeaderName::from_static("x-jwt-assertion")),
            enabled: reader.bool("jwtGeneratorConfig.jwtGeneratorEnabled"),
            dialect: reader.text_or_empty("jwtGeneratorConfig.claimDialect"),
            signing: match reader.text("jwtGeneratorConfig.signingAlgorithm").as_deref() {
                Some("NONE") => BackendJwtSigning::Unsigned,
                _ => BackendJwtSigning::Rs256,
            },
            private_key_file: reader.file("jwtGeneratorConfig.privateKeyFile"),
            private_key_alias: reader.text("jwtGeneratorConfig.privateKeyAlias"),
            certificate_alias: reader.text("jwtGeneratorConfig.certificateAlias"),
            certificate_file: reader.file("jwtGeneratorConfig.certificateFile"),
            restricted_claims: reader.list("jwtGeneratorConfig.restrictedClaims"),
            issuer: reader.text_or_empty("jwtGeneratorConfig.issuer"),
            audience: reader.list("jwtGeneratorConfig.audience"),
            cached,
            life: if cached {
                reader.milliseconds("jwtGeneratorConfig.jwtGeneratorCaching.tokenCacheExpiryTime")
            } else {
                reader.milliseconds("jwtGeneratorConfig.tokenExpiry")
            },
        }
    }
}
