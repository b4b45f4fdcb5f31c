//! Credentials that the gateway adds for backends: from the bundle, secrets from the operator.

use crate::config::{CredentialSetting as Setting, EndpointOverrides};
use crate::upstream::{Credentials, DigestAccount, QueryKey, TokenClient, TokenSources};
use base64::Engine;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};
use mgw_bundle::config::{CredentialPlace, Endpoint, EndpointAuth};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// Why an endpoint has no credentials that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unusable {
    /// What is wrong.
    pub(super) reason: &'static str,
    /// The setting that is wrong.
    pub(super) setting: Option<String>,
    /// The setting that has to be set.
    pub(super) missing: Option<String>,
}

/// The operator's settings for one endpoint.
pub(super) struct Given<'a> {
    pub(super) overrides: &'a EndpointOverrides,
    pub(super) name: Option<&'a str>,
    pub(super) sandbox: bool,
    /// A password that is missing is an empty one, as micro-gw had it.
    pub(super) compat: bool,
}

impl<'a> Given<'a> {
    fn get(&self, setting: Setting) -> Option<&'a SecretString> {
        self.overrides.credential(self.name?, self.sandbox, setting)
    }

    /// What operators say wins over the definition.
    fn text(&self, setting: Setting, written: &str) -> String {
        let given = self.get(setting).map(ExposeSecret::expose_secret);
        given.unwrap_or(written).to_owned()
    }

    fn secret(&self, setting: Setting, reason: &'static str) -> Result<SecretString, Unusable> {
        let given = self.get(setting).filter(|secret| !secret.expose_secret().is_empty());
        given.cloned().ok_or_else(|| self.missing(setting, reason))
    }

    fn missing(&self, setting: Setting, reason: &'static str) -> Unusable {
        Unusable {
            reason,
            setting: None,
            missing: self.name.map(|name| setting.of(name, self.sandbox)),
        }
    }

    fn unusable(&self, setting: Setting, reason: &'static str) -> Unusable {
        let given = self.get(setting).and(self.name);
        Unusable {
            reason,
            setting: given.map(|name| setting.of(name, self.sandbox)),
            missing: None,
        }
    }
}

/// The settings that say something about the credentials of an endpoint.
pub(super) fn settings(endpoint: &Endpoint) -> &'static [Setting] {
    match &endpoint.auth {
        None | Some(EndpointAuth::Basic { .. }) => &[Setting::BasicUsername, Setting::BasicPassword],
        Some(EndpointAuth::Digest { .. }) => &[Setting::DigestUsername, Setting::DigestPassword],
        Some(EndpointAuth::ApiKey { .. }) => &[Setting::ApiKey],
        Some(EndpointAuth::OAuth2 { .. }) => &[Setting::ClientId, Setting::ClientSecret, Setting::TokenUrl],
    }
}

/// Returns the credentials of an endpoint, where it or the operator names any.
pub(super) fn credentials(
    given: &Given<'_>,
    endpoint: &Endpoint,
    tokens: &TokenSources,
) -> Result<Option<Credentials>, Unusable> {
    let Some(auth) = &endpoint.auth else {
        let user = given.get(Setting::BasicUsername);
        return user.map_or(Ok(None), |_| basic(given, "").map(Some));
    };
    let found = match auth {
        EndpointAuth::Basic { username } => basic(given, username)?,
        EndpointAuth::Digest { username } => Credentials::Digest(Arc::new(DigestAccount::new(
            given.text(Setting::DigestUsername, username),
            given.secret(Setting::DigestPassword, "needs the password of its user")?,
        ))),
        EndpointAuth::ApiKey { place } => {
            let key = given.secret(Setting::ApiKey, "needs its key")?;
            match place {
                CredentialPlace::Query(name) => Credentials::Query(QueryKey::new(name, key.expose_secret())),
                CredentialPlace::Header(name) => {
                    let name = HeaderName::try_from(name.as_str())
                        .map_err(|_| given.unusable(Setting::ApiKey, "has a key in a header that cannot exist"))?;
                    let value = HeaderValue::try_from(key.expose_secret());
                    let mut value =
                        value.map_err(|_| given.unusable(Setting::ApiKey, "has a key that no header can hold"))?;
                    value.set_sensitive(true);
                    Credentials::Header(name, value)
                }
            }
        }
        EndpointAuth::OAuth2 {
            token_url,
            client_id,
            scopes,
            credentials_in_body,
        } => {
            let client = TokenClient {
                token_url: given.text(Setting::TokenUrl, token_url),
                id: given.text(Setting::ClientId, client_id),
                secret: given.secret(Setting::ClientSecret, "needs the secret of its client")?,
                scopes: scopes.clone(),
                in_body: *credentials_in_body,
            };
            let source = tokens.of(client);
            Credentials::Token(source.map_err(|reason| given.unusable(Setting::TokenUrl, reason))?)
        }
    };
    Ok(Some(found))
}

fn basic(given: &Given<'_>, written: &str) -> Result<Credentials, Unusable> {
    let username = given.text(Setting::BasicUsername, written);
    let password = match given.get(Setting::BasicPassword) {
        // Some backends take a key for the user and no password: an empty one may be meant, a missing one is forgotten.
        Some(password) => password.expose_secret(),
        None if given.compat => {
            let setting = given.name.map(|name| Setting::BasicPassword.of(name, given.sandbox));
            tracing::warn!(
                setting,
                "no password is set for the user that backends are shown; an empty one is sent"
            );
            ""
        }
        None => return Err(given.missing(Setting::BasicPassword, "needs the password of its user")),
    };
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
        .map_err(|_| given.unusable(Setting::BasicUsername, "has a user that no header can hold"))?;
    value.set_sensitive(true);
    Ok(Credentials::Header(AUTHORIZATION, value))
}
