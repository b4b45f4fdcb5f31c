//! What authentication keeps for the life of the gateway.

use super::backend_jwt::Signer;
use super::backend_tokens::BackendTokens;
use super::certificates::{Certificates, files, unresolved_alias};
use super::introspection::Introspector;
use super::issuers::{Issuers, TrustedIssuer};
use super::jwks::{KeySource, KeySourceStatus};
use super::jwt::{Expectations, VerificationKey};
use super::passwords::Passwords;
use super::{CredentialKind, Revocations};
use crate::config::{Algorithm, ApiKeys, BackendJwtSigning, CertificateAliases, Issuer, KeyManager, RuntimeConfig};
use crate::throttle::Counters;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Largest key or certificate file.
const MAX_PEM: u64 = 1 << 20;

/// Why authentication cannot start.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// A file cannot be read.
    #[error("read {path} for `{setting}`")]
    Read {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// A file does not hold a usable key.
    #[error("use {path} for `{setting}`: {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// The key of the configuration.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The trust store of an alias is not available.
    #[error(
        "find certificate alias `{alias}` of `{setting}`: trust stores are not read; export the certificate as PEM and name its file"
    )]
    Alias {
        /// The alias.
        alias: String,
        /// The key of the configuration.
        setting: &'static str,
    },
    /// The client for the key manager cannot be made.
    #[error("prepare the connection to the key manager: {reason}")]
    KeyManager {
        /// What is wrong.
        reason: String,
    },
    /// Tokens for backends are to be signed and there is no key.
    #[error("sign tokens for backends: `{setting}` is not set, nor `listenerConfig.privateKeyFile`")]
    NoSigningKey {
        /// The key of the configuration.
        setting: &'static str,
    },
    /// The system gives no random numbers.
    #[error("get random numbers from the system")]
    Random,
    /// The client for an issuer's keys cannot be made.
    #[error("prepare the connection to the keys of issuer `{issuer}`: {reason}")]
    Client {
        /// `iss`.
        issuer: String,
        /// What is wrong.
        reason: String,
    },
}

/// Trusted keys, revocations and quota counters. Shared by all cores and kept across reloads.
#[derive(Debug)]
pub struct Security {
    pub(super) config: RuntimeConfig,
    pub(super) tokens: Issuers,
    pub(super) api_keys: Issuers,
    pub(super) passwords: Arc<Passwords>,
    pub(super) certificates: Certificates,
    pub(super) backend_tokens: Option<BackendTokens>,
    pub(super) introspector: Option<Arc<Introspector>>,
    /// Revoked tokens.
    pub revocations: Revocations,
    /// Quota counters.
    pub counters: Arc<Counters>,
    /// Counts changes of trusted keys.
    key_generation: Arc<AtomicU64>,
}

impl Security {
    /// Reads keys from their files and starts fetching those that come from URLs, on the runtime of `control`. Does not
    /// wait for them.
    ///
    /// # Errors
    ///
    /// All problems with key files.
    pub fn start(config: &RuntimeConfig, control: &tokio::runtime::Handle) -> Result<Arc<Self>, Vec<SecurityError>> {
        let mut errors = Vec::new();
        let key_generation = Arc::new(AtomicU64::new(1));
        let skew_ms = u64::try_from(config.authentication.skew.as_millis()).unwrap_or(0);
        let mut tokens = Vec::new();
        for issuer in &config.issuers {
            match trusted(issuer, skew_ms, &key_generation, control) {
                Ok(trusted) => tokens.push(trusted),
                Err(error) => errors.push(error),
            }
        }
        let mut api_keys = Vec::new();
        match api_key_issuer(&config.api_keys, skew_ms) {
            Ok(issuer) => api_keys.extend(issuer),
            Err(error) => errors.push(error),
        }
        let mut certificates = Certificates::default();
        for entry in &config.mutual_tls.certificates {
            errors.extend(accept_certificates(&mut certificates, entry).err());
        }
        let revocations = Revocations::new(config.revocation.capacity);
        if let Some(path) = &config.revocation.file {
            errors.extend(revoke_from_file(&revocations, path).err());
        }
        let introspector = introspector(&config.key_manager, control).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let backend_tokens = backend_tokens(config).unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let passwords = Passwords::new(config.users.clone(), control.clone());
        let passwords = match passwords {
            Some(passwords) if errors.is_empty() => Arc::new(passwords),
            Some(_) => return Err(errors),
            None => {
                errors.push(SecurityError::Random);
                return Err(errors);
            }
        };
        let issuers = |kind, issuers| Issuers {
            kind,
            issuers,
            max_token_bytes: config.authentication.max_token_bytes,
        };
        Ok(Arc::new(Self {
            tokens: issuers(CredentialKind::Jwt, tokens),
            api_keys: issuers(CredentialKind::ApiKey, api_keys),
            counters: Arc::new(Counters::new(config.throttling.max_counters)),
            passwords,
            certificates,
            introspector,
            backend_tokens,
            revocations,
            key_generation,
            config: config.clone(),
        }))
    }

