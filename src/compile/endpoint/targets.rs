//! The `urls` of an endpoint.

use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span};
use mgw_bundle::config::Target;
use url::Url;

/// Most URLs of one endpoint.
const MAX_URLS: usize = 64;

/// Reads the list; `None`: a mistake that has been reported.
pub(super) fn targets(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<Target>> {
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
            Ok(url) => urls.push(Target::at(url)),
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
pub(in crate::compile) fn backend_url(text: &str) -> Result<String, String> {
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
