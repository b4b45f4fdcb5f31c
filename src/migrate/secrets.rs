//! Secrets of backends in definitions: they are found, told by the setting that replaces them, and taken out.

use super::credentials::{Written, without};
use super::draft::{Draft, Place};
use crate::compile::{SECRETS, without_credentials};
use crate::diagnostics::Code;
use crate::yaml::{Node, Source, Span, Value};
use mgw_bundle::api_id;
use mgw_runtime::config::CredentialSetting;
use std::collections::BTreeSet;

/// The extensions of backends of an API, and whether they are those of the sandbox.
pub(super) const BACKENDS: [(&str, bool); 2] = [
    ("x-wso2-production-endpoints", false),
    ("x-wso2-sandbox-endpoints", true),
];

/// The extension of endpoints with names.
const ENDPOINTS: &str = "x-wso2-endpoints";

/// A secret in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The member of `securityConfig`; `None`: the credentials in a URL.
    pub(super) member: Option<&'static str>,
    /// The value as a text, where it is one.
    pub(super) text: Option<String>,
    /// Its place.
    pub(super) value: Span,
    /// The variable that gives it to the gateway, where the backend has a name.
    variable: Option<String>,
    /// Whether it is one of a backend.
    is_of_backend: bool,
}

/// A URL without the user and password in it, and without what else in it looks like a credential; `None`: there is no user.
pub(super) fn without_user(text: &str) -> Option<String> {
    let rest = without_credentials(text)?;
    Some(without(&rest, Written::AsValue).unwrap_or(rest))
}

/// What the credentials of a kind are called, and the setting that gives them to the gateway.
pub(super) fn credential(kind: &str) -> Option<(&'static str, CredentialSetting)> {
    Some(match kind.to_ascii_lowercase().as_str() {
        "basic" => ("password", CredentialSetting::BasicPassword),
        "digest" => ("password", CredentialSetting::DigestPassword),
        "apikey" | "api_key" | "api-key" => ("API key", CredentialSetting::ApiKey),
        "oauth2" | "oauth" => ("client secret", CredentialSetting::ClientSecret),
        _ => return None,
    })
}

/// Every secret below `securityConfig` and in URLs, at any depth, in the order of the file.
pub(super) fn in_definition(node: &Node) -> Vec<Found> {
    let text = |key: &str| node.at(["info", key]).and_then(Node::as_str);
    let id = text("title")
        .zip(text("version"))
        .map(|(name, version)| api_id(name, version));
    let mut found = Vec::new();
    for (name, member) in node.as_object().into_iter().flatten() {
        let backend = BACKENDS.iter().find(|(known, _)| known == name);
        if let (Some((_, is_sandbox)), Some(id)) = (backend, &id) {
            search(&member.node, Of::Endpoint(id, Some(*is_sandbox)), &mut found);
        } else if name == ENDPOINTS {
            for item in member.node.as_array().unwrap_or_default() {
                for (endpoint, member) in item.as_object().into_iter().flatten() {
                    search(&member.node, Of::Endpoint(endpoint, None), &mut found);
                }
            }
        } else {
            search(&member.node, Of::member(name), &mut found);
        }
    }
    found.sort_by_key(|secret| secret.value.start);
    found
}

/// What a secret is for.
#[derive(Clone, Copy)]
enum Of<'a> {
    /// An endpoint: its name, and whether it is one of the sandbox, where that is known.
    Endpoint(&'a str, Option<bool>),
    /// A backend without a name.
    Backend,
    /// Something else.
    Other,
}

impl Of<'_> {
    /// What the members of this name are for, where nothing around them says so.
    fn member(name: &str) -> Self {
        let is_backend = name == ENDPOINTS || name == "servers" || BACKENDS.iter().any(|(known, _)| *known == name);
        if is_backend { Self::Backend } else { Self::Other }
    }

    fn variable(self, setting: CredentialSetting) -> Option<String> {
        match self {
            Self::Endpoint(name, Some(is_sandbox)) => Some(format!("`{}`", setting.of(name, is_sandbox))),
            Self::Endpoint(name, None) => Some(format!(
                "`{}` (`_sand_` where it is for the sandbox)",
                setting.of(name, false)
            )),
            Self::Backend | Self::Other => None,
        }
    }
}

fn search(node: &Node, of: Of<'_>, found: &mut Vec<Found>) {
    match &node.value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "securityConfig" {
                    in_credentials(&member.node, of, found);
                }
                let of = match of {
                    Of::Other => Of::member(name),
                    known => known,
                };
                search(&member.node, of, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| search(item, of, found)),
        Value::String(text) if without_credentials(text).is_some() => found.push(Found {
            member: None,
            text: Some(text.clone()),
            value: node.span,
            variable: of.variable(CredentialSetting::BasicPassword),
            is_of_backend: !matches!(of, Of::Other),
        }),
        _ => {}
    }
}

fn in_credentials(config: &Node, of: Of<'_>, found: &mut Vec<Found>) {
    let kind = config.get("type").and_then(Node::as_str).unwrap_or_default();
    let setting = credential(kind).map(|(_, setting)| setting);
    found.extend(SECRETS.iter().filter_map(|(secret, _)| {
        let value = config.get(secret)?;
        let is_set = !value.is_null() && value.as_str() != Some("");
        is_set.then(|| Found {
            member: Some(secret),
            text: value.as_str().map(str::to_owned),
            value: value.span,
            variable: setting.and_then(|setting| of.variable(setting)),
            is_of_backend: true,
        })
    }));
}

