//! Trusted issuers of JWT access tokens (`[[jwtTokenConfig]]`).

use super::TablePlaces;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use super::shown::quoted;
use super::what_is_set::without_credentials;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub(super) const ROOT_KEYS: &[Key] = &[Key::unset(
    "jwtTokenConfig",
    Kind::Tables(KEYS),
    "one table per trusted issuer; a single `[jwtTokenConfig]` is accepted",
)];

const KEYS: &[Key] = &[
    Key::new(
        "issuer",
        Kind::Text,
        "https://localhost:9443/oauth2/token",
        "exact value of `iss`",
    ),
    Key::new("audience", Kind::List, "", "accepted values of `aud`; none: any"),
    Key::new(
        "algorithms",
        Kind::List,
        "RS256",
        "accepted signature algorithms: RS, PS and ES 256, 384, 512, and EdDSA",
    ),
    Key::unset("publicKeyFile", Kind::File, "PEM public key of the issuer"),
    Key::unset("certificateFile", Kind::File, "PEM certificate of the issuer"),
    Key::unset(
        "certificateAlias",
        Kind::Text,
        "alias of the issuer's certificate in the listener's trust store",
    ),
    Key::unset("jwksURL", Kind::Text, "where the issuer publishes its keys"),
    Key::unset(
        "jwksCaFile",
        Kind::File,
        "PEM certificates trusted for the JWKS server beside the system's",
    ),
    Key::new(
        "jwksTimeout",
        Kind::Integer { min: 1, max: 60_000 },
        "5000",
        "ms for one fetch",
    ),
    Key::new(
        "jwksMaxBytes",
        Kind::Integer {
            min: 64,
            max: 16_777_216,
        },
        "1048576",
        "largest key document",
    ),
    Key::new(
        "jwksRefreshInterval",
        Kind::Integer { min: 1, max: 86_400 },
        "300",
        "seconds after which keys are fetched again",
    ),
    Key::new(
        "jwksMinRefreshInterval",
        Kind::Integer { min: 1, max: 86_400 },
        "60",
        "seconds between two fetches, whatever tokens come",
    ),
    Key::new(
        "jwksMaxStale",
        Kind::Integer { min: 1, max: 2_592_000 },
        "86400",
        "seconds for which keys serve while they cannot be fetched",
    ),
    Key::unset(
        "validateSubscription",
        Kind::Bool,
        "whether callers need a subscription; unset: `security.validateSubscriptions`",
    ),
    Key::unset(
        "consumerKeyClaim",
        Kind::Text,
        "claim with the consumer key; unset: `azp`, `client_id`, `aud`",
    ),
    Key::unset(
        "scopeClaim",
        Kind::Text,
        "claim with the scopes; unset: `scope`, `scp`, `scopes`",
    ),
    Key::new("requiredClaims", Kind::List, "", "claims that a token must carry"),
    Key::new(
        "allowPadding",
        Kind::Bool,
        "false",
        "accept the `=` padding that API Manager 2.6 and 3.0 write",
    ),
    Key::new("claims", Kind::Tables(CLAIM_KEYS), "", "claims to rename"),
    Key::inert("claimMapperClassName", Kind::Text),
    Key::new(
        "remoteUserClaimRetrievalEnabled",
        Kind::Bool,
        "false",
        "fetch claims about its users for the token for backends",
    ),
];

const CLAIM_KEYS: &[Key] = &[
    Key::unset("remoteClaim", Kind::Text, "name in the token"),
    Key::unset("localClaim", Kind::Text, "name in the gateway"),
];

/// A signature algorithm of JSON Web Tokens. There is neither `none` nor HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// Returns the name in the `alg` header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Returns the algorithm with this exact name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

/// A claim that gets another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMapping {
    /// Name in the token.
    pub remote: String,
    /// Name in the gateway.
    pub local: String,
}

/// How an issuer's keys are fetched.
#[derive(Debug, Clone)]
pub struct JwksSettings {
    /// Where the keys are.
    pub url: Url,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// For one fetch.
    pub timeout: Duration,
    /// Largest document.
    pub max_bytes: usize,
    /// After which keys are fetched again.
    pub refresh_interval: Duration,
    /// Between two fetches.
    pub min_refresh_interval: Duration,
    /// For which keys serve while they cannot be fetched.
    pub max_stale: Duration,
}

