//! Settings without the files that no decision is taken by, so that requests are explained where these are not.

use crate::config::{BackendJwtSigning, RuntimeConfig};

/// The settings of connections to backends, without whom they are believed by and who the gateway is to them: an explanation
/// ends in front of the backend.
pub(super) fn of_backends(config: &RuntimeConfig) -> RuntimeConfig {
    let mut config = config.clone();
    config.listener.trust_store = None;
    let clients = &mut config.http_clients;
    clients.ca_file = None;
    clients.trust_store = None;
    clients.key_store = None;
    clients.certificate_file = None;
    clients.private_key_file = None;
    config
}

/// Leaves out whom other services are believed by, none of which is asked, and what signs tokens for backends.
pub(super) fn leave_out_unused(config: &mut RuntimeConfig) {
    config.backend_jwt.signing = BackendJwtSigning::Unsigned;
    config.key_manager.ca_file = None;
    config.event_hub_ca_file = None;
    let revocation = &mut config.revocation;
    let services = [
        config.subscription_data.as_mut().map(|data| &mut data.ca_file),
        config.event_publishing.as_mut().map(|events| &mut events.ca_file),
        config
            .usage
            .as_mut()
            .and_then(|usage| Some(&mut usage.upload.as_mut()?.ca_file)),
        revocation.realtime.as_mut().map(|hub| &mut hub.ca_file),
        revocation.persistent.as_mut().map(|list| &mut list.ca_file),
        revocation.redis.as_mut().map(|stream| &mut stream.ca_file),
    ];
    let keys = config.issuers.iter_mut().filter_map(|issuer| issuer.jwks.as_mut());
    let files = services.into_iter().flatten();
    files
        .chain(keys.map(|keys| &mut keys.ca_file))
        .for_each(|file| *file = None);
    if let Some(global) = &mut config.global_throttling {
        global.ca_file = None;
        global.lists.ca_file = None;
    }
}

/// Leaves out the keys by which credentials are checked, for requests that carry none and come to the plain listener: over TLS
/// there are the gateway's own services, which need keys to be there at all. Who issues tokens stays known.
pub(super) fn leave_out_keys(config: &mut RuntimeConfig) {
    config.listener.trust_store = None;
    config.listener.key_store = None;
    for issuer in &mut config.issuers {
        issuer.certificate_file = None;
        issuer.public_key_file = None;
        issuer.certificate_alias = None;
    }
    config.mutual_tls.client_ca_file = None;
    config.mutual_tls.certificates.clear();
    let keys = &mut config.api_keys;
    keys.certificate_file = None;
    keys.public_key_file = None;
    keys.certificate_alias = None;
    keys.own_issuer.enabled = false;
}
