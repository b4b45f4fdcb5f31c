//! The session file: a private mirror of [`Session`] in JSON.

use super::{Method, Session};
use crate::cloud::account::UserName;
use crate::cloud::address::Address;
use crate::cloud::detection::Doubt;
use crate::cloud::http::CustomHeaders;
use crate::cloud::oauth::Registration;
use crate::cloud::on_premise_properties::GatewayFacts;
use crate::project::ControlPlaneKind;
use indexmap::IndexMap;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The version of the file format.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionFile {
    format: u32,
    url: String,
    kind: ControlPlaneKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doubt: Option<Doubt>,
    #[serde(default)]
    method: Method,
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    access_token: String,
    refresh_token: Option<String>,
    issued: String,
    expires: String,
    scopes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ca: Option<String>,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    headers: IndexMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gateway: Option<GatewayFacts>,
}

impl Drop for SessionFile {
    fn drop(&mut self) {
        self.client_secret.zeroize();
        self.access_token.zeroize();
        self.refresh_token.zeroize();
        for value in self.headers.values_mut() {
            value.zeroize();
        }
    }
}

/// Writes a session as a document.
pub(super) fn write(session: &Session) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let file = SessionFile {
        format: FORMAT,
        url: session.address.to_string(),
        kind: session.kind,
        doubt: session.doubt.clone(),
        method: session.method,
        user: session.user.to_string(),
        client_id: session.client.as_ref().map(|client| client.id.clone()),
        client_secret: session
            .client
            .as_ref()
            .and_then(|client| client.secret.as_ref())
            .map(|secret| secret.expose_secret().to_owned()),
        access_token: session.access.expose_secret().to_owned(),
        refresh_token: session.refresh.as_ref().map(|token| token.expose_secret().to_owned()),
        issued: session.issued.to_string(),
        expires: session.expires.to_string(),
        scopes: session.scopes.clone(),
        ca: session.extra_roots.clone(),
        headers: session
            .headers
            .iter()
            .map(|(name, value)| (name.to_owned(), value.expose_secret().to_owned()))
            .collect(),
        gateway: session.gateway.clone(),
    };
    serde_json::to_vec_pretty(&file).map(Zeroizing::new)
}

/// Reads a document. The error text quotes nothing of it.
pub(super) fn read(bytes: &[u8], parse_address: fn(&str) -> Option<Address>) -> Result<Session, String> {
    let file: SessionFile =
        serde_json::from_slice(bytes).map_err(|error| format!("line {}, column {}", error.line(), error.column()))?;
    if file.format != FORMAT {
        return Err(format!("format version {}", file.format));
    }
    let mut headers = CustomHeaders::default();
    for (name, value) in &file.headers {
        headers.add(name, value).map_err(|_| "a header")?;
    }
    let instant = |text: &str| text.parse().map_err(|_| "a date".to_owned());
    Ok(Session {
        address: parse_address(&file.url).ok_or("the URL")?,
        kind: file.kind,
        doubt: file.doubt.clone(),
        method: file.method,
        user: UserName::complete(&file.user).map_err(|_| "the user name")?,
        client: file.client_id.clone().map(|id| Registration {
            id,
            secret: file.client_secret.clone().map(Into::into),
        }),
        access: file.access_token.clone().into(),
        refresh: file.refresh_token.clone().map(Into::into),
        issued: instant(&file.issued)?,
        expires: instant(&file.expires)?,
        scopes: file.scopes.clone(),
        extra_roots: file.ca.clone(),
        headers,
        gateway: file.gateway.clone(),
    })
}