/// A trusted issuer.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Exact value of `iss`.
    pub issuer: String,
    /// Accepted audiences; none: any.
    pub audience: Vec<String>,
    /// Accepted algorithms, at least one.
    pub algorithms: Vec<Algorithm>,
    /// PEM public key.
    pub public_key_file: Option<PathBuf>,
    /// PEM certificate.
    pub certificate_file: Option<PathBuf>,
    /// Alias in the listener's trust store.
    pub certificate_alias: Option<String>,
    /// Keys by URL.
    pub jwks: Option<JwksSettings>,
    /// Whether callers need a subscription.
    pub validate_subscription: Option<bool>,
    /// Fetch claims about its users.
    pub remote_claims: bool,
    /// Claim with the consumer key.
    pub consumer_key_claim: Option<String>,
    /// Claim with the scopes.
    pub scope_claim: Option<String>,
    /// Claims that must be there.
    pub required_claims: Vec<String>,
    /// Accept padded base64url.
    pub allow_padding: bool,
    /// Claims to rename.
    pub claims: Vec<ClaimMapping>,
    /// Where its settings were made.
    pub places: TablePlaces,
}

/// Reads all issuers.
pub(super) fn read(reader: &mut Reader<'_>) -> Vec<Issuer> {
    reader.tables("jwtTokenConfig", Issuer::read)
}

impl Issuer {
    /// An issuer with one public key in a PEM file and no further demands.
    pub fn with_public_key_file(issuer: impl Into<String>, file: PathBuf, algorithm: Algorithm) -> Self {
        Self {
            issuer: issuer.into(),
            audience: Vec::new(),
            algorithms: vec![algorithm],
            public_key_file: Some(file),
            certificate_file: None,
            certificate_alias: None,
            jwks: None,
            validate_subscription: None,
            remote_claims: false,
            consumer_key_claim: None,
            scope_claim: None,
            required_claims: Vec::new(),
            allow_padding: false,
            claims: Vec::new(),
            places: TablePlaces::default(),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut algorithms = Vec::new();
        for name in reader.list("algorithms") {
            match Algorithm::named(&name) {
                Some(algorithm) => algorithms.push(algorithm),
                None => reader.fail(
                    "algorithms",
                    format!("`algorithms` names {}, which is not accepted", quoted(&name)),
                    "Use RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA. Neither `none` nor \
                     shared-secret algorithms are safe for access tokens.",
                ),
            }
        }
        if algorithms.is_empty() && reader.errors.is_empty() {
            reader.fail("algorithms", "`algorithms` is empty", "Leave it out for RS256.");
        }
        let url = reader.public_url("jwksURL");
        let jwks = url.map(|url| JwksSettings {
            url,
            ca_file: reader.file("jwksCaFile"),
            timeout: reader.milliseconds("jwksTimeout"),
            max_bytes: reader.count("jwksMaxBytes"),
            refresh_interval: reader.seconds("jwksRefreshInterval"),
            min_refresh_interval: reader.seconds("jwksMinRefreshInterval"),
            max_stale: reader.seconds("jwksMaxStale"),
        });
        let issuer = Self {
            issuer: reader.text_or_empty("issuer"),
            audience: reader.list("audience"),
            algorithms,
            public_key_file: reader.file("publicKeyFile"),
            certificate_file: reader.file("certificateFile"),
            certificate_alias: reader.text("certificateAlias"),
            jwks,
            validate_subscription: reader.optional_bool("validateSubscription"),
            remote_claims: reader.bool("remoteUserClaimRetrievalEnabled"),
            consumer_key_claim: reader.text("consumerKeyClaim"),
            scope_claim: reader.text("scopeClaim"),
            required_claims: reader.list("requiredClaims"),
            allow_padding: reader.bool("allowPadding"),
            claims: reader.tables("claims", ClaimMapping::read),
            places: reader.places(),
        };
        if issuer.issuer.is_empty() {
            reader.fail(
                "issuer",
                "`issuer` is empty",
                "Give the exact value of the tokens' `iss` claim.",
            );
        }
        if without_credentials(&issuer.issuer) != issuer.issuer {
            reader.warn(
                "issuer",
                "`issuer` holds a user name, a password or a query: it is compared with the `iss` claim as it is, and shown in logs",
            );
        }
        let keyless = issuer.public_key_file.is_none()
            && issuer.certificate_file.is_none()
            && issuer.certificate_alias.is_none()
            && issuer.jwks.is_none()
            && !reader.is_set("jwksURL");
        if keyless {
            reader.fail(
                "issuer",
                format!("issuer {} has no key", quoted(&without_credentials(&issuer.issuer))),
                "Set `jwksURL`, `certificateFile`, `publicKeyFile` or `certificateAlias`.",
            );
        }
        Some(issuer)
    }
}

impl ClaimMapping {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let (remote, local) = (reader.text("remoteClaim"), reader.text("localClaim"));
        match (remote, local) {
            (Some(remote), Some(local)) => Some(Self { remote, local }),
            _ => {
                reader.fail(
                    "remoteClaim",
                    "a claim mapping needs `remoteClaim` and `localClaim`",
                    "Set both, or remove the table.",
                );
                None
            }
        }
    }
}
