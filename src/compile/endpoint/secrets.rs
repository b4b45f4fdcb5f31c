//! What only the gateway's operator may know, and how it is kept out of what is built.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span, Value as NodeValue};
use mgw_bundle::config::Discovery;
use serde_json::Value;
use std::collections::HashSet;

/// Members that only the gateway's operator may know, and the end of the setting that tells the gateway.
pub(crate) const SECRETS: [(&str, &str); 6] = [
    ("password", "basic_password` or `<endpoint>_prod_digest_password"),
    ("clientSecret", "client_secret"),
    ("apiKey", "api_key"),
    ("value", "api_key"),
    ("accessToken", "client_secret"),
    ("refreshToken", "client_secret"),
];

/// The other members of `securityConfig`: the only ones that a bundle holds.
pub(super) const MEMBERS: [&str; 9] = [
    "type",
    "username",
    "name",
    "in",
    "tokenUrl",
    "clientId",
    "scopes",
    "grantType",
    "clientAuthentication",
];

/// Members that hold URLs of token endpoints and the like, in `securityConfig` and in flows.
const LOGIN_URLS: [&str; 4] = ["tokenUrl", "authorizationUrl", "refreshUrl", "openIdConnectUrl"];

/// Whether a query has a parameter that is named like a credential.
pub(super) fn has_credential(query: &str) -> bool {
    const PARTS: [&str; 8] = [
        "secret",
        "password",
        "passwd",
        "pwd",
        "token",
        "key",
        "assertion",
        "credential",
    ];
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| {
        let name = name.to_ascii_lowercase();
        PARTS.iter().any(|part| name.contains(part))
    })
}

/// A URL, also one in a look-up, without the user and password in it; `None` where it has none.
pub(crate) fn without_credentials(text: &str) -> Option<String> {
    let url = Discovery::parse(text).map_or(text.trim(), |(_, url)| url.trim());
    if url.contains(char::is_whitespace) {
        return None;
    }
    let (scheme, rest) = url.split_once("//")?;
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.{}".contains(&byte);
    if !scheme.is_empty() && !scheme.strip_suffix(':').is_some_and(|name| name.bytes().all(is_scheme)) {
        return None;
    }
    // As it is written, but for what stands before the last `@` of the authority.
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (_, host) = authority.rsplit_once('@')?;
    Some(text.replacen(url, &format!("{scheme}//{host}{path}"), 1))
}

/// What a URL at a place may keep; `None`: all of it.
fn without_secret(text: &str, key: &str, is_server: bool) -> Option<String> {
    let clean = without_credentials(text);
    let rest = clean.as_deref().unwrap_or(text);
    let query = rest.find(['?', '#']).map(|at| rest.split_at(at));
    match query {
        Some((base, _)) if is_server => Some(base.to_owned()),
        Some((base, query)) if LOGIN_URLS.contains(&key) && query.split(['?', '#']).any(has_credential) => {
            Some(base.to_owned())
        }
        _ => clean,
    }
}

/// Tells of URLs with credentials, and of servers' URLs with a query, that nothing has been told of: they are cut
/// by [`without_secrets`].
pub(crate) fn warn_about_urls(source: &Source, document: &Node, diagnostics: &mut Diagnostics) {
    let place = |span: Span| (span.start, span.end);
    let mut told: HashSet<(u32, u32)> = diagnostics
        .iter()
        .filter_map(|one| one.place.as_ref())
        .map(|(_, span)| place(*span))
        .collect();
    let mut found = Vec::new();
    urls(document, "", false, &mut found);
    for span in found {
        if told.insert(place(span)) {
            let message = "what this URL holds beside its place, credentials or a query, is left out of what is built";
            let diagnostic = Diagnostic::warning(Code::EndpointSecret, source, span, message)
                .remedy("Remove it here; the user is named in `securityConfig`, and secrets are given to the gateway.");
            diagnostics.push(diagnostic.secret());
        }
    }
}

fn urls(node: &Node, key: &str, is_server: bool, found: &mut Vec<Span>) {
    match &node.value {
        NodeValue::Object(members) => {
            for (name, member) in members {
                urls(
                    &member.node,
                    name,
                    is_server && name == "url" || name == "servers",
                    found,
                );
            }
        }
        NodeValue::Array(items) => items.iter().for_each(|item| urls(item, key, is_server, found)),
        NodeValue::String(text) if without_secret(text, key, is_server && key == "url").is_some() => {
            found.push(node.span);
        }
        _ => {}
    }
}

/// Takes out of a definition what only operators may know: the document goes into the bundle, which is passed on. Of
/// `securityConfig` only what is known to be no secret stays. Returns whether there was any.
pub(crate) fn without_secrets(document: &mut Value) -> bool {
    let mut taken = Taken::default();
    taken.clean(document, "", false);
    // What is cut may stand in another place too, as behind a YAML anchor.
    if !taken.members.is_empty() {
        taken.clean_copies(document);
    }
    taken.any
}

#[derive(Default)]
struct Taken {
    any: bool,
    members: HashSet<(String, String)>,
}

impl Taken {
    fn clean(&mut self, value: &mut Value, key: &str, is_server: bool) {
        match value {
            Value::Object(members) => {
                if let Some(config) = members.get_mut("securityConfig") {
                    self.config(config);
                }
                if is_server {
                    self.server(members);
                }
                for (name, member) in members {
                    self.clean(member, name, name == "servers");
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item, key, is_server)),
            Value::String(text) => {
                if let Some(clean) = without_secret(text, key, false) {
                    *text = clean;
                    self.any = true;
                }
            }
            _ => {}
        }
    }

    fn config(&mut self, config: &mut Value) {
        let Value::Object(members) = config else {
            self.any |= !config.is_null();
            *config = Value::Null;
            return;
        };
        let is_plain = |value: &Value| !value.is_object() && !value.is_array();
        members.retain(|name, value| {
            let is_list = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(is_plain));
            let stays = MEMBERS.contains(&name.as_str()) && (is_plain(value) || name == "scopes" && is_list(value));
            if !stays {
                self.any = true;
                if value.as_str() != Some("") && !value.is_null() {
                    self.members.insert((name.clone(), value.to_string()));
                }
            }
            stays
        });
    }

    /// The variables go with the part of the URL that they stand in.
    fn server(&mut self, server: &mut serde_json::Map<String, Value>) {
        let Some(Value::String(url)) = server.get_mut("url") else {
            return;
        };
        if let Some(clean) = without_secret(url, "url", true) {
            let has_fewer = clean.matches('{').count() < url.matches('{').count();
            *url = clean;
            self.any = true;
            if has_fewer {
                server.remove("variables");
            }
        }
    }

    fn clean_copies(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, value| !self.members.contains(&(name.clone(), value.to_string())));
                members.values_mut().for_each(|value| self.clean_copies(value));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_copies(item)),
            _ => {}
        }
    }
}