/// Tells each of them.
pub(super) fn tell(source: &Source, found: &[Found], draft: &mut Draft) {
    for secret in found {
        let what = match secret.member {
            Some(member) => format!("the `{member}` of a backend in the definition is not copied"),
            None => "the credentials in a URL of the definition are not copied".to_owned(),
        };
        let (user, what_is_given) = match secret.member {
            Some(_) => ("", "it"),
            None => (
                ", name the user in `securityConfig` of the endpoint, with `type: basic`",
                "the password",
            ),
        };
        let how = match &secret.variable {
            Some(variable) => format!("give {what_is_given} to the gateway in the environment variable {variable}."),
            None => "write the endpoint under `x-wso2-endpoints`, so that it has a name under which the gateway can be given the secret.".to_owned(),
        };
        let remedy = match secret.is_of_backend {
            true => format!("Change it, because it stood in a file{user}, and {how}"),
            false => "Change them, because they stood in a file.".to_owned(),
        };
        let place = Place::At(source.clone(), secret.value);
        draft.lost(Code::MigrateSecret, &place, what, remedy);
    }
}

/// Takes the secrets out of a document: those in their places, and the same ones where they stand besides, as behind a
/// YAML anchor.
pub(super) fn clean(document: &mut serde_json::Value, found: &[Found]) {
    let texts: BTreeSet<(&str, &str)> = found
        .iter()
        .filter_map(|secret| Some((secret.member?, secret.text.as_deref()?)))
        .collect();
    blank(document, false, &texts);
}

fn blank(document: &mut serde_json::Value, is_config: bool, texts: &BTreeSet<(&str, &str)>) {
    use serde_json::Value;
    match document {
        Value::Object(members) => {
            for (name, member) in members {
                let is_secret = SECRETS.iter().any(|(secret, _)| secret == name);
                let is_same = |text: &str| texts.contains(&(name.as_str(), text));
                if is_secret && (is_config && !member.is_null() || member.as_str().is_some_and(is_same)) {
                    *member = "".into();
                } else {
                    blank(member, name == "securityConfig", texts);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| blank(item, false, texts)),
        Value::String(text) => {
            if let Some(clean) = without_user(text) {
                *text = clean;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Format, parse};

    #[test]
    fn secrets_are_found_at_any_depth_with_the_variable_that_replaces_them() {
        let text = "info: {title: A, version: '1'}\nx-wso2-sandbox-endpoints:\n  securityConfig: {type: digest, password: canary}\n\
                    x-wso2-endpoints:\n- core:\n    securityConfig: {type: basic, password: canary}\n\
                    paths:\n  /a:\n    get:\n      x-wso2-production-endpoints:\n        urls: ['https://u:canary@a.example/x@y']\n        securityConfig:\n          clientSecret: 5\n          password: ''\n\
                    password: other\nexternalDocs: {url: 'https://u:canary@d.example'}\n";
        let (source, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
        let found = in_definition(&node);
        let texts: Vec<(Option<&str>, &str)> = found
            .iter()
            .map(|secret| (secret.member, source.slice(secret.value)))
            .collect();
        assert_eq!(
            texts,
            [
                (Some("password"), "canary"),
                (Some("password"), "canary"),
                (None, "'https://u:canary@a.example/x@y'"),
                (Some("clientSecret"), "5"),
                (None, "'https://u:canary@d.example'")
            ]
        );
        let mut draft = Draft::default();
        tell(&source, &found, &mut draft);
        let told: Vec<String> = draft
            .findings
            .iter()
            .map(|finding| format!("{finding} - {}", finding.remedy.as_deref().unwrap_or_default()))
            .collect();
        assert!(!format!("{told:?}").contains("canary"), "{told:?}");
        let id = api_id("A", "1");
        for (line, start, variable) in [
            (&told[0], "a.yaml:3:", format!("`{id}_sand_digest_password`.")),
            (&told[1], "a.yaml:6:", "`core_prod_basic_password` (`_sand_`".to_owned()),
            (&told[2], "a.yaml:11:", "under `x-wso2-endpoints`".to_owned()),
            (&told[3], "a.yaml:13:", "under `x-wso2-endpoints`".to_owned()),
            (
                &told[4],
                "a.yaml:16:",
                "are not copied - Change them, because they stood in a file.".to_owned(),
            ),
        ] {
            assert!(line.starts_with(start) && line.contains(&variable), "{line}");
        }
    }

    #[test]
    fn urls_lose_their_credentials_and_nothing_else() {
        for (text, expected) in [
            ("https://u:p@a.example/x?y=1", Some("https://a.example/x?y=1")),
            (
                "https://u:p@a.example/x?y=1&api_key=canary",
                Some("https://a.example/x?y=1&api_key=(left out)"),
            ),
            ("https://a.example/x?api_key=canary", None),
            ("https://u@a.example:8443", Some("https://a.example:8443")),
            ("wss://u:p%40@a.example/@", Some("wss://a.example/@")),
            ("https://a.example/u:p@x", None),
            ("mailto:u@a.example", None),
            ("u:p@a", None),
        ] {
            assert_eq!(without_user(text).as_deref(), expected, "{text}");
        }
    }
}
