//! Makes the connections to the key manager.

use super::control_plane::extra_roots;
use crate::asking::Asking;
use crate::auth::SecurityError;
use crate::auth::key_manager::key_validation::KeyValidator;
use crate::auth::key_manager::{ClaimSource, Introspector, OpaqueTokens};
use crate::auth::token_proxy::TokenProxy;
use crate::config::RuntimeConfig;
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
    let asking = asking(config, trust)?;
    ClaimSource::new(retrieval, &config.key_manager, &asking, control)
        .map(Some)
        .map_err(|reason| SecurityError::KeyManager { reason })
}

/// Makes the connection to whoever knows opaque tokens.
pub(in crate::auth) fn opaque_tokens(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
) -> Result<OpaqueTokens, SecurityError> {
    let settings = &config.key_manager;
    let Some(server) = &settings.server_url else {
        return Ok(OpaqueTokens::Unknown);
    };
    let asking = asking(config, trust)?;
    let opened = if settings.key_validation {
        KeyValidator::new(server, settings, &asking, control).map(OpaqueTokens::Validated)
    } else {
        Introspector::new(server, settings, &asking, control).map(OpaqueTokens::Introspected)
    };
    opened.map_err(|reason| SecurityError::KeyManager { reason })
}

/// Makes the proxy of the token endpoints, where there is a key manager.
pub(in crate::auth) fn token_proxy(
    config: &RuntimeConfig,
    trust: Option<&OpenStore>,
    control: &tokio::runtime::Handle,
) -> Result<Option<TokenProxy>, SecurityError> {
    let asking = asking(config, trust)?;
    TokenProxy::new(&config.key_manager, &asking, control).map_err(|reason| SecurityError::KeyManager { reason })
}

/// With the authorities of a file, else those of the trust store.
fn asking(config: &RuntimeConfig, trust: Option<&OpenStore>) -> Result<Asking, SecurityError> {
    let roots = extra_roots(config.key_manager.ca_file.as_deref(), "keyManager.caFile", trust)?;
    Ok(Asking::new(roots, config.http_clients.proxy_of_services()))
}