    /// Returns the state of every issuer whose keys come from a URL, for readiness and metrics.
    pub fn key_sources(&self, now_ms: u64) -> Vec<KeySourceStatus> {
        self.tokens.key_sources(now_ms).collect()
    }

    /// Returns how many questions to the key manager nobody answered; `None` without key manager.
    pub fn introspection_failures(&self) -> Option<u64> {
        self.introspector.as_ref().map(|introspector| introspector.failures())
    }

    /// Forgets what has expired. To be called about once a minute.
    pub fn sweep(&self, now_ms: u64) {
        self.counters.sweep(now_ms);
        self.revocations.sweep(now_ms);
    }

    pub(super) fn key_generation(&self) -> u64 {
        self.key_generation.load(Ordering::Acquire)
    }
}

fn trusted(
    issuer: &Issuer,
    skew_ms: u64,
    generation: &Arc<AtomicU64>,
    control: &tokio::runtime::Handle,
) -> Result<TrustedIssuer, SecurityError> {
    let source = match &issuer.jwks {
        None => None,
        Some(settings) => {
            let roots = match &settings.ca_file {
                Some(path) => Some(read(path, "jwksCaFile")?),
                None => None,
            };
            let source = KeySource::start(
                &issuer.issuer,
                &issuer.algorithms,
                settings,
                roots.as_deref(),
                Arc::clone(generation),
                control,
            );
            Some(source.map_err(|reason| SecurityError::Client {
                issuer: issuer.issuer.clone(),
                reason,
            })?)
        }
    };
    let files = [
        (&issuer.certificate_file, "certificateFile"),
        (&issuer.public_key_file, "publicKeyFile"),
    ];
    let pinned = pinned(files, &issuer.algorithms)?;
    if let Some(alias) = issuer.certificate_alias.as_ref().filter(|_| pinned.is_none()) {
        if source.is_none() {
            return Err(SecurityError::Alias {
                alias: alias.clone(),
                setting: "jwtTokenConfig.certificateAlias",
            });
        }
        tracing::warn!(
            alias,
            issuer = issuer.issuer,
            "the certificate alias is not used; the issuer's key URL is"
        );
    }
    Ok(TrustedIssuer {
        issuer: issuer.issuer.clone(),
        algorithms: issuer.algorithms.clone(),
        expectations: Expectations {
            audience: issuer.audience.clone(),
            required: issuer.required_claims.clone(),
            must_expire: true,
            skew_ms,
        },
        allow_padding: issuer.allow_padding,
        pinned,
        source,
        claims: issuer.claims.clone(),
        scope_claim: issuer.scope_claim.clone(),
        consumer_key_claim: issuer.consumer_key_claim.clone(),
        validate_subscription: issuer.validate_subscription,
    })
}

fn backend_tokens(config: &RuntimeConfig) -> Result<Option<BackendTokens>, SecurityError> {
    const KEY: &str = "jwtGeneratorConfig.privateKeyFile";
    let settings = &config.backend_jwt;
    if !settings.enabled {
        return Ok(None);
    }
    if settings.signing == BackendJwtSigning::Unsigned {
        return Ok(Some(BackendTokens::new(settings, Signer::unsigned())));
    }
    // The listener's key signs unless there is one of its own.
    let (key, certificate) = match &settings.private_key_file {
        Some(key) => (Some(key), settings.certificate_file.as_ref()),
        None => (
            config.listener.private_key_file.as_ref(),
            config.listener.certificate_file.as_ref(),
        ),
    };
    let path = key.ok_or(SecurityError::NoSigningKey { setting: KEY })?;
    let certificate = match certificate {
        Some(path) => Some(read(path, "jwtGeneratorConfig.certificateFile")?),
        None => None,
    };
    let signer = Signer::rs256(&read(path, KEY)?, certificate.as_deref()).map_err(|error| SecurityError::Key {
        path: path.clone(),
        setting: KEY,
        reason: error.to_string(),
    })?;
    Ok(Some(BackendTokens::new(settings, signer)))
}

