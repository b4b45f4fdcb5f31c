//! What `case.toml` says.

use super::stage::Mode;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case shows, in a sentence.
    #[serde(rename = "about")]
    _about: String,
    /// A page of the documentation, `docs/src/how-to/security/NAME.md`, whose commands are run as well.
    pub page: Option<String>,
    /// Environment variables of the gateway.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Credentials by name; `${NAME}` in a request stands for one, `$NAME` in capitals in a page's command.
    #[serde(default)]
    pub tokens: BTreeMap<String, Token>,
    /// What the key manager says about a token. About all others: not active.
    #[serde(default)]
    pub introspection: BTreeMap<String, toml::Table>,
    /// What the key manager's key validation service says about `TOKEN METHOD TEMPLATE`. About all others: 900901.
    #[serde(default)]
    pub key_validation: BTreeMap<String, toml::Table>,
    /// What the key manager says about users, by claim. About all others: 404.
    #[serde(default)]
    pub user_claims: BTreeMap<String, BTreeMap<String, String>>,
    /// The requests, in order.
    pub request: Vec<Request>,
}

/// How a credential is made: signed claims, `text` as it is, or user and password for `Basic`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    pub text: Option<String>,
    /// `user:password`.
    pub basic: Option<String>,
    /// Claims over the usual ones.
    #[serde(default)]
    pub claims: toml::Table,
    /// Usual claims that are left out.
    #[serde(default)]
    pub without: Vec<String>,
    /// Seconds from now to `exp`.
    #[serde(default = "an_hour")]
    pub expires_in: i64,
    /// What the token's header says beside the algorithm.
    #[serde(default)]
    pub header: Header,
    /// Who signs.
    #[serde(default)]
    pub key: Key,
}

/// The header of a signed token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// The signer's key id.
    #[default]
    KeyId,
    /// As API Manager 2.6 and 3.0 write it: a certificate's thumbprint, no key id, and `=` at the end of every part.
    PaddedThumbprint,
    /// A certificate's thumbprint and no key id.
    Thumbprint,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The trusted issuer.
    #[default]
    Issuer,
    /// The issuer of API keys.
    ApiKeys,
    /// Somebody else.
    Stranger,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub name: String,
    #[serde(default = "get")]
    pub method: String,
    pub path: String,
    #[serde(default)]
    pub listener: Listener,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: String,
    /// Name of the client certificate that is presented.
    pub certificate: Option<String>,
    /// Sent so often, with the same outcome.
    #[serde(default = "once")]
    pub repeat: u32,
    /// Keeps the answer's body as a credential of this name.
    pub save: Option<String>,
    expect: toml::Table,
    /// What is expected in place of that under `compat = "micro-gw-3.2"`.
    #[serde(default)]
    compat: toml::Table,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Listener {
    #[default]
    Http,
    Https,
    Admin,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub status: u16,
    /// `code` of the fault.
    pub code: Option<u64>,
    /// The whole body.
    pub body: Option<String>,
    /// Headers of the answer; `*` is any value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers that the answer does not have.
    #[serde(default)]
    pub without: Vec<String>,
    /// Which backend is reached; unless said: the first for an answer of 2xx, else none.
    pub backend: Option<Reached>,
    /// Headers that the backend sees; `*` is any value.
    #[serde(default)]
    pub backend_headers: BTreeMap<String, String>,
    /// Headers that the backend does not see.
    #[serde(default)]
    pub backend_without: Vec<String>,
    /// The query string that the backend sees.
    pub backend_query: Option<String>,
    /// Claims of the backend's token.
    #[serde(default)]
    pub backend_jwt: toml::Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reached {
    None,
    First,
    Second,
}

impl Case {
    pub fn read(folder: &Path) -> Self {
        let path = folder.join("case.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

impl Request {
    pub fn expected(&self, mode: Mode) -> Expected {
        let mut table = self.expect.clone();
        if mode == Mode::Compat {
            table.extend(self.compat.clone());
        }
        table
            .try_into()
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

impl Expected {
    pub fn reached(&self) -> Reached {
        let success = (200..300).contains(&self.status);
        self.backend
            .unwrap_or(if success { Reached::First } else { Reached::None })
    }
}

fn an_hour() -> i64 {
    3600
}

fn get() -> String {
    "GET".to_owned()
}

fn once() -> u32 {
    1
}
