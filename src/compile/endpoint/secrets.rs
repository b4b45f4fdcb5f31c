//! What only the gateway's operator may know, and how it is kept out of what is built.

use crate::compile::extensions;
use crate::deployment::names_secret;
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
pub(crate) fn has_credential(query: &str) -> bool {
    // What only URLs call so: signatures, and keys without a word before.
    const NAMES: [&str; 4] = ["key", "sig", "signature", "client_assertion"];
    url::form_urlencoded::parse(query.as_bytes())
        .any(|(name, _)| names_secret(&name) || NAMES.iter().any(|known| name.eq_ignore_ascii_case(known)))
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

/// Members with values of callers, which are what they are.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "const"];

/// The extensions that hold endpoints.
const OF_ENDPOINTS: [&str; 3] = [extensions::ENDPOINTS, extensions::PRODUCTION, extensions::SANDBOX];

/// Where in a definition something stands, as far as it matters.
#[derive(Debug, Clone, Copy, Default)]
struct Place<'k> {
    /// The member that it is the value of, or an element of.
    key: &'k str,
    /// It is a server, or the list of them.
    is_server: bool,
    /// It is the URL of one.
    is_server_url: bool,
    /// It is inside of an extension, where endpoints are.
    is_extension: bool,
    /// It is inside of one of endpoints, also of those that no operation uses.
    is_endpoint: bool,
    /// It is inside of an example or the like.
    is_data: bool,
}

impl<'k> Place<'k> {
    fn member(self, name: &'k str) -> Self {
        let is_data = self.is_data || DATA.contains(&name);
        Self {
            key: name,
            is_server: name == "servers" && !is_data,
            is_server_url: self.is_server && name == "url",
            is_extension: self.is_extension || name.starts_with("x-"),
            is_endpoint: !is_data && (self.is_endpoint || OF_ENDPOINTS.contains(&name)),
            is_data,
        }
    }
}

/// What a text at a place may keep; `None`: all of it.
fn without_secret(text: &str, place: Place<'_>) -> Option<String> {
    let clean = without_credentials(text);
    let rest = clean.as_deref().unwrap_or(text);
    if place.is_endpoint && place.key == "urls" {
        // Where operations use the endpoint, a query is an error.
        let url = Discovery::parse(rest).map_or(rest, |(_, url)| url);
        return match url.split_once(['?', '#']) {
            Some((base, _)) => Some(rest.replacen(url, base, 1)),
            None => clean,
        };
    }
    let is_login = !place.is_data && LOGIN_URLS.contains(&place.key);
    match rest.find(['?', '#']).map(|at| rest.split_at(at)) {
        Some((base, _)) if place.is_server_url => Some(base.to_owned()),
        Some((base, query)) if is_login && query.split(['?', '#']).any(has_credential) => Some(base.to_owned()),
        _ => clean,
    }
}

/// Tells of URLs with credentials, and of servers' URLs with a query, that nothing has been told of: they are cut
/// by [`without_secrets`].
pub(crate) fn warn_about_urls(source: &Source, document: &Node, diagnostics: &mut Diagnostics) {
    let place = |span: Span| (span.start, span.end);
    // Other definitions have the same places, and what is told of something else there may be any finding.
    let mut told: HashSet<(u32, u32)> = diagnostics
        .iter()
        .filter(|one| one.secret)
        .filter_map(|one| one.place.as_ref())
        .filter(|(of, _)| of.name() == source.name())
        .map(|(_, span)| place(*span))
        .collect();
    let mut found = Vec::new();
    urls(document, Place::default(), &mut found);
    for span in found {
        if told.insert(place(span)) {
            let message = "what this URL holds beside its place, credentials or a query, is left out of what is built";
            let diagnostic = Diagnostic::warning(Code::EndpointSecret, source, span, message)
                .remedy("Remove it here; the user is named in `securityConfig`, and secrets are given to the gateway.");
            diagnostics.push(diagnostic.secret());
        }
    }
}

fn urls(node: &Node, place: Place<'_>, found: &mut Vec<Span>) {
    match &node.value {
        NodeValue::Object(members) => {
            for (name, member) in members {
                urls(&member.node, place.member(name), found);
            }
        }
        NodeValue::Array(items) => items.iter().for_each(|item| urls(item, place, found)),
        NodeValue::String(text) if without_secret(text, place).is_some() => found.push(node.span),
        _ => {}
    }
}

/// Takes out of a definition what only operators may know: the document goes into the bundle, which is passed on. Of
/// `securityConfig` in an extension only what is known to be no secret stays; a schema may have a property of that name.
/// Returns whether there was any.
pub(crate) fn without_secrets(document: &mut Value) -> bool {
    let mut taken = Taken::default();
    taken.clean(document, Place::default());
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
    fn clean(&mut self, value: &mut Value, place: Place<'_>) {
        match value {
            Value::Object(members) => {
                if let Some(config) = members.get_mut("securityConfig").filter(|_| place.is_extension) {
                    self.config(config);
                }
                if place.is_server {
                    self.server(members, place.member("url"));
                }
                for (name, member) in members {
                    if name == extensions::ENDPOINTS && !place.is_data {
                        self.endpoints(member);
                    }
                    self.clean(member, place.member(name));
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean(item, place)),
            Value::String(text) => {
                if let Some(clean) = without_secret(text, place) {
                    *text = clean;
                    self.any = true;
                }
            }
            _ => {}
        }
    }

    /// What no endpoint has is an error where operations use it, and may be a secret where none does.
    fn endpoints(&mut self, list: &mut Value) {
        for element in list.as_array_mut().into_iter().flatten() {
            let endpoints = element.as_object_mut().into_iter().flatten();
            for members in endpoints.filter_map(|(_, endpoint)| endpoint.as_object_mut()) {
                let before = members.len();
                members.retain(|name, _| super::KEYS.contains(&name.as_str()));
                self.any |= members.len() < before;
            }
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
    fn server(&mut self, server: &mut serde_json::Map<String, Value>, place: Place<'_>) {
        let Some(Value::String(url)) = server.get_mut("url") else {
            return;
        };
        if let Some(clean) = without_secret(url, place) {
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

#[cfg(test)]
mod tests {
    use super::{has_credential, without_secrets};
    use serde_json::json;

    #[test]
    fn endpoints_lose_queries_and_what_no_endpoint_has() {
        let mut document = json!({
            "x-wso2-endpoints": [
                { "a": { "urls": ["https://a.example/v1?sig=canary", "file(x, https://b.example/?q=canary#canary)"], "password": "canary" } },
                { "b": { "urls": ["odd(https://c.example?q=canary"], "type": "http" } },
            ],
            "x-mine": { "urls": ["https://d.example?page=1"] },
        });
        assert!(without_secrets(&mut document));
        let expected = json!({
            "x-wso2-endpoints": [
                { "a": { "urls": ["https://a.example/v1", "file(x, https://b.example/)"] } },
                { "b": { "urls": ["odd(https://c.example"], "type": "http" } },
            ],
            "x-mine": { "urls": ["https://d.example?page=1"] },
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn queries_hold_credentials_by_the_names_of_parameters() {
        for query in [
            "client_secret=a",
            "t=1&access_token=a",
            "apiKey=a",
            "api-key=a",
            "Key=a",
            "sig=a",
            "client_assertion=a",
            "client%5Fsecret=a",
        ] {
            assert!(has_credential(query), "{query}");
        }
        for query in ["", "t=1", "tokenType=jwt", "monkey=1", "key_id=7", "tenant=key"] {
            assert!(!has_credential(query), "{query}");
        }
    }
}
