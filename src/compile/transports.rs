//! Listeners, client certificates and the credentials header of an API.

use super::extensions;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};
use mgw_bundle::config::{ApiState, MutualTls, Transports};

/// `x-wso2-mutual-ssl`
pub(super) fn mutual_tls(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> Option<MutualTls> {
    let (text, node) = extensions::text(source, owner, extensions::MUTUAL_TLS, diagnostics)?;
    match text.to_ascii_lowercase().as_str() {
        "mandatory" => Some(MutualTls::Mandatory),
        "optional" => Some(MutualTls::Optional),
        _ => {
            let message = format!(
                "`{}` should be `mandatory` or `optional`, found `{text}`",
                extensions::MUTUAL_TLS
            );
            let finding = Diagnostic::error(Code::MutualTls, source, node.span, message)
                .remedy("Write one of the two: `mandatory` refuses callers without a certificate.");
            // A certificate lets credentials be optional.
            diagnostics.push(
                finding
                    .misspelt(text, node.span, ["mandatory", "optional"])
                    .only_likely(),
            );
            None
        }
    }
}

/// `x-wso2-transports`; a mandatory client certificate can only be shown on the TLS listener.
pub(super) fn transports(
    source: &Source,
    owner: &Node,
    mutual_tls: Option<MutualTls>,
    diagnostics: &mut Diagnostics,
) -> Transports {
    let both = Transports {
        http: true,
        https: true,
    };
    let mut listed = Transports {
        http: false,
        https: false,
    };
    let node = owner.get(extensions::TRANSPORTS);
    let elements = node.and_then(Node::as_array);
    for element in elements.into_iter().flatten() {
        match element.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("http") => listed.http = true,
            Some("https") => listed.https = true,
            _ => {
                let message = "a transport is `http` or `https`";
                let finding = Diagnostic::error(Code::Transports, source, element.span, message)
                    .remedy("Write `x-wso2-transports: [https]`, or leave it out for both.")
                    .misspelt(element.as_str().unwrap_or_default(), element.span, ["http", "https"]);
                // What is readable on the way is for somebody to look at.
                let opens = finding.would_write("http");
                diagnostics.push(finding.only_likely_if(opens));
            }
        }
    }
    if let Some(node) = node
        && elements.is_none_or(<[Node]>::is_empty)
    {
        let what = format!("`{}`", extensions::TRANSPORTS);
        let finding = Diagnostic::expected(Code::Transports, source, node, &what, "a list of `http` and `https`");
        let finding = finding.expecting_list(node);
        let opens = node.as_str().is_some_and(|text| text.eq_ignore_ascii_case("http"));
        diagnostics.push(finding.only_likely_if(opens));
    }
    if mutual_tls == Some(MutualTls::Mandatory) {
        if let Some(node) = node.filter(|_| listed.http) {
            let message = "the API is not offered over http, because it demands a client certificate";
            diagnostics.push(Diagnostic::warning(Code::Transports, source, node.span, message));
        }
        return Transports {
            http: false,
            https: true,
        };
    }
    if node.is_some() { listed } else { both }
}

/// `x-wso2-auth-header`, in lower case.
pub(super) fn auth_header(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let (text, node) = extensions::text(source, owner, extensions::AUTH_HEADER, diagnostics)?;
    if !is_token(text) {
        let message = format!("`{text}` cannot be the name of a header");
        diagnostics.push(
            Diagnostic::error(Code::AuthHeader, source, node.span, message)
                .remedy("Use letters, digits and `-`, such as `X-Shop-Authorization`."),
        );
        return None;
    }
    Some(text.to_ascii_lowercase())
}

/// Whether a text is a header name.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 128
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// `x-mgw-life-cycle`, which `pull` writes.
pub(super) fn state(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> ApiState {
    let Some((text, node)) = extensions::text(source, owner, extensions::LIFE_CYCLE, diagnostics) else {
        return ApiState::Published;
    };
    match text.to_ascii_uppercase().as_str() {
        "PUBLISHED" => ApiState::Published,
        "PROTOTYPED" => ApiState::Prototyped,
        "DEPRECATED" => ApiState::Deprecated,
        "BLOCKED" => ApiState::Blocked,
        _ => {
            let message = format!("`{text}` is not a state in which an API is served");
            diagnostics.push(
                Diagnostic::error(Code::LifeCycle, source, node.span, message)
                    .remedy("Use PUBLISHED, PROTOTYPED, DEPRECATED or BLOCKED.")
                    .misspelt(text, node.span, ["PUBLISHED", "PROTOTYPED", "DEPRECATED", "BLOCKED"])
                    // It is blocked until somebody has looked at it.
                    .only_likely(),
            );
            ApiState::Blocked
        }
    }
}
