//! Which backends an API and its operations have.

use super::endpoint::{self, DEFAULT_TIMEOUT_MS};
use super::some_of::some_of;
use super::{extensions, servers};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, certain_name};
use crate::odd_port::has_odd_port;
use crate::openapi::{Definition, Operation};
use crate::yaml::{Member, Node, Source, Span};
use mgw_bundle::config::{Endpoint, EndpointKind, Endpoints};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The endpoint objects under `x-wso2-endpoints`, by name.
#[derive(Debug, Default)]
pub(super) struct NamedEndpoints<'a> {
    by_name: BTreeMap<&'a str, &'a Member>,
    used: RefCell<BTreeSet<&'a str>>,
}

pub(super) const REFERENCE: &str = "#/x-wso2-endpoints/";

impl<'a> NamedEndpoints<'a> {
    /// Reads `x-wso2-endpoints`, a list of maps with one name each.
    pub(super) fn read(definition: &'a Definition, diagnostics: &mut Diagnostics) -> Self {
        let source = &definition.source;
        let mut named = Self::default();
        let Some(node) = definition.pruned.get(extensions::ENDPOINTS) else {
            return named;
        };
        let Some(elements) = node.as_array() else {
            let what = format!("`{}`", extensions::ENDPOINTS);
            diagnostics.push(
                Diagnostic::expected(
                    Code::Endpoints,
                    source,
                    node,
                    &what,
                    "a list of maps with one name each",
                )
                .remedy("Write `- NAME:` and below it `urls: [\"https://backend.example.com\"]`."),
            );
            return named;
        };
        for element in elements {
            let Some(members) = element.as_object().filter(|members| members.len() == 1) else {
                let expected = "a map with exactly one name";
                diagnostics.push(Diagnostic::expected(
                    Code::Endpoints,
                    source,
                    element,
                    "a named endpoint",
                    expected,
                ));
                continue;
            };
            for (name, member) in members {
                if named.by_name.insert(name, member).is_some() {
                    let message = format!("the endpoint `{name}` stands a second time");
                    diagnostics.push(Diagnostic::error(Code::Endpoints, source, member.key, message));
                }
            }
        }
        named
    }

    /// The endpoints that nothing has referred to, and where their names stand.
    pub(super) fn unused(&self) -> Vec<(&'a str, Span)> {
        let used = self.used.borrow();
        let unused = self.by_name.iter().filter(|(name, _)| !used.contains(*name));
        unused.map(|(name, member)| (*name, member.key)).collect()
    }

    /// The endpoint object behind an extension: the object itself or the one it refers to, with its name.
    fn resolve<'n>(
        &self,
        source: &Source,
        node: &'n Node,
        diagnostics: &mut Diagnostics,
    ) -> Option<(&'n Node, Option<&'n str>)>
    where
        'a: 'n,
    {
        let Some(text) = node.as_str() else {
            return Some((node, None));
        };
        let Some(name) = text.trim().strip_prefix(REFERENCE) else {
            if text.contains([':', '@']) {
                diagnostics.push(of_url(source, node, text));
                return None;
            }
            let message = format!("`{text}` is not a reference to an endpoint");
            let finding = Diagnostic::error(Code::EndpointReference, source, node.span, message)
                .remedy(format!("Write `\"{REFERENCE}NAME\"`, or a map with `urls`."));
            // What is defined here cannot be anything else.
            let name = text.trim().rsplit('/').next().unwrap_or_default();
            let is_near = REFERENCE.ends_with(text.trim().strip_suffix(name).unwrap_or("?"));
            diagnostics.push(match is_near && self.by_name.contains_key(name) {
                true => finding.renaming(text.trim(), node.span, &format!("{REFERENCE}{name}")),
                false => finding,
            });
            return None;
        };
        match self.by_name.get_key_value(name) {
            Some((name, member)) => {
                self.used.borrow_mut().insert(name);
                Some((&member.node, Some(name)))
            }
            None => {
                let message = format!("the endpoint `{name}` is not defined under `{}`", extensions::ENDPOINTS);
                let diagnostic = Diagnostic::error(Code::EndpointReference, source, node.span, message);
                let remedy = format!("Define it there: `{name}: {{urls: [\"https://backend.example.com\"]}}`.");
                let diagnostic = diagnostic
                    .remedy(remedy)
                    .did_you_mean(name, self.by_name.keys().copied());
                diagnostics.push(match certain_name(name, self.by_name.keys().copied()) {
                    Some(known) => diagnostic.renaming(text.trim(), node.span, &format!("{REFERENCE}{known}")),
                    None => diagnostic,
                });
                None
            }
        }
    }
}

/// A URL where an endpoint belongs. It is not repeated: it may have a password in it.
fn of_url(source: &Source, node: &Node, text: &str) -> Diagnostic {
    let message = "a URL stands where a reference to an endpoint or a map belongs";
    Diagnostic::error(Code::EndpointReference, source, node.span, message)
        .remedy("Write it below `urls`: `{urls: [\"https://backend.example.com\"]}`.")
        .secret_if(text.contains(['@', '?']) || has_odd_port(text))
}

