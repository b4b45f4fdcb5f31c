//! The extensions that steer a gateway: which there are, where they belong, what becomes of them.

use crate::diagnostics::Diagnostics;
use crate::diagnostics::{Code, Diagnostic};
use crate::openapi::{self, Definition, Stray};
use crate::yaml::{Node, Source, Span};

pub(super) const BASE_PATH: &str = "x-wso2-basePath";
pub(super) const PRODUCTION: &str = "x-wso2-production-endpoints";
pub(super) const SANDBOX: &str = "x-wso2-sandbox-endpoints";
pub(super) const ENDPOINTS: &str = "x-wso2-endpoints";
pub(super) const CORS: &str = "x-wso2-cors";
pub(super) const TIER: &str = "x-wso2-throttling-tier";
pub(super) const CONTROL_PLANE_TIER: &str = "x-throttling-tier";
pub(super) const DISABLE_SECURITY: &str = "x-wso2-disable-security";
pub(super) const AUTH_TYPE: &str = "x-auth-type";
pub(super) const SCOPE: &str = "x-scope";
pub(super) const AUTH_HEADER: &str = "x-wso2-auth-header";
pub(super) const APPLICATION_SECURITY: &str = "x-wso2-application-security";
pub(super) const MUTUAL_TLS: &str = "x-wso2-mutual-ssl";
pub(super) const TRANSPORTS: &str = "x-wso2-transports";
pub(super) const REQUEST_INTERCEPTOR: &str = "x-wso2-request-interceptor";
pub(super) const RESPONSE_INTERCEPTOR: &str = "x-wso2-response-interceptor";
pub(super) const RESPONSE_CACHE: &str = "x-wso2-response-cache";
pub(super) const OWNER: &str = "x-wso2-owner";
pub(super) const LIFE_CYCLE: &str = "x-mgw-life-cycle";
pub(super) const DEFAULT_VERSION: &str = "x-mgw-default-version";

/// Where an extension may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Api,
    Operation,
    Both,
}

impl Level {
    fn words(self) -> &'static str {
        match self {
            Self::Api => "the API as a whole",
            Self::Operation => "an operation",
            Self::Both => "the API or to an operation",
        }
    }
}

/// What becomes of an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// It is compiled.
    Compiled,
    /// It is for other tools; its presence is no mistake.
    ForOthers,
    /// It would change what happens to requests, and this version cannot do it: nothing is built.
    Refused,
}

const KNOWN: [(&str, Level, Effect); 27] = [
    (BASE_PATH, Level::Api, Effect::Compiled),
    (PRODUCTION, Level::Both, Effect::Compiled),
    (SANDBOX, Level::Both, Effect::Compiled),
    (ENDPOINTS, Level::Api, Effect::Compiled),
    (CORS, Level::Api, Effect::Compiled),
    (TIER, Level::Both, Effect::Compiled),
    (CONTROL_PLANE_TIER, Level::Both, Effect::Compiled),
    (DISABLE_SECURITY, Level::Both, Effect::Compiled),
    (AUTH_TYPE, Level::Operation, Effect::Compiled),
    (SCOPE, Level::Operation, Effect::Compiled),
    (AUTH_HEADER, Level::Api, Effect::Compiled),
    (APPLICATION_SECURITY, Level::Both, Effect::Compiled),
    (MUTUAL_TLS, Level::Api, Effect::Compiled),
    (TRANSPORTS, Level::Api, Effect::Compiled),
    (REQUEST_INTERCEPTOR, Level::Both, Effect::Refused),
    (RESPONSE_INTERCEPTOR, Level::Both, Effect::Refused),
    (RESPONSE_CACHE, Level::Api, Effect::Compiled),
    (OWNER, Level::Api, Effect::Compiled),
    (LIFE_CYCLE, Level::Api, Effect::Compiled),
    (DEFAULT_VERSION, Level::Api, Effect::Compiled),
    ("x-wso2-security", Level::Both, Effect::ForOthers),
    ("x-wso2-scopes", Level::Both, Effect::ForOthers),
    ("x-wso2-label", Level::Api, Effect::ForOthers),
    // Examples in the documentation of the control plane's own APIs.
    ("x-wso2-curl", Level::Operation, Effect::ForOthers),
    ("x-wso2-curl-tenant", Level::Operation, Effect::ForOthers),
    ("x-wso2-request", Level::Operation, Effect::ForOthers),
    ("x-wso2-response", Level::Operation, Effect::ForOthers),
];

