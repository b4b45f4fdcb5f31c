//! Credentials that the gateway adds for backends: from the bundle, secrets from the operator.

use crate::config::EndpointOverrides;
use base64::Engine;
use http::HeaderValue;
use mgw_bundle::config::{Endpoint, EndpointAuth};
use secrecy::ExposeSecret;

/// Returns the value of `Authorization`, where the endpoint or the operator names a user.
pub(super) fn authorization(overrides: &EndpointOverrides, endpoint: &Endpoint, sandbox: bool) -> Option<HeaderValue> {
    let name = endpoint.name.as_deref();
    let written = match &endpoint.auth {
        Some(EndpointAuth::Basic { username }) => Some(username.as_str()),
        _ => None,
    };
    let username = name.and_then(|name| overrides.username(name, sandbox)).or(written)?;
    let password = name.and_then(|name| overrides.password(name, sandbox));
    let password = password.map_or("", |password| password.expose_secret());
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
