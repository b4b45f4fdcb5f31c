//! One endpoint object: URLs, how they are used, time limit, credentials.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span};
use mgw_bundle::config::{Endpoint, EndpointAuth, EndpointKind};
use url::Url;

/// What the gateway waits for a backend when the definition does not say.
pub(super) const DEFAULT_TIMEOUT_MS: u64 = 60_000;

/// Longest time limit: a day.
const MAX_TIMEOUT_MS: u64 = 86_400_000;

/// Most URLs of one endpoint.
const MAX_URLS: usize = 64;

const KEYS: [&str; 4] = ["urls", "type", "securityConfig", "advanceEndpointConfig"];
const TYPES: [&str; 4] = ["http", "load_balance", "failover", "address"];

/// Compiles an endpoint object.
pub(super) fn compile(
    source: &Source,
    node: &Node,
    name: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Option<Endpoint> {
    let Some(members) = node.as_object() else {
        diagnostics.push(
            Diagnostic::expected("endpoint", source, node, "an endpoint", "a map with `urls`")
                .remedy("Write `urls: [\"https://backend.example.com\"]`, or `\"#/x-wso2-endpoints/NAME\"`."),
        );
        return None;
    };
    for (key, member) in members {
        if !KEYS.contains(&key.as_str()) {
            let message = format!("an endpoint has no `{key}`");
            diagnostics.push(Diagnostic::error("endpoint", source, member.key, message).did_you_mean(key, KEYS));
        }
    }
    let urls = urls(source, node, diagnostics)?;
    let kind = kind(source, node, urls.len(), diagnostics)?;
    let urls = match kind {
        EndpointKind::Single => urls.into_iter().take(1).collect(),
        EndpointKind::LoadBalance | EndpointKind::Failover => urls,
    };
    Some(Endpoint {
        name: name.map(str::to_owned),
        kind,
        urls,
        timeout_ms: timeout(source, node, diagnostics)?,
        auth: auth(source, node, diagnostics)?,
    })
}

fn urls(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<String>> {
    let Some(list) = node.get("urls") else {
        diagnostics.push(Diagnostic::error(
            "endpoint",
            source,
            node.span,
            "this endpoint has no `urls`",
        ));
        return None;
    };
    let Some(elements) = list
        .as_array()
        .filter(|elements| !elements.is_empty() && elements.len() <= MAX_URLS)
    else {
        let expected = format!("a list of 1 to {MAX_URLS} URLs");
        diagnostics.push(Diagnostic::expected("endpoint", source, list, "`urls`", &expected));
        return None;
    };
    let mut urls = Vec::with_capacity(elements.len());
    for element in elements {
        let Some(text) = element.as_str() else {
            diagnostics.push(Diagnostic::expected("endpoint-url", source, element, "a URL", "a text"));
            continue;
        };
        match without_discovery(source, element.span, text.trim(), diagnostics).and_then(backend_url) {
            Ok(url) => urls.push(url),
            Err(fault) => diagnostics.push(bad_url(source, element.span, text.trim(), &fault)),
        }
    }
    (urls.len() == elements.len()).then_some(urls)
}

/// The finding about a URL; one with credentials is shown neither in the message nor with its line.
fn bad_url(source: &Source, span: Span, text: &str, fault: &str) -> Diagnostic {
    if text.contains('@') {
        return Diagnostic::error(
            "endpoint-url",
            source,
            span,
            format!("this is not a backend URL: {fault}"),
        )
        .secret();
    }
    Diagnostic::error(
        "endpoint-url",
        source,
        span,
        format!("`{text}` is not a backend URL: {fault}"),
    )
}

/// `etcd(key, url)` asks for service discovery; its URL is what holds without.
fn without_discovery<'a>(
    source: &Source,
    span: Span,
    text: &'a str,
    diagnostics: &mut Diagnostics,
) -> Result<&'a str, String> {
    let Some(arguments) = text.strip_prefix("etcd(") else {
        return Ok(text);
    };
    let arguments = arguments
        .strip_suffix(')')
        .map(|inside| inside.split(',').collect::<Vec<_>>());
    match arguments.as_deref() {
        Some([_, url]) => {
            let message = "this version of mgw does not ask etcd; the default URL is used";
            diagnostics.push(Diagnostic::warning("etcd", source, span, message));
            Ok(url.trim())
        }
        _ => Err("service discovery is written `etcd(KEY, DEFAULT_URL)`".to_owned()),
    }
}

