//! What authentication has from files with keys and certificates.

use super::api_key_issuer::ApiKeyIssuer;
use super::backend_tokens::BackendTokens;
use super::builders::{api_key_issuer, api_key_signer, backend_tokens, operator_clients, trusted};
use super::certificates::{OperatorClients, files};
use super::issuers::Issuers;
use super::jwks::KeySource;
use super::key_manager::ClaimSource;
use super::passwords::Passwords;
use super::token_proxy::TokenProxy;
use super::{CredentialKind, SecurityError, Services};
use crate::config::{BackendJwtSigning, Listener, RuntimeConfig, StoreSettings};
use crate::tls::OpenStore;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What authentication has from files with keys and certificates. Never changes: files that changed make another.
#[derive(Debug)]
pub(crate) struct KeyMaterial {
    pub(super) tokens: Issuers,
    pub(super) api_keys: Issuers,
    pub(super) clients: OperatorClients,
    pub(super) backend_tokens: Option<BackendTokens>,
    pub(super) services: Services,
}

/// What key material uses that outlives it: connections with what they fetched, and users.
#[derive(Debug)]
pub(super) struct Lasting {
    pub(super) passwords: Arc<Passwords>,
    /// The keys by URL, one entry per issuer of the settings.
    pub(super) key_sources: Vec<Option<Arc<KeySource>>>,
    pub(super) claims: Option<Arc<ClaimSource>>,
    pub(super) token_proxy: Option<Arc<TokenProxy>>,
}

/// The listener's stores, opened.
#[derive(Debug)]
pub(super) struct Stores {
    keys: Option<OpenStore>,
    pub(super) trust: Option<OpenStore>,
}

impl Stores {
    /// Opens them. Returns all problems: every alias would be one of its own.
    pub(super) fn open(listener: &Listener) -> Result<Self, Vec<SecurityError>> {
        let open = |settings: Option<&StoreSettings>| settings.map(OpenStore::open).transpose();
        match (open(listener.used_key_store()), open(listener.trust_store.as_ref())) {
            (Ok(keys), Ok(trust)) => Ok(Self { keys, trust }),
            (keys, trust) => {
                let errors = keys.err().into_iter().chain(trust.err());
                Err(errors.map(SecurityError::Store).collect())
            }
        }
    }
}

impl KeyMaterial {
    /// Reads all files. Returns all problems with them.
    pub(super) fn read(config: &RuntimeConfig, stores: &Stores, lasting: &Lasting) -> Result<Self, Vec<SecurityError>> {
        let mut errors = Vec::new();
        let skew_ms = u64::try_from(config.authentication.skew.as_millis()).unwrap_or(0);
        let (keys, trust) = (stores.keys.as_ref(), stores.trust.as_ref());
        let mut tokens = Vec::new();
        for (issuer, source) in config.issuers.iter().zip(&lasting.key_sources) {
            tokens.extend(keep(
                trusted(issuer, source.clone(), trust, skew_ms).map(Some),
                &mut errors,
            ));
        }
        let key_signer = keep(api_key_signer(config, keys), &mut errors);
        let api_keys = keep(
            api_key_issuer(&config.api_keys, trust, key_signer.as_ref(), skew_ms),
            &mut errors,
        );
        let backend_tokens = keep(backend_tokens(config, keys), &mut errors);
        let clients = keep(operator_clients(&config.mutual_tls, trust).map(Some), &mut errors);
        let Some(clients) = clients.filter(|_| errors.is_empty()) else {
            return Err(errors);
        };
        let issuers = |kind, issuers| Issuers {
            kind,
            issuers,
            max_token_bytes: config.authentication.max_token_bytes,
        };
        let own_issuer = &config.api_keys.own_issuer;
        Ok(Self {
            tokens: issuers(CredentialKind::Jwt, tokens),
            api_keys: issuers(CredentialKind::ApiKey, api_keys.into_iter().collect()),
            clients,
            backend_tokens: backend_tokens.map(|tokens| tokens.with_claims(lasting.claims.clone())),
            services: Services {
                tokens: lasting.token_proxy.clone(),
                // Without users there is nobody to issue keys to.
                api_keys: key_signer
                    .filter(|_| !lasting.passwords.users.by_name.is_empty())
                    .map(|signer| ApiKeyIssuer::new(own_issuer, signer, Arc::clone(&lasting.passwords), config.compat)),
            },
        })
    }

    /// Returns the files that [`Stores::open`] and [`Self::read`] read.
    pub(super) fn files(config: &RuntimeConfig) -> impl Iterator<Item = &Path> {
        let RuntimeConfig {
            listener,
            api_keys,
            backend_jwt,
            mutual_tls,
            issuers,
            ..
        } = config;
        let own_issuer = &api_keys.own_issuer;
        // The listener's key signs where there is no other.
        let signs_keys = own_issuer.enabled && own_issuer.private_key_file.is_none() && own_issuer.key_store.is_none();
        let signs_tokens = backend_jwt.enabled
            && backend_jwt.signing != BackendJwtSigning::Unsigned
            && backend_jwt.private_key_file.is_none();
        let listeners = [
            (&listener.private_key_file, signs_keys || signs_tokens),
            (&listener.certificate_file, signs_tokens),
        ];
        let stores = [
            listener.used_key_store(),
            listener.trust_store.as_ref(),
            own_issuer.key_store.as_ref(),
        ];
        let single = [
            &api_keys.certificate_file,
            &api_keys.public_key_file,
            &own_issuer.private_key_file,
            &backend_jwt.private_key_file,
            &backend_jwt.certificate_file,
            &mutual_tls.client_ca_file,
        ];
        single
            .into_iter()
            .chain(listeners.into_iter().filter_map(|(file, used)| used.then_some(file)))
            .chain(
                issuers
                    .iter()
                    .flat_map(|issuer| [&issuer.certificate_file, &issuer.public_key_file]),
            )
            .flatten()
            .map(PathBuf::as_path)
            .chain(stores.into_iter().flatten().map(|store| store.path.as_path()))
            .chain(mutual_tls.certificates.iter().flat_map(files))
    }
}

/// Collects the problem, so that all are reported together.
pub(super) fn keep<T>(result: Result<Option<T>, SecurityError>, errors: &mut Vec<SecurityError>) -> Option<T> {
    result.unwrap_or_else(|error| {
        errors.push(error);
        None
    })
}
