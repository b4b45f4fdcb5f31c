//! Makes the trusted issuers of tokens and API keys.

use super::control_plane::stored_roots;
use super::files::{read, roots as roots_of};
use crate::asking::Asking;
use crate::auth::SecurityError;
use crate::auth::backend_jwt::Signer;
use crate::auth::issuers::TrustedIssuer;
use crate::auth::jwks::KeySource;
use crate::auth::jwt::{Expectations, VerificationKey};
use crate::config::{Algorithm, ApiKeys, Issuer, Proxy};
use crate::tls::OpenStore;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Starts fetching an issuer's keys, where they are at a URL.
pub(in crate::auth) fn key_source(
    issuer: &Issuer,
    trust: Option<&OpenStore>,
    proxy: Option<&Proxy>,
    generation: &Arc<AtomicU64>,
    data_dir: Option<&Path>,
    control: &tokio::runtime::Handle,
) -> Result<Option<Arc<KeySource>>, SecurityError> {
    let Some(settings) = &issuer.jwks else { return Ok(None) };
    let roots = match &settings.ca_file {
        Some(path) => Some(roots_of(path, "jwksCaFile")?),
        None => trust.map(stored_roots),
    };
    let source = KeySource::start(
        &issuer.issuer,
        &issuer.algorithms,
        settings,
        &Asking::new(roots, proxy),
        Arc::clone(generation),
        data_dir,
        control,
    );
    source.map(Some).map_err(|reason| SecurityError::Client {
        issuer: issuer.issuer.clone(),
        reason,
    })
}

/// Makes a trusted issuer: reads its pinned key. `source`: its keys by URL.
pub(in crate::auth) fn trusted(
    issuer: &Issuer,
    source: Option<Arc<KeySource>>,
    trust: Option<&OpenStore>,
    skew_ms: u64,
) -> Result<TrustedIssuer, SecurityError> {
    let files = [
        (&issuer.certificate_file, "certificateFile"),
        (&issuer.public_key_file, "publicKeyFile"),
    ];
    const ALIAS: &str = "jwtTokenConfig.certificateAlias";
    let mut pinned = pinned(files, &issuer.algorithms)?;
    if let (None, Some(alias), Some(trust)) = (&pinned, &issuer.certificate_alias, trust) {
        pinned = Some(by_alias(trust, alias, ALIAS, &issuer.algorithms)?);
    } else if let Some(alias) = issuer.certificate_alias.as_ref().filter(|_| pinned.is_none()) {
        if issuer.jwks.is_none() {
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

/// Without a key for them, no API key is accepted; that is no error.
pub(in crate::auth) fn api_key_issuer(
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