/// What was found at one level.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The backends.
    pub(super) endpoints: Endpoints,
    /// A mistake in them has been reported, so their absence needs no report of its own.
    pub(super) faulty: bool,
    /// A server without a host, which names no backend, and its place.
    pub(super) relative: Option<(String, Span)>,
}

/// The backends of an API; `id` is the name under which operators override them.
pub(super) fn of_api(
    definition: &Definition,
    named: &NamedEndpoints<'_>,
    id: &str,
    diagnostics: &mut Diagnostics,
) -> Found {
    let servers = (definition.model.servers.as_slice(), definition.pruned.get("servers"));
    of_level(
        &definition.source,
        &definition.pruned,
        servers,
        named,
        Some(id),
        diagnostics,
    )
}

/// The backends of an operation of its own.
pub(super) fn of_operation(
    definition: &Definition,
    operation: Operation<'_>,
    named: &NamedEndpoints<'_>,
    diagnostics: &mut Diagnostics,
) -> Found {
    let servers = (operation.model.servers.as_slice(), operation.node.get("servers"));
    of_level(&definition.source, operation.node, servers, named, None, diagnostics)
}

fn of_level(
    source: &Source,
    owner: &Node,
    servers: (&[openapiv3::Server], Option<&Node>),
    named: &NamedEndpoints<'_>,
    id: Option<&str>,
    diagnostics: &mut Diagnostics,
) -> Found {
    let mut found = Found::default();
    let mut extension = |key: &str, faulty: &mut bool| {
        let node = owner.get(key)?;
        let compiled = named
            .resolve(source, node, diagnostics)
            .and_then(|(node, name)| endpoint::compile(source, node, name.or(id), diagnostics));
        *faulty |= compiled.is_none();
        compiled
    };
    found.endpoints.production = extension(extensions::PRODUCTION, &mut found.faulty);
    found.endpoints.sandbox = extension(extensions::SANDBOX, &mut found.faulty);
    if owner.get(extensions::PRODUCTION).is_none() {
        from_servers(source, servers, id, &mut found, diagnostics);
    }
    found
}

/// The distinct servers with a host, used in turn.
fn from_servers(
    source: &Source,
    (servers, nodes): (&[openapiv3::Server], Option<&Node>),
    id: Option<&str>,
    found: &mut Found,
    diagnostics: &mut Diagnostics,
) {
    let mut urls: Vec<String> = Vec::new();
    for (index, server) in servers.iter().enumerate() {
        let span = nodes
            .and_then(|nodes| nodes.at([index.to_string().as_str(), "url"]))
            .map_or(Span::default(), |node| node.span);
        let url = servers::expand(server);
        if url.starts_with('/') && !url.starts_with("//") || url.is_empty() {
            found.relative.get_or_insert((url, span));
            continue;
        }
        match endpoint::backend_url(&url) {
            Ok(url) if urls.contains(&url) => {}
            Ok(url) => urls.push(url),
            Err(fault) => {
                let secret = url.contains(['@', '?', '#']);
                let url = if secret { String::new() } else { format!(" `{url}`") };
                let message = format!("the server{url} is not used as a backend: {fault}");
                let diagnostic = Diagnostic::warning(Code::Server, source, span, message)
                    .remedy("Correct it, or name the backend in `x-wso2-production-endpoints`.");
                diagnostics.push(if secret { diagnostic.secret() } else { diagnostic });
            }
        }
    }
    if urls.is_empty() {
        return;
    }
    let kind = if urls.len() == 1 {
        EndpointKind::Single
    } else {
        EndpointKind::LoadBalance
    };
    if urls.len() > 1 {
        let message = format!("the {} servers are used in turn", urls.len());
        diagnostics.push(
            // The servers of a definition are often regions or stages: sending data to the wrong one is no trifle.
            Diagnostic::warning(
                Code::Server,
                source,
                nodes.map_or(Span::default(), |node| node.span),
                message,
            )
            .remedy(format!(
                "Name the backend in `{}` when only one of them is meant.",
                extensions::PRODUCTION
            )),
        );
    }
    found.endpoints.production = Some(Endpoint::plain(id.map(str::to_owned), kind, urls, DEFAULT_TIMEOUT_MS));
}

/// Reports operations that have no backend at all, in one finding.
pub(super) fn report_missing(
    definition: &Definition,
    missing: &[String],
    relative: Option<&str>,
    diagnostics: &mut Diagnostics,
) {
    if missing.is_empty() {
        return;
    }
    let shown = some_of(missing);
    let why = match relative {
        Some(url) if !url.is_empty() => format!("; the server `{url}` has no host"),
        _ => String::new(),
    };
    let message = format!("{} has no endpoint for {shown}{why}", definition.name());
    diagnostics.push(
        Diagnostic::error(Code::NoEndpoint, &definition.source, definition.title_span(), message).remedy(format!(
            "Add `{}: {{urls: [\"https://backend.example.com\"]}}` at the top of the definition, or a server with a host.",
            extensions::PRODUCTION
        )),
    );
}