/// Checks a backend URL and brings it into the form of the contract: no `/` at its end.
pub(super) fn backend_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "the gateway speaks http and https to backends, not {}",
            url.scheme()
        ));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds credentials; name the user in `securityConfig`".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a query or fragment cannot be part of it".to_owned());
    }
    if text.contains(['{', '}']) {
        return Err("it holds a variable without a value".to_owned());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn kind(source: &Source, node: &Node, urls: usize, diagnostics: &mut Diagnostics) -> Option<EndpointKind> {
    let (written, span) = match node.get("type") {
        None => (None, node.span),
        Some(kind) => match kind.as_str() {
            Some(text) if TYPES.contains(&text) => (Some(text), kind.span),
            Some(text) => {
                let message = format!("`{text}` is not a type of endpoint");
                diagnostics.push(
                    Diagnostic::error("endpoint", source, kind.span, message)
                        .remedy("Use `http`, `load_balance` or `failover`.")
                        .did_you_mean(text, TYPES),
                );
                return None;
            }
            None => {
                diagnostics.push(Diagnostic::expected("endpoint", source, kind, "`type`", "a text"));
                return None;
            }
        },
    };
    Some(match (urls, written) {
        (1, _) => EndpointKind::Single,
        (_, Some("failover")) => EndpointKind::Failover,
        (_, Some("http")) => {
            let message = "an endpoint of type `http` uses its first URL only";
            diagnostics.push(
                Diagnostic::warning("endpoint", source, span, message)
                    .remedy("Use `load_balance` or `failover`, or remove the other URLs."),
            );
            EndpointKind::Single
        }
        _ => EndpointKind::LoadBalance,
    })
}

fn timeout(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<u64> {
    let Some(advanced) = node.get("advanceEndpointConfig").filter(|node| !node.is_null()) else {
        return Some(DEFAULT_TIMEOUT_MS);
    };
    let Some(members) = advanced.as_object() else {
        diagnostics.push(Diagnostic::expected(
            "endpoint",
            source,
            advanced,
            "`advanceEndpointConfig`",
            "a map",
        ));
        return None;
    };
    const KEYS: [&str; 4] = ["timeoutInMillis", "retryConfig", "circuitBreaker", "poolConfig"];
    for (key, member) in members {
        if !KEYS.contains(&key.as_str()) {
            let message = format!("`advanceEndpointConfig` has no `{key}`");
            diagnostics.push(Diagnostic::error("endpoint", source, member.key, message).did_you_mean(key, KEYS));
        } else if key != "timeoutInMillis" && !member.node.is_null() {
            let message = format!("this version of mgw does not act on `{key}`");
            diagnostics.push(Diagnostic::warning("endpoint", source, member.key, message));
        }
    }
    let Some(value) = advanced.get("timeoutInMillis").filter(|node| !node.is_null()) else {
        return Some(DEFAULT_TIMEOUT_MS);
    };
    let timeout = value.as_u64().filter(|value| (1..=MAX_TIMEOUT_MS).contains(value));
    if timeout.is_none() {
        let message = format!("`timeoutInMillis` should be a whole number from 1 to {MAX_TIMEOUT_MS}");
        diagnostics.push(Diagnostic::error("endpoint", source, value.span, message));
    }
    timeout
}

/// `Some(None)`: no credentials; `None`: a mistake that has been reported.
fn auth(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<Option<EndpointAuth>> {
    let Some(config) = node.get("securityConfig").filter(|node| !node.is_null()) else {
        return Some(None);
    };
    if let Some(password) = config.get("password").filter(|node| node.as_str() != Some("")) {
        let message = "the password in the definition is ignored; it does not belong into a file";
        diagnostics.push(
            Diagnostic::warning("endpoint-password", source, password.span, message)
                .remedy("Remove it here and give it to the gateway as `<endpoint>_prod_basic_password`.")
                .secret(),
        );
    }
    let kind = config.get("type").and_then(Node::as_str).unwrap_or_default();
    if !kind.eq_ignore_ascii_case("basic") {
        let message = "`securityConfig` should have `type: basic`; the gateway knows no other credentials for backends";
        diagnostics.push(Diagnostic::error("endpoint", source, config.span, message));
        return None;
    }
    match config
        .get("username")
        .and_then(Node::as_str)
        .filter(|name| !name.is_empty())
    {
        Some(username) => Some(Some(EndpointAuth {
            username: username.to_owned(),
        })),
        None => {
            let message = "`securityConfig` has no `username`";
            diagnostics.push(Diagnostic::error("endpoint", source, config.span, message));
            None
        }
    }
}
