//! Makes the connections to the key manager.

use super::control_plane::extra_roots;
use crate::auth::SecurityError;
use crate::auth::key_manager::key_validation::KeyValidator;
use crate::auth::key_manager::{ClaimSource, Introspector, OpaqueTokens};
use crate::auth::token_proxy::TokenProxy;
use crate::config::{KeyManager, RuntimeConfig};
use crate::tls::OpenStore;
use std::sync::Arc;

/// Makes the connection to the server with claims about users, where they are asked for.
pub(in crate::auth) fn claim_source(
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
pub(in crate::auth) fn opaque_tokens(
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

/// Makes the proxy of the token endpoints, where there is a key manager.
pub(in crate::auth) fn token_proxy(
    config: &KeyManager,
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
) -> Result<Option<TokenProxy>, SecurityError> {
    let roots = key_manager_roots(config, trust)?;
    TokenProxy::new(config, roots.as_deref(), control).map_err(|reason| SecurityError::KeyManager { reason })
}

/// The authorities of a file, else those of the trust store.
fn key_manager_roots(config: &KeyManager, trust: Option<&OpenStore>) -> Result<Option<Vec<u8>>, SecurityError> {
    extra_roots(config.ca_file.as_deref(), "keyManager.caFile", trust)
}