/// Looks for extensions that are unknown, misspelt, misplaced or beyond this version.
pub(super) fn check(definition: &Definition, diagnostics: &mut Diagnostics) {
    check_owner(definition, &definition.pruned, Some(Level::Api), "the API", diagnostics);
    let paths = definition.pruned.get("paths").and_then(Node::as_object);
    for path in paths.into_iter().flat_map(indexmap::IndexMap::values) {
        check_owner(definition, &path.node, None, "a path", diagnostics);
    }
    for operation in definition.operations() {
        check_owner(
            definition,
            operation.node,
            Some(Level::Operation),
            &operation.name(),
            diagnostics,
        );
    }
    for stray in openapi::strays(&definition.document) {
        check_stray(&definition.source, &stray, diagnostics);
    }
    response_cache(&definition.source, &definition.pruned, diagnostics);
}

/// Of an extension where nothing is read: one that is known, or nearly so. What others have such names for is theirs.
fn check_stray(source: &Source, stray: &Stray<'_>, diagnostics: &mut Diagnostics) {
    let (name, key) = (stray.name, stray.key);
    match KNOWN.into_iter().find(|(known, ..)| *known == name) {
        Some((.., Effect::ForOthers)) => {}
        Some((_, level, _)) => {
            let belongs = match (level, &stray.operation) {
                (Level::Operation | Level::Both, Some(operation)) => operation,
                _ => level.words(),
            };
            let message = format!("`{name}` has no effect in {}; it belongs to {belongs}", stray.owner);
            diagnostics.push(Diagnostic::warning(Code::ExtensionPlace, source, key, message));
        }
        None => {
            let finding = unknown(source, name, key);
            if finding.remedy.is_some() {
                diagnostics.push(finding);
            }
        }
    }
}

/// Without a `level`, nothing is read at the owner.
fn check_owner(definition: &Definition, owner: &Node, level: Option<Level>, what: &str, diagnostics: &mut Diagnostics) {
    let source = &definition.source;
    for (name, member) in owner.as_object().into_iter().flatten() {
        if !openapi::is_gateway_extension(name) {
            continue;
        }
        let Some((_, place, effect)) = KNOWN.into_iter().find(|(known, ..)| known == name) else {
            let finding = unknown(source, name, member.key);
            // One that begins a little differently is somebody else's, unless it goes on like one of these.
            let is_extension = name.starts_with("x-") || name.starts_with("X-");
            let is_of_others = is_extension && !openapi::has_prefix(name);
            if finding.remedy.is_some() || !is_of_others {
                diagnostics.push(finding);
            }
            continue;
        };
        let is_read = level.is_some_and(|level| [Level::Both, level].contains(&place));
        if !is_read {
            let message = format!("`{name}` has no effect at {what}; it belongs to {}", place.words());
            diagnostics.push(Diagnostic::warning(Code::ExtensionPlace, source, member.key, message));
        } else if effect == Effect::Refused {
            let message = format!("{what} names an interceptor in `{name}`, and this version of mgw runs none");
            diagnostics.push(
                Diagnostic::error(Code::Interceptor, source, member.key, message)
                    .remedy("Remove the extension once the API works, and is as safe, without the interceptor."),
            );
        }
    }
}

/// Extensions with which somebody may be admitted who is not without them: without a token or the one that is asked for else,
/// with another scope, from pages of other origins, without a subscription. A certificate lets credentials be optional.
const OPENING: [&str; 7] = [
    DISABLE_SECURITY,
    AUTH_TYPE,
    APPLICATION_SECURITY,
    SCOPE,
    MUTUAL_TLS,
    CORS,
    LIFE_CYCLE,
];

fn names_with_effect() -> impl Iterator<Item = &'static str> {
    let known = KNOWN.into_iter();
    known
        .filter(|(.., effect)| *effect != Effect::ForOthers)
        .map(|(name, ..)| name)
}

