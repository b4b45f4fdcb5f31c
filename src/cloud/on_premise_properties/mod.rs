//! The settings file of API Cloud's own on-premise gateway: what a gateway that takes its place keeps, and how it signed in.
//!
//! The 2.6 line has `on-premise-gateway.properties` (the format of Java properties), the 3.x line `on-premise-gateway.toml`.
//! Everything else in them is left alone.

mod java;
mod password;
#[cfg(test)]
mod tests;
mod toml_form;

pub(crate) use password::WrittenPassword;

use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::whole_file;
use java::{key_and_value, logical_lines};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::path::Path;
use zeroize::Zeroizing;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// Most pieces of metadata.
const MAX_METADATA: usize = 256;
/// Most accounts.
const MAX_ACCOUNTS: usize = 64;

const LABEL: &str = "api.hybrid.gateway.label";
const ENVIRONMENT: &str = "api.hybrid.meta.env.";
const CUSTOM: &str = "api.hybrid.meta.custom.";
const GATEWAY_URL: &str = "api.gateway.url";
const OTHER_URLS: [&str; 2] = ["api.publisher.url", "api.admin.url"];
const DIALECT: &str = "rest.api.version";
/// What stands for the dialect of API Cloud: paths without a version.
const CLOUD_DIALECT: &str = "cloud";

// The file has no fixed place for these: whoever added them wrote the names of `cloud-init`, or plain ones.
const ORGANISATION: [&str; 4] = [
    "organization.key",
    "organisation.key",
    "wso2.cloud.org.key",
    "tenant.domain",
];
const USER: [&str; 3] = ["username", "email", "wso2.cloud.email"];
const PASSWORD: [&str; 2] = ["password", "wso2.cloud.password"];

/// Label and metadata of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GatewayFacts {
    /// The label whose APIs the gateway serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    /// Names of facts of the environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) env_metadata: Vec<String>,
    /// Names and values of the operator's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) custom_metadata: Vec<(String, String)>,
}

impl GatewayFacts {
    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn bounded(&self) -> Result<(), String> {
        if self.env_metadata.len() + self.custom_metadata.len() > MAX_METADATA {
            return Err(format!("more than {MAX_METADATA} pieces of metadata"));
        }
        Ok(())
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed<T> {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Key, as it is written.
    pub(crate) key: String,
    /// Value.
    pub(crate) value: T,
}

/// As whom the gateway signed in, as far as the file says it.
#[derive(Debug, Clone, Default)]
pub(crate) struct WrittenAccount {
    /// E-mail address, or complete user name.
    pub(crate) user: Option<Placed<String>>,
    /// Organisation key.
    pub(crate) organisation: Option<Placed<String>>,
    /// Password.
    pub(crate) password: Option<Placed<WrittenPassword>>,
}

/// What is read of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct OnPremiseProperties {
    /// Label and metadata.
    pub(crate) gateway: GatewayFacts,
    /// Where clients are registered and tokens are issued.
    pub(crate) url: Option<Placed<String>>,
    /// Where the other APIs are.
    pub(crate) other_urls: Vec<Placed<String>>,
    /// Whether paths have no version, as API Cloud's.
    pub(crate) is_cloud_dialect: bool,
    /// One, or several where the gateway served several organisations.
    pub(crate) accounts: Vec<WrittenAccount>,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(crate) struct PropertiesError {
    /// Line, from 1.
    pub(crate) line: usize,
    /// What is wrong. Never quotes a value.
    pub(crate) reason: String,
}

impl OnPremiseProperties {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Name file and line.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        // It may hold a password.
        let bytes = whole_file::read(path, MAX_FILE).map_err(|error| Failure::file("read", path, error))?;
        if let Some((message, remedy)) = crate::yaml::not_text(&bytes) {
            return Err(Failure::new(ExitCode::Invalid, format!("{}: {message}", path.display())).hint(remedy));
        }
        let text = text_of(&bytes);
        Self::parse(path, &text).map_err(|error| {
            Failure::new(
                ExitCode::Invalid,
                format!("{}:{}: {}", path.display(), error.line, error.reason),
            )
            .hint("Files that end in .toml are read as TOML, all others as Java properties.")
        })
    }

    /// Reads the text of a file; its name tells the format.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<Self, PropertiesError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => toml_form::parse(text),
            _ => Self::parse_properties(text),
        }
    }

    /// Reads the format of the 2.6 line.
    fn parse_properties(text: &str) -> Result<Self, PropertiesError> {
        let mut found = Self::default();
        let mut account = WrittenAccount::default();
        for (line, content) in logical_lines(text) {
            let (key, value) = key_and_value(&content).map_err(|reason| PropertiesError { line, reason })?;
            let value = Zeroizing::new(value.trim().to_owned());
            let placed = || {
                let value = value.to_string();
                let key = key.clone();
                is_set(&value).then_some(Placed { line, key, value })
            };
            let gateway = &mut found.gateway;
            match key.as_str() {
                LABEL => gateway.label = Some(value.to_string()).filter(|label| !label.is_empty()),
                GATEWAY_URL => found.url = placed(),
                DIALECT => found.is_cloud_dialect = *value == CLOUD_DIALECT,
                key if OTHER_URLS.contains(&key) => found.other_urls.extend(placed()),
                key if ORGANISATION.contains(&key) => account.organisation = placed(),
                key if USER.contains(&key) => account.user = placed(),
                key if PASSWORD.contains(&key) => {
                    account.password = WrittenPassword::read(&value).map(|value| Placed {
                        line,
                        key: key.to_owned(),
                        value,
                    });
                }
                key => {
                    if let Some(name) = key.strip_prefix(ENVIRONMENT) {
                        gateway.env_metadata.push(name.to_owned());
                    } else if let Some(name) = key.strip_prefix(CUSTOM)
                        && !value.is_empty()
                    {
                        gateway.custom_metadata.push((name.to_owned(), value.to_string()));
                    }
                }
            }
            gateway.bounded().map_err(|reason| PropertiesError { line, reason })?;
        }
        let has_account = account.user.is_some() || account.organisation.is_some() || account.password.is_some();
        found.accounts.extend(has_account.then_some(account));
        Ok(found)
    }
}

/// The text of a file. Java writes properties in Latin-1, people and their editors write UTF-8.
fn text_of(bytes: &[u8]) -> Zeroizing<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    Zeroizing::new(text)
}

/// A blank, and a placeholder such as `$token`, stand for what is not set.
fn is_set(value: &str) -> bool {
    let is_placeholder = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    !value.is_empty() && !value.strip_prefix('$').is_some_and(is_placeholder)
}

/// A secret of its own.
fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

/// Entry point of the fuzz targets: reads a file in both forms. What is wrong is told by line.
#[cfg(any(test, feature = "fuzzing"))]
pub fn fuzz(bytes: &[u8]) -> String {
    let text = text_of(bytes);
    let found = [OnPremiseProperties::parse_properties(&text), toml_form::parse(&text)];
    let lines = text.split(['\n', '\r']).count();
    let mut said = String::new();
    for error in found.into_iter().filter_map(Result::err) {
        assert!(error.line <= lines, "{error:?}: there are {lines} lines");
        said.push_str(&format!("{error:?} {error}\n"));
    }
    said
}
