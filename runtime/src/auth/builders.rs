//! Makes the parts of [`Security`](super::Security) from the configuration and the files it names.

use super::backend_jwt::Signer;
use super::backend_tokens::BackendTokens;
use super::certificates::{Certificates, files, unresolved_alias};
use super::introspection::Introspector;
use super::issuers::TrustedIssuer;
use super::jwks::KeySource;
use super::jwt::{Expectations, VerificationKey};
use super::token_proxy::TokenProxy;
use super::{Revocations, SecurityError};
use crate::config::{Algorithm, ApiKeys, BackendJwtSigning, CertificateAliases, Issuer, KeyManager, RuntimeConfig};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

/// Largest key or certificate file.
const MAX_PEM: u64 = 1 << 20;

/// Makes a trusted issuer: reads its pinned key, starts fetching those at a URL.
pub(super) fn trusted(
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

/// Makes the signer of tokens for backends, where it is switched on.
pub(super) fn backend_tokens(config: &RuntimeConfig) -> Result<Option<BackendTokens>, SecurityError> {
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

/// Makes the connection to the key manager, where there is one.
pub(super) fn introspector(
    config: &KeyManager,
    control: &tokio::runtime::Handle,
) -> Result<Option<Arc<Introspector>>, SecurityError> {
    let roots = key_manager_roots(config)?;
    Introspector::new(config, roots.as_deref(), control).map_err(|reason| SecurityError::KeyManager { reason })
}

/// Reads the client certificates of one API.
pub(super) fn accept_certificates(
    certificates: &mut Certificates,
    entry: &CertificateAliases,
) -> Result<(), SecurityError> {
    const SETTING: &str = "mutualSSLConfig.api.certificates";
    if let Some(alias) = unresolved_alias(entry) {
        // Every file of micro-gw names aliases, used or not. What cannot be read accepts nobody.
        tracing::warn!(
            alias,
            setting = SETTING,
            "trust stores are not read: no client certificate is accepted by alias"
        );
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
pub(super) fn revoke_from_file(revocations: &Revocations, path: &Path) -> Result<(), SecurityError> {
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
pub(super) fn api_key_issuer(
    keys: &ApiKeys,
    own: Option<&Signer>,
    skew_ms: u64,
) -> Result<Option<TrustedIssuer>, SecurityError> {
    let algorithms = vec![Algorithm::Rs256];
    let files = [
        (&keys.certificate_file, "apikey.tokenConfigs.certificateFile"),
        (&keys.public_key_file, "apikey.tokenConfigs.publicKeyFile"),
    ];
    // The gateway accepts what it issues itself.
    let own = own
        .filter(|_| keys.issuer == keys.own_issuer.issuer)
        .and_then(Signer::public_key);
    let own = own.and_then(|der| VerificationKey::from_spki(&der, &algorithms).ok());
    let Some(pinned) = pinned(files, &algorithms)?.or(own) else {
        if let Some(alias) = &keys.certificate_alias {
            let setting = "apikey.tokenConfigs.certificateAlias";
            tracing::warn!(alias, setting, "trust stores are not read: no API key is accepted");
        }
        return Ok(None);
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

/// Makes the signer of API keys: with its own key, else the listener's. Without any there is no such service.
pub(super) fn api_key_signer(config: &RuntimeConfig) -> Result<Option<Signer>, SecurityError> {
    const KEY: &str = "apikey.issuer.tokenConfig.privateKeyFile";
    let settings = &config.api_keys.own_issuer;
    let own = settings.private_key_file.as_ref();
    let Some(path) = own
        .or(config.listener.private_key_file.as_ref())
        .filter(|_| settings.enabled)
    else {
        return Ok(None);
    };
    match Signer::for_api_keys(&read(path, KEY)?, &settings.key_id) {
        Ok(signer) => Ok(Some(signer)),
        // Listeners may have keys that cannot sign API keys; only a key given for it must be able to.
        Err(_) if own.is_none() => Ok(None),
        Err(error) => Err(SecurityError::Key {
            path: path.clone(),
            setting: KEY,
            reason: error.to_string(),
        }),
    }
}

/// Makes the proxy of the token endpoints, where there is a key manager.
pub(super) fn token_proxy(
    config: &KeyManager,
    control: &tokio::runtime::Handle,
) -> Result<Option<TokenProxy>, SecurityError> {
    let roots = key_manager_roots(config)?;
    TokenProxy::new(config, roots.as_deref(), control).map_err(|reason| SecurityError::KeyManager { reason })
}

fn key_manager_roots(config: &KeyManager) -> Result<Option<Vec<u8>>, SecurityError> {
    config
        .ca_file
        .as_ref()
        .map(|path| read(path, "keyManager.caFile"))
        .transpose()
}