/// The finding about an extension that is not known, with what it may be meant as.
fn unknown(source: &Source, name: &str, key: Span) -> Diagnostic {
    let message = format!("the extension `{name}` is not known and has no effect");
    let finding = Diagnostic::warning(Code::UnknownExtension, source, key, message);
    let names = KNOWN.into_iter().map(|(name, ..)| name);
    // Early versions of micro-gw 3 had another prefix.
    let of_old = name.strip_prefix("x-mgw-").map(|rest| format!("x-wso2-{rest}"));
    let meant = match openapi::has_prefix(name) {
        true => names.clone().find(|known| Some(*known) == of_old.as_deref()),
        // What has no effect under any name is left to those whose it is.
        false => names_with_effect().find(|known| openapi::is_slip(name, known)),
    };
    let finding = match meant {
        Some(known) => finding
            .remedy(format!("Did you mean `{known}`?"))
            .renaming(name, key, known),
        None if openapi::has_prefix(name) => finding.misspelt(name, key, names),
        None => finding,
    };
    // Whoever reads the definition decides whether it opens the API: so far, nothing does.
    let opens = OPENING.iter().any(|opening| finding.would_write(opening));
    finding.only_likely_if(opens)
}

/// The keys of `x-wso2-response-cache`.
const OF_RESPONSE_CACHE: [&str; 2] = ["enabled", "cacheTimeoutInSeconds"];

fn response_cache(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) {
    let Some(node) = owner.get(RESPONSE_CACHE) else { return };
    let Some(members) = node.as_object() else {
        let what = format!("`{RESPONSE_CACHE}`");
        let expected = "a map with `enabled`";
        diagnostics.push(Diagnostic::expected(Code::ResponseCache, source, node, &what, expected));
        return;
    };
    for (key, member) in members {
        let value = &member.node;
        let expected = match key.as_str() {
            "enabled" if value.as_bool() == Some(true) => {
                let message = "responses are not cached by this version of mgw; every request goes to the backend";
                diagnostics.push(Diagnostic::warning(Code::ResponseCache, source, value.span, message));
                continue;
            }
            "enabled" if value.as_bool().is_none() => "`true` or `false`",
            "cacheTimeoutInSeconds" if value.as_u64().is_none() => "a whole number of seconds, 0 or more",
            key if OF_RESPONSE_CACHE.contains(&key) => continue,
            key => {
                let message = format!("`{RESPONSE_CACHE}` has no `{key}`");
                let finding = Diagnostic::error(Code::ResponseCache, source, member.key, message);
                diagnostics.push(finding.misspelt(key, member.key, OF_RESPONSE_CACHE));
                continue;
            }
        };
        let what = format!("`{key}`");
        diagnostics.push(Diagnostic::expected(
            Code::ResponseCache,
            source,
            value,
            &what,
            expected,
        ));
    }
}

/// The text of an extension that has to be one; anything else is an error.
pub(super) fn text<'a>(
    source: &Source,
    owner: &'a Node,
    name: &str,
    diagnostics: &mut Diagnostics,
) -> Option<(&'a str, &'a Node)> {
    let node = owner.get(name)?;
    match node.as_str().map(str::trim) {
        Some(text) if !text.is_empty() => Some((text, node)),
        Some(_) => {
            diagnostics.push(Diagnostic::error(
                Code::Extension,
                source,
                node.span,
                format!("`{name}` is empty"),
            ));
            None
        }
        None => {
            diagnostics.push(Diagnostic::expected(
                Code::Extension,
                source,
                node,
                &format!("`{name}`"),
                "a text",
            ));
            None
        }
    }
}

/// The truth value of an extension that has to be one.
pub(super) fn boolean(source: &Source, owner: &Node, name: &str, diagnostics: &mut Diagnostics) -> Option<bool> {
    let node = owner.get(name)?;
    let value = node.as_bool();
    if value.is_none() {
        let what = format!("`{name}`");
        let expected = "`true` or `false` without quotes";
        let finding = Diagnostic::expected(Code::Extension, source, node, &what, expected);
        let opens = name == DISABLE_SECURITY && finding.would_write("true");
        diagnostics.push(finding.only_likely_if(opens));
    }
    value
}
