//! One endpoint object: where the backends are, how they are used, credentials.

mod advanced;
mod auth;
mod fields;
mod protocol;
mod secrets;
mod targets;

pub(super) use advanced::DEFAULT_TIMEOUT_MS;
pub(crate) use secrets::{SECRETS, has_credential, warn_about_urls, without_credentials, without_secrets};
pub(super) use targets::{backend_url, is_web_socket};

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};
use mgw_bundle::config::{Endpoint, EndpointKind};

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
            Diagnostic::expected(Code::Endpoint, source, node, "an endpoint", "a map with `urls`")
                .remedy("Write `urls: [\"https://backend.example.com\"]`, or `\"#/x-wso2-endpoints/NAME\"`."),
        );
        return None;
    };
    for (key, member) in members {
        if !KEYS.contains(&key.as_str()) {
            let message = format!("an endpoint has no `{key}`");
            let finding = Diagnostic::error(Code::Endpoint, source, member.key, message)
                .remedy(format!("Remove it; there are `{}`.", KEYS.join("`, `")));
            diagnostics.push(finding.misspelt(key, member.key, KEYS));
        }
    }
    let mut targets = targets::targets(source, node, diagnostics)?;
    let kind = kind(source, node, targets.len(), diagnostics)?;
    if kind == EndpointKind::Single {
        targets.truncate(1);
    }
    let auth = auth::auth(source, node, name, diagnostics);
    let protocol = protocol::protocol(source, node, diagnostics);
    let advanced = advanced::advanced(source, node, kind, diagnostics)?;
    Some(Endpoint {
        targets,
        auth: auth?,
        protocol: protocol?,
        balance: advanced.balance,
        total_timeout_ms: advanced.total_timeout_ms,
        retry: advanced.retry,
        circuit_breaker: advanced.circuit_breaker,
        pool: advanced.pool,
        health_check: advanced.health_check,
        ..Endpoint::plain(name.map(str::to_owned), kind, [], advanced.timeout_ms)
    })
}

fn kind(source: &Source, node: &Node, urls: usize, diagnostics: &mut Diagnostics) -> Option<EndpointKind> {
    let (written, span) = match node.get("type") {
        None => (None, node.span),
        Some(kind) => match kind.as_str() {
            Some(text) if TYPES.contains(&text) => (Some(text), kind.span),
            Some(text) => {
                let message = format!("`{text}` is not a type of endpoint");
                diagnostics.push(
                    Diagnostic::error(Code::Endpoint, source, kind.span, message)
                        .remedy("Use `http`, `load_balance` or `failover`.")
                        .misspelt(text, kind.span, TYPES),
                );
                return None;
            }
            None => {
                diagnostics.push(Diagnostic::expected(Code::Endpoint, source, kind, "`type`", "a text"));
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
                Diagnostic::warning(Code::Endpoint, source, span, message)
                    .remedy("Use `load_balance` or `failover`, or remove the other URLs."),
            );
            EndpointKind::Single
        }
        _ => EndpointKind::LoadBalance,
    })
}
