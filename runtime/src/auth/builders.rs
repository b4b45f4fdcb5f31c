//! Makes the parts of [`Security`](super::Security) from the configuration and the files it names.

use super::backend_jwt::Signer;
use super::backend_tokens::BackendTokens;
use super::certificates::{Certificates, OperatorClients, files};
use super::issuers::TrustedIssuer;
use super::jwks::KeySource;
use super::jwt::{Expectations, VerificationKey};
use super::key_manager::key_validation::KeyValidator;
use super::key_manager::{ClaimSource, Introspector, OpaqueTokens};
use super::token_proxy::TokenProxy;
use super::{Revocations, SecurityError};
use crate::config::{
    Algorithm, ApiKeys, BackendJwtSigning, CertificateAliases, Issuer, KeyManager, MutualTlsSettings, RuntimeConfig,
};
use crate::event_hub::amqp::Connections;
use crate::subscription_data::SubscriptionData;
use crate::tls::{ClientTrust, OpenStore};
use mgw_keystore::{KeyEntry, to_pem};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

/// Largest key or certificate file.
const MAX_PEM: u64 = 1 << 20;

/// Makes a trusted issuer: reads its pinned key, starts fetching those at a URL.
pub(super) fn trusted(
    issuer: &Issuer,
    trust: Option<&OpenStore>,
    skew_ms: u64,
    generation: &Arc<AtomicU64>,
    data_dir: Option<&Path>,
    control: &tokio::runtime::Handle,
) -> Result<TrustedIssuer, SecurityError> {
    let source = match &issuer.jwks {
        None => None,
        Some(settings) => {
            let roots = match &settings.ca_file {
                Some(path) => Some(read(path, "jwksCaFile")?),
                None => trust.map(stored_roots),
            };
            let source = KeySource::start(
                &issuer.issuer,
                &issuer.algorithms,
                settings,
                roots.as_deref(),
                Arc::clone(generation),
                data_dir,
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
    const ALIAS: &str = "jwtTokenConfig.certificateAlias";
    let mut pinned = pinned(files, &issuer.algorithms)?;
    if let (None, Some(alias), Some(trust)) = (&pinned, &issuer.certificate_alias, trust) {
        pinned = Some(by_alias(trust, alias, ALIAS, &issuer.algorithms)?);
    } else if let Some(alias) = issuer.certificate_alias.as_ref().filter(|_| pinned.is_none()) {
        if source.is_none() {
            return Err(SecurityError::Alias {
                alias: alias.clone(),
                setting: ALIAS,
            });
        }
        tracing::warn!(
            alias,
            issuer = issuer.issuer,
            "there is no trust store for the certificate alias; only the issuer's key URL is used"
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
        remote_claims: issuer.remote_claims,
    })
}

/// Makes the signer of tokens for backends, where it is switched on.
pub(super) fn backend_tokens(
    config: &RuntimeConfig,
    keys: Option<&OpenStore>,
) -> Result<Option<BackendTokens>, SecurityError> {
    const KEY: &str = "jwtGeneratorConfig.privateKeyFile";
    let settings = &config.backend_jwt;
    if !settings.enabled {
        return Ok(None);
    }
    let margin_ms = u64::try_from(config.authentication.skew.as_millis()).unwrap_or(0);
    if settings.signing == BackendJwtSigning::Unsigned {
        return Ok(Some(BackendTokens::new(settings, Signer::unsigned(), margin_ms)));
    }
    if let (None, Some(store)) = (&settings.private_key_file, keys) {
        let entry = match &settings.private_key_alias {
            Some(alias) => store.key(alias, "jwtGeneratorConfig.privateKeyAlias")?,
            None => store.first_key()?,
        };
        let (key, certificate) = (key_pem(entry), entry.chain.first().map(|leaf| certificate_pem(leaf)));
        let certificate = certificate.as_deref().map(str::as_bytes);
        let signer = Signer::rs256(key.as_bytes(), certificate).map_err(|error| SecurityError::Key {
            path: store.path().to_owned(),
            setting: "jwtGeneratorConfig.privateKeyAlias",
            reason: error.to_string(),
        })?;
        return Ok(Some(BackendTokens::new(settings, signer, margin_ms)));
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
    Ok(Some(BackendTokens::new(settings, signer, margin_ms)))
}

/// Makes the connection to the server with claims about users, where they are asked for.
pub(super) fn claim_source(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
) -> Result<Option<Arc<ClaimSource>>, SecurityError> {
    let Some(retrieval) = &config.claim_retrieval else {
        return Ok(None);
    };
    let roots = key_manager_roots(&config.key_manager, trust)?;
    ClaimSource::new(retrieval, &config.key_manager, roots.as_deref(), control)
        .map(Some)
        .map_err(|reason| SecurityError::KeyManager { reason })
}

/// Makes the connection to whoever knows opaque tokens.
pub(super) fn opaque_tokens(
    config: &KeyManager,
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
) -> Result<OpaqueTokens, SecurityError> {
    let Some(server) = &config.server_url else {
        return Ok(OpaqueTokens::Unknown);
    };
    let roots = key_manager_roots(config, trust)?;
    let roots = roots.as_deref();
    let opened = if config.key_validation {
        KeyValidator::new(server, config, roots, control).map(OpaqueTokens::Validated)
    } else {
        Introspector::new(server, config, roots, control).map(OpaqueTokens::Introspected)
    };
    opened.map_err(|reason| SecurityError::KeyManager { reason })
}

/// Collects whom the settings believe to be a client, and which API accepts whom: the authorities of
/// `mutualSSLConfig.clientCaFile` and of the trust store, and the certificates that are named themselves, all of the trust
/// store and those of `mutualSSLConfig.api.certificates`.
pub(super) fn operator_clients(
    settings: &MutualTlsSettings,
    trust: Option<&OpenStore>,
) -> Result<OperatorClients, SecurityError> {
    const CA_FILE: &str = "mutualSSLConfig.clientCaFile";
    let mut certificates = Certificates::default();
    for entry in &settings.certificates {
        accept_certificates(&mut certificates, entry, trust)?;
    }
    let named = match &settings.client_ca_file {
        Some(path) => {
            let pem = read(path, CA_FILE)?;
            let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
                .collect::<Result<_, _>>()
                .unwrap_or_default();
            if found.is_empty() {
                return Err(SecurityError::Key {
                    path: path.clone(),
                    setting: CA_FILE,
                    reason: "it holds no PEM certificate".to_owned(),
                });
            }
            found
        }
        None => Vec::new(),
    };
    let stored = || trust.into_iter().flat_map(OpenStore::certificates);
    // Without this, whoever holds the key of a client's certificate could sign another client's.
    let signers = stored().filter(|certificate| mgw_keystore::is_authority(certificate));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let trust = ClientTrust::new(
        named.iter().chain(signers),
        stored().chain(certificates.all()),
        provider,
    )?;
    Ok(OperatorClients {
        names: settings.names.clone(),
        trust,
        certificates,
    })
}

/// Reads the client certificates of one API.
fn accept_certificates(
    certificates: &mut Certificates,
    entry: &CertificateAliases,
    trust: Option<&OpenStore>,
) -> Result<(), SecurityError> {
    const SETTING: &str = "mutualSSLConfig.api.certificates";
    let aliased: Vec<CertificateDer<'static>> = match trust {
        Some(trust) => {
            let certificates = entry
                .aliases
                .iter()
                .map(|alias| trust.certificate(alias, SETTING).cloned());
            certificates.collect::<Result<_, _>>()?
        }
        None => {
            // Every file of micro-gw names aliases, used or not. Without a store they accept nobody.
            for alias in &entry.aliases {
                tracing::warn!(
                    alias,
                    setting = SETTING,
                    "there is no trust store: the alias accepts no certificate"
                );
            }
            Vec::new()
        }
    };
    let pems = files(entry)
        .map(|path| read(path, SETTING))
        .collect::<Result<Vec<_>, _>>()?;
    certificates
        .add(entry, aliased, &pems)
        .map_err(|reason| SecurityError::Key {
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
    trust: Option<&OpenStore>,
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
    const ALIAS: &str = "apikey.tokenConfigs.certificateAlias";
    let pinned = match (pinned(files, &algorithms)?.or(own), &keys.certificate_alias, trust) {
        (Some(pinned), _, _) => pinned,
        (None, Some(alias), Some(trust)) => by_alias(trust, alias, ALIAS, &algorithms)?,
        (None, Some(alias), None) => {
            tracing::warn!(
                alias,
                setting = ALIAS,
                "there is no trust store: no API key is accepted"
            );
            return Ok(None);
        }
        (None, None, _) => return Ok(None),
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
        remote_claims: false,
    }))
}

fn by_alias(
    trust: &OpenStore,
    alias: &str,
    setting: &'static str,
    algorithms: &[Algorithm],
) -> Result<VerificationKey, SecurityError> {
    let certificate = trust.certificate(alias, setting)?;
    VerificationKey::from_certificate(certificate, algorithms).map_err(|error| SecurityError::Key {
        path: trust.path().to_owned(),
        setting,
        reason: error.to_string(),
    })
}

fn key_pem(entry: &KeyEntry) -> String {
    to_pem("PRIVATE KEY", entry.key.secret_pkcs8_der())
}

fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    to_pem("CERTIFICATE", certificate)
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

/// Reads a file with keys or certificates.
pub(super) fn read(path: &Path, setting: &'static str) -> Result<Vec<u8>, SecurityError> {
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
pub(super) fn api_key_signer(
    config: &RuntimeConfig,
    keys: Option<&OpenStore>,
) -> Result<Option<Signer>, SecurityError> {
    const KEY: &str = "apikey.issuer.tokenConfig.privateKeyFile";
    let settings = &config.api_keys.own_issuer;
    let own = settings.private_key_file.as_ref();
    if !settings.enabled {
        return Ok(None);
    }
    if own.is_none() {
        const STORE: &str = "apikey.issuer.tokenConfig.certificateAlias";
        let alias = &settings.key_id;
        if let Some(store) = &settings.key_store {
            let store = OpenStore::open(store)?;
            let key = key_pem(store.key(alias, STORE)?);
            let signer = Signer::for_api_keys(key.as_bytes(), alias).map_err(|error| SecurityError::Key {
                path: store.path().to_owned(),
                setting: STORE,
                reason: error.to_string(),
            });
            return signer.map(Some);
        }
        if let Some(store) = keys {
            // The alias has a default, which names the key for verifiers even where it does not name it in the store.
            let entry = store.key(alias, STORE).or_else(|_| store.first_key())?;
            return Ok(Signer::for_api_keys(key_pem(entry).as_bytes(), alias).ok());
        }
    }
    let Some(path) = own.or(config.listener.private_key_file.as_ref()) else {
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
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
) -> Result<Option<TokenProxy>, SecurityError> {
    let roots = key_manager_roots(config, trust)?;
    TokenProxy::new(config, roots.as_deref(), control).map_err(|reason| SecurityError::KeyManager { reason })
}

/// Connects to the control plane's subscription data, where that is switched on. Their topic is added to `event_hub`.
pub(super) fn subscription_data(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
    event_hub: &mut Connections,
) -> Result<Option<Arc<SubscriptionData>>, SecurityError> {
    const CA_FILE: &str = "apim.eventHub.caFile";
    let Some(settings) = &config.subscription_data else {
        return Ok(None);
    };
    let ca_file = settings.ca_file.as_deref();
    let roots = extra_roots(ca_file, CA_FILE, trust)?;
    let data = SubscriptionData::start(settings, roots.as_deref(), control)
        .map_err(|reason| SecurityError::SubscriptionData { reason })?;
    if let Some(brokers) = &config.event_hub {
        let added = event_hub.add(brokers, roots, data.topic());
        added.map_err(|reason| unusable_roots(ca_file, CA_FILE, reason))?;
    }
    Ok(Some(data))
}

/// The authorities of a file, else those of the trust store.
fn key_manager_roots(config: &KeyManager, trust: Option<&OpenStore>) -> Result<Option<Vec<u8>>, SecurityError> {
    extra_roots(config.ca_file.as_deref(), "keyManager.caFile", trust)
}

/// Returns the certificates trusted for the control plane beside the system's: those of the file, else of the store.
pub(super) fn extra_roots(
    file: Option<&Path>,
    setting: &'static str,
    trust: Option<&OpenStore>,
) -> Result<Option<Vec<u8>>, SecurityError> {
    match file {
        Some(path) => read(path, setting).map(Some),
        None => Ok(trust.map(stored_roots)),
    }
}

/// Returns the error for certificates of [`extra_roots`] that cannot be trusted.
pub(super) fn unusable_roots(file: Option<&Path>, setting: &'static str, reason: String) -> SecurityError {
    match file {
        Some(path) => SecurityError::Key {
            path: path.to_owned(),
            setting,
            reason,
        },
        None => SecurityError::RevocationSource { reason },
    }
}

fn stored_roots(trust: &OpenStore) -> Vec<u8> {
    let authorities = trust
        .certificates()
        .filter(|certificate| mgw_keystore::is_authority(certificate));
    authorities
        .map(|certificate| certificate_pem(certificate))
        .collect::<String>()
        .into_bytes()
}
