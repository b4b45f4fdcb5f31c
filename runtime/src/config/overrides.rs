//! Endpoint overrides at the root of the configuration: `<n>_prod_endpoint_<i>`, `<n>_prod_basic_username` and alike.

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

    /// Returns the user name that replaces the one in the definition.
    pub fn username(&self, endpoint: &str, sandbox: bool) -> Option<&str> {
        self.get(&format!("{endpoint}_{}_basic_username", kind(sandbox)))
    }

    /// Returns the password towards the backend.
    pub fn password(&self, endpoint: &str, sandbox: bool) -> Option<&SecretString> {
        self.values.get(&format!("{endpoint}_{}_basic_password", kind(sandbox)))
    }

    /// Returns the names of all overrides, for a check against the endpoints that exist.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(secrecy::ExposeSecret::expose_secret)
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), SecretString::from(value));
    }

    /// Returns whether `name` has the form of an override.
    pub(super) fn is_name(name: &str) -> bool {
        let after = ["_prod_", "_sand_"].iter().find_map(|infix| {
            let (endpoint, rest) = name.rsplit_once(infix)?;
            (!endpoint.is_empty()).then_some(rest)
        });
        let is_number =
            |text: &str| !text.is_empty() && text.len() < 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        match after {
            Some("basic_username" | "basic_password") => true,
            Some(rest) => {
                rest.strip_prefix("endpoint_").is_some_and(is_number)
                    || rest.strip_suffix("_etcdKey").is_some_and(is_number)
            }
            None => false,
        }
    }
}

fn kind(sandbox: bool) -> &'static str {
    if sandbox { "sand" } else { "prod" }
}
