//! Makes what signs: tokens for backends and API keys.

use super::files::{certificate_pem, read};
use crate::auth::SecurityError;
use crate::auth::backend_jwt::Signer;
use crate::auth::backend_tokens::BackendTokens;
use crate::config::{BackendJwtSigning, RuntimeConfig};
use crate::tls::OpenStore;
use mgw_keystore::{KeyEntry, to_pem};
use std::path::PathBuf;

/// Makes the signer of tokens for backends, where it is switched on.
pub(in crate::auth) fn backend_tokens(
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
        let certificate = match &settings.certificate_alias {
            Some(alias) => Some(store.certificate(alias, "jwtGeneratorConfig.certificateAlias")?),
            None => entry.chain.first(),
        };
        let certificate = certificate.map(|certificate| certificate_pem(certificate));
        let certificate = certificate.as_deref().map(str::as_bytes);
        let signer = Signer::rs256(key_pem(entry).as_bytes(), certificate).map_err(|error| SecurityError::Key {
            path: store.path().to_owned(),
            setting: "jwtGeneratorConfig.privateKeyAlias",
            reason: error.to_string(),
        })?;
        return Ok(Some(BackendTokens::new(settings, signer, margin_ms)));
    }
    // The listener's key signs unless there is one of its own.
    let (key, certificate) = match &settings.private_key_file {
        Some(path) => (
            Some((path, KEY)),
            settings
                .certificate_file
                .as_ref()
                .map(|path| (path, "jwtGeneratorConfig.certificateFile")),
        ),
        None => (
            listeners_key(config),
            config
                .listener
                .certificate_file
                .as_ref()
                .map(|path| (path, "listenerConfig.certificateFile")),
        ),
    };
    let (path, setting) = key.ok_or(SecurityError::NoSigningKey { setting: KEY })?;
    let certificate = certificate.map(|(path, setting)| read(path, setting)).transpose()?;
    let signer = Signer::rs256(&read(path, setting)?, certificate.as_deref()).map_err(|error| SecurityError::Key {
        path: path.clone(),
        setting: KEY,
        reason: error.to_string(),
    })?;
    Ok(Some(BackendTokens::new(settings, signer, margin_ms)))
}

/// Makes the signer of API keys: with its own key, else the listener's. Without any there is no such service.
pub(in crate::auth) fn api_key_signer(
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
    let Some((path, setting)) = own.map(|path| (path, KEY)).or_else(|| listeners_key(config)) else {
        return Ok(None);
    };
    match Signer::for_api_keys(&read(path, setting)?, &settings.key_id) {
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

/// The listener's key, and the setting that names it.
fn listeners_key(config: &RuntimeConfig) -> Option<(&PathBuf, &'static str)> {
    let path = config.listener.private_key_file.as_ref()?;
    Some((path, "listenerConfig.privateKeyFile"))
}

fn key_pem(entry: &KeyEntry) -> String {
    to_pem("PRIVATE KEY", entry.key.secret_pkcs8_der())
}
