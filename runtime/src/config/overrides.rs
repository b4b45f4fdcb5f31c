//! Endpoint overrides at the root of the configuration: `<n>_prod_endpoint_<i>`, `<n>_prod_basic_username` and alike.

use mgw_bundle::config::EndpointAuth;
use secrecy::SecretString;
use std::collections::BTreeMap;

/// What operators replace about endpoints. `<n>` is the endpoint's reference name or the API id.
#[derive(Debug, Clone, Default)]
pub struct EndpointOverrides {
    values: BTreeMap<String, SecretString>,
}

impl EndpointOverrides {
    /// Returns the URL that replaces number `index` (from 0) of the endpoint.
    pub fn url(&self, endpoint: &str, sandbox: bool, index: usize) -> Option<&str> {
        self.get(&format!("{endpoint}_{}_endpoint_{index}", kind(sandbox)))
    }

    /// Returns the key in etcd that replaces the one of URL number `index` (from 0).
    pub fn etcd_key(&self, endpoint: &str, sandbox: bool, index: usize) -> Option<&str> {
        self.get(&format!("{endpoint}_{}_{index}_etcdKey", kind(sandbox)))
    }

    /// Returns what replaces, or adds to, the credentials in the definition.
    pub fn credential(&self, endpoint: &str, sandbox: bool, which: CredentialSetting) -> Option<&SecretString> {
        self.values.get(&which.of(endpoint, sandbox))
    }

    /// Returns the names of all overrides, for a check against the endpoints that exist.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Returns the value of an override, by its name.
    pub(super) fn value(&self, name: &str) -> Option<&SecretString> {
        self.values.get(name)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(secrecy::ExposeSecret::expose_secret)
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), SecretString::from(value));
    }

    /// Returns whether an override of that name puts a URL in place, and there are credentials in it.
    pub(super) fn is_url_with_user(name: &str, value: &str) -> bool {
        let authority = value
            .split_once("://")
            .map(|(_, rest)| rest.split(['/', '?', '#']).next());
        let is_url = end_of(name)
            .and_then(|end| end.strip_prefix("endpoint_"))
            .is_some_and(is_number);
        is_url && authority.flatten().is_some_and(|authority| authority.contains('@'))
    }

    /// Returns whether `name` has the form of an override.
    pub(super) fn is_name(name: &str) -> bool {
        match end_of(name) {
            Some(rest) => {
                CredentialSetting::ALL.iter().any(|setting| setting.end() == rest)
                    || rest.strip_prefix("endpoint_").is_some_and(is_number)
                    || rest.strip_suffix("_etcdKey").is_some_and(is_number)
            }
            None => false,
        }
    }
}

/// What stands behind the endpoint in the name of an override.
fn end_of(name: &str) -> Option<&str> {
    ["_prod_", "_sand_"].iter().find_map(|infix| {
        let (endpoint, rest) = name.rsplit_once(infix)?;
        (!endpoint.is_empty()).then_some(rest)
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What operators give about credentials towards a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSetting {
    /// The user of Basic credentials.
    BasicUsername,
    /// That user's password.
    BasicPassword,
    /// The user of digest credentials.
    DigestUsername,
    /// That user's password.
    DigestPassword,
    /// A key.
    ApiKey,
    /// The gateway's client id at a token endpoint.
    ClientId,
    /// That client's secret.
    ClientSecret,
    /// Where tokens are fetched.
    TokenUrl,
}

impl CredentialSetting {
    const ALL: [Self; 8] = [
        Self::BasicUsername,
        Self::BasicPassword,
        Self::DigestUsername,
        Self::DigestPassword,
        Self::ApiKey,
        Self::ClientId,
        Self::ClientSecret,
        Self::TokenUrl,
    ];

    /// Returns the setting that gives the secret of credentials.
    pub fn secret_of(auth: &EndpointAuth) -> Self {
        match auth {
            EndpointAuth::Basic { .. } => Self::BasicPassword,
            EndpointAuth::Digest { .. } => Self::DigestPassword,
            EndpointAuth::ApiKey { .. } => Self::ApiKey,
            EndpointAuth::OAuth2 { .. } => Self::ClientSecret,
        }
    }

    /// Returns the name of the setting for an endpoint.
    pub fn of(self, endpoint: &str, sandbox: bool) -> String {
        format!("{endpoint}_{}_{}", kind(sandbox), self.end())
    }

    fn end(self) -> &'static str {
        match self {
            Self::BasicUsername => "basic_username",
            Self::BasicPassword => "basic_password",
            Self::DigestUsername => "digest_username",
            Self::DigestPassword => "digest_password",
            Self::ApiKey => "api_key",
            Self::ClientId => "client_id",
            Self::ClientSecret => "client_secret",
            Self::TokenUrl => "token_url",
        }
    }
}

fn kind(sandbox: bool) -> &'static str {
    if sandbox { "sand" } else { "prod" }
}