fn introspector(
    config: &KeyManager,
    control: &tokio::runtime::Handle,
) -> Result<Option<Arc<Introspector>>, SecurityError> {
    let roots = match &config.ca_file {
        Some(path) => Some(read(path, "keyManager.caFile")?),
        None => None,
    };
    Introspector::new(config, roots.as_deref(), control).map_err(|reason| SecurityError::KeyManager { reason })
}

fn accept_certificates(certificates: &mut Certificates, entry: &CertificateAliases) -> Result<(), SecurityError> {
    const SETTING: &str = "mutualSSLConfig.api.certificates";
    if let Some(alias) = unresolved_alias(entry) {
        return Err(SecurityError::Alias {
            alias: alias.to_owned(),
            setting: SETTING,
        });
    }
    let pems = files(entry)
        .map(|path| read(path, SETTING))
        .collect::<Result<Vec<_>, _>>()?;
    certificates.add(entry, &pems).map_err(|reason| SecurityError::Key {
        path: entry.files.first().cloned().unwrap_or_default(),
        setting: SETTING,
        reason: reason.to_owned(),
    })
}

/// A list that cannot be applied completely must not be taken for applied.
fn revoke_from_file(revocations: &Revocations, path: &Path) -> Result<(), SecurityError> {
    const SETTING: &str = "tokenRevocationConfig.file";
    let text = std::fs::read_to_string(path).map_err(|source| SecurityError::Read {
        path: path.to_owned(),
        setting: SETTING,
        source,
    })?;
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now_ms = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    match revocations.apply(&text, now_ms) {
        Ok(_) => Ok(()),
        Err(errors) => Err(SecurityError::Key {
            path: path.to_owned(),
            setting: SETTING,
            reason: errors.first().map(ToString::to_string).unwrap_or_default(),
        }),
    }
}

/// Without a key for them, no API key is accepted; that is no error.
fn api_key_issuer(keys: &ApiKeys, skew_ms: u64) -> Result<Option<TrustedIssuer>, SecurityError> {
    let algorithms = vec![Algorithm::Rs256];
    let files = [
        (&keys.certificate_file, "apikey.tokenConfigs.certificateFile"),
        (&keys.public_key_file, "apikey.tokenConfigs.publicKeyFile"),
    ];
    let Some(pinned) = pinned(files, &algorithms)? else {
        return match &keys.certificate_alias {
            Some(alias) => Err(SecurityError::Alias {
                alias: alias.clone(),
                setting: "apikey.tokenConfigs.certificateAlias",
            }),
            None => Ok(None),
        };
    };
    Ok(Some(TrustedIssuer {
        issuer: keys.issuer.clone(),
        algorithms,
        expectations: Expectations {
            skew_ms,
            // API keys may live for ever.
            must_expire: false,
            ..Expectations::default()
        },
        allow_padding: keys.allow_padding,
        pinned: Some(pinned),
        source: None,
        claims: Vec::new(),
        scope_claim: None,
        consumer_key_claim: None,
        validate_subscription: None,
    }))
}

fn pinned(
    files: [(&Option<PathBuf>, &'static str); 2],
    algorithms: &[Algorithm],
) -> Result<Option<VerificationKey>, SecurityError> {
    for (path, setting) in files {
        let Some(path) = path else { continue };
        let pem = read(path, setting)?;
        let key = VerificationKey::from_pem(&pem, algorithms).map_err(|error| SecurityError::Key {
            path: path.clone(),
            setting,
            reason: error.to_string(),
        })?;
        return Ok(Some(key));
    }
    Ok(None)
}

fn read(path: &Path, setting: &'static str) -> Result<Vec<u8>, SecurityError> {
    let failed = |source| SecurityError::Read {
        path: path.to_owned(),
        setting,
        source,
    };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_PEM {
        return Err(SecurityError::Key {
            path: path.to_owned(),
            setting,
            reason: "the file is larger than 1 MiB".to_owned(),
        });
    }
    std::fs::read(path).map_err(failed)
}
