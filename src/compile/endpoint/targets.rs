//! The `urls` of an endpoint.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span};
use mgw_bundle::config::{Discovery, Target};
use std::path::{Component, Path};
use url::Url;

/// Most URLs of one endpoint.
const MAX_URLS: usize = 64;

/// Reads the list; `None`: a mistake that has been reported.
pub(super) fn targets(source: &Source, node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<Target>> {
    let Some(list) = node.get("urls") else {
        diagnostics.push(
            Diagnostic::error(Code::Endpoint, source, node.span, "this endpoint has no `urls`")
                .remedy("Add `urls: [\"https://backend.example.com\"]`."),
        );
        return None;
    };
    let Some(elements) = list
        .as_array()
        .filter(|elements| !elements.is_empty() && elements.len() <= MAX_URLS)
    else {
        let expected = format!("a list of 1 to {MAX_URLS} URLs");
        let finding = Diagnostic::expected(Code::Endpoint, source, list, "`urls`", &expected);
        let is_secret = list.as_str().is_some_and(|text| text.contains(['@', '?', '#']));
        diagnostics.push(finding.expecting_list(list).secret_if(is_secret));
        return None;
    };
    let mut urls = Vec::with_capacity(elements.len());
    for element in elements {
        let Some(text) = element.as_str() else {
            diagnostics.push(Diagnostic::expected(
                Code::EndpointUrl,
                source,
                element,
                "a URL",
                "a text",
            ));
            continue;
        };
        match target(text) {
            Ok(target) => urls.push(target),
            Err(fault) => diagnostics.push(bad_url(source, element.span, text.trim(), &fault)),
        }
    }
    if urls.len() != elements.len() {
        return None;
    }
    let of_web_sockets = urls.iter().filter(|target| is_web_socket(&target.url)).count();
    if of_web_sockets != 0 && of_web_sockets != urls.len() {
        diagnostics.push(
            Diagnostic::error(
                Code::EndpointUrl,
                source,
                list.span,
                "an endpoint is for WebSockets or for HTTP, and these `urls` are of both",
            )
            .remedy("Give the operations that are WebSockets an endpoint of their own."),
        );
        return None;
    }
    Some(urls)
}

/// Whether a URL in the form of the contract is that of a WebSocket.
pub(in crate::compile) fn is_web_socket(url: &str) -> bool {
    url.starts_with("ws:") || url.starts_with("wss:")
}

/// The finding about a URL; one with credentials is shown neither in the message nor with its line, nor is one with a query
/// or a fragment, in which keys are sent.
fn bad_url(source: &Source, span: Span, text: &str, fault: &str) -> Diagnostic {
    if text.contains(['@', '?', '#']) {
        return Diagnostic::error(
            Code::EndpointUrl,
            source,
            span,
            format!("this is not a backend URL: {fault}"),
        )
        .remedy(LIKE)
        .secret();
    }
    let diagnostic = Diagnostic::error(
        Code::EndpointUrl,
        source,
        span,
        format!("`{text}` is not a backend URL: {fault}"),
    );
    if text.contains('(') {
        return diagnostic.remedy(
            "Write a look-up as `etcd(KEY, DEFAULT_URL)`, `srv(NAME, DEFAULT_URL)` or `file(PATH, DEFAULT_URL)`; the URL is \
             used until something is found.",
        );
    }
    diagnostic.remedy(LIKE)
}

const LIKE: &str = "Write a URL such as `https://backend.example.com/v1`; what callers ask for is put behind its path.";

/// A target as it is written: a URL, or how its URL is looked up.
fn target(text: &str) -> Result<Target, String> {
    let (discovery, url) = Discovery::parse(text)?;
    if let Some(Discovery::File { path }) = &discovery {
        let below = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !below {
            return Err("the file has to be named by a path below the folder of such files, without `..`".to_owned());
        }
    }
    Ok(Target {
        url: backend_url(url)?,
        discovery,
    })
}

/// Why a text is no URL.
fn fault(error: url::ParseError) -> String {
    use url::ParseError;
    match error {
        ParseError::RelativeUrlWithoutBase => "it does not begin with `https://` or `http://`",
        ParseError::EmptyHost => "it has no host",
        ParseError::InvalidPort => "its port is not a number from 1 to 65535",
        ParseError::IdnaError | ParseError::InvalidDomainCharacter => "its host is not a name that can be looked up",
        ParseError::InvalidIpv4Address | ParseError::InvalidIpv6Address => "its host is not an address",
        _ => return error.to_string(),
    }
    .to_owned()
}

/// Checks a backend URL and brings it into the form of the contract: no `/` at its end.
pub(in crate::compile) fn backend_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(fault)?;
    // `backend:8080` is a URL whose scheme is `backend`, and meant otherwise.
    if !text.contains("://") {
        return Err(fault(url::ParseError::RelativeUrlWithoutBase));
    }
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return Err(format!(
            "the gateway speaks http, https, ws and wss to backends, not {}",
            url.scheme()
        ));
    }
    if url.port() == Some(0) {
        return Err(fault(url::ParseError::InvalidPort));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_fixed_or_looked_up() {
        let file = |path: &str| Some(Discovery::File { path: path.to_owned() });
        for (text, url, discovery) in [
            (" https://a/v1/ ", "https://a/v1", None),
            (
                "etcd( shop , http://a/ )",
                "http://a",
                Some(Discovery::Etcd { key: "shop".into() }),
            ),
            ("file(shop/urls, http://a)", "http://a", file("shop/urls")),
        ] {
            let expected = Target {
                url: url.to_owned(),
                discovery,
            };
            assert_eq!(target(text), Ok(expected), "{text}");
        }
        for (text, fault) in [
            ("etcd(shop)", "etcd(KEY, DEFAULT_URL)"),
            ("etcd(shop, ftp://a)", "http, https, ws and wss"),
            ("srv(, http://a)", "srv(NAME, DEFAULT_URL)"),
            ("file(/etc/passwd, http://a)", "below the folder"),
            ("file(../urls, http://a)", "below the folder"),
            ("consul(shop, http://a)", "does not begin with"),
            ("http://a:0/", "not a number from 1 to 65535"),
            ("etcd(shop, http://a:0)", "not a number from 1 to 65535"),
        ] {
            let found = target(text).expect_err("it is refused");
            assert!(found.contains(fault), "{text}: {found}");
        }
    }
}
