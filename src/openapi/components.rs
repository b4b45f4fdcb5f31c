//! Security schemes and security requirements.

use super::dialect::Dialect;
use super::reference::{self, ReferenceError};
use super::shape::{Shape, list, text};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, nearest};
use crate::ui::visible;
use crate::yaml::{Node, Source, Span};

/// The scheme kinds of all versions, for "did you mean".
const KINDS: [&str; 5] = ["oauth2", "http", "apiKey", "openIdConnect", "mutualTLS"];

/// Where an API key is sent.
const PLACES: [&str; 3] = ["header", "query", "cookie"];

/// What `components` may have, in one version or another.
pub(super) const SECTIONS: [&str; 11] = [
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "securitySchemes",
    "links",
    "callbacks",
    "pathItems",
    "mediaTypes",
];

/// What a security scheme may have, in one version or another.
const OF_SCHEME: [&str; 14] = [
    "type",
    "description",
    "name",
    "in",
    "scheme",
    "bearerFormat",
    "flows",
    "openIdConnectUrl",
    "flow",
    "authorizationUrl",
    "tokenUrl",
    "scopes",
    "deprecated",
    "oauth2MetadataUrl",
];

/// `components` with the security schemes in the shape of 3.0.
pub(super) fn prune(source: &Source, document: &Node, dialect: Dialect, diagnostics: &mut Diagnostics) -> Node {
    let schemes = match dialect {
        Dialect::Swagger20 => document.get("securityDefinitions"),
        Dialect::OpenApi30 | Dialect::OpenApi31 => document.at(["components", "securitySchemes"]),
    };
    let written = document.get("components").filter(|_| dialect != Dialect::Swagger20);
    for (what, node) in [("`components`", written), ("the security schemes", schemes)] {
        if let Some(node) = node.filter(|node| !node.is_null() && node.as_object().is_none()) {
            let found = Diagnostic::expected(Code::SecurityScheme, source, node, what, "a map");
            diagnostics.push(found.remedy("Write the name of each, and below it what it is."));
        }
    }
    let mut pruned = Shape::default();
    for (name, member) in schemes.and_then(Node::as_object).into_iter().flatten() {
        let scheme = match reference::follow(document, &member.node) {
            Ok(scheme) => scheme,
            // Told when the definition was linked.
            Err(ReferenceError::Remote(_)) => continue,
            Err(error) => {
                diagnostics.push(
                    Diagnostic::error(Code::SecurityScheme, source, member.node.span, error.to_string())
                        .remedy("Write the security scheme into this file."),
                );
                continue;
            }
        };
        match scheme_of(scheme) {
            Ok(node) => pruned.put(name, member.key, node),
            Err(fault) => {
                let Fault {
                    span,
                    message,
                    typed,
                    words,
                } = fault;
                let message = format!("security scheme `{name}`: {message}");
                diagnostics.push(
                    Diagnostic::error(Code::SecurityScheme, source, span, message)
                        .remedy(
                            "Write `{type: oauth2, flows: {}}`, `{type: apiKey, in: header, name: X-Key}` or \
                             `{type: http, scheme: basic}`.",
                        )
                        .misspelt(typed, span, words.iter().copied())
                        // Until it is put right, nobody is admitted by it.
                        .only_likely(),
                );
            }
        }
    }
    let span = schemes.map_or(document.span, |schemes| schemes.span);
    let mut components = Shape::default();
    components.put("securitySchemes", span, pruned.at(span));
    components.at(span)
}

struct Fault<'a> {
    span: Span,
    message: String,
    /// What stands there, and what could.
    typed: &'a str,
    words: &'static [&'static str],
}

fn scheme_of(scheme: &Node) -> Result<Node, Fault<'_>> {
    let fault = |span, message: &str| Fault {
        span,
        message: message.to_owned(),
        typed: "",
        words: &[],
    };
    // What is missing may be there, and misspelt.
    let missing = |key: &str, message: &str| match misspelt(scheme, key) {
        Some((typed, span)) => Fault {
            span,
            message: format!("`{}` is not known", visible(typed)),
            typed,
            words: &OF_SCHEME,
        },
        None => fault(scheme.span, message),
    };
    let Some(kind) = scheme.get("type") else {
        return Err(missing("type", "`type` is missing"));
    };
    let required = |key: &str| {
        scheme
            .get(key)
            .filter(|node| node.as_str().is_some_and(|text| !text.trim().is_empty()))
            .ok_or_else(|| missing(key, &format!("`{key}` is missing or not a text")))
    };
    let mut pruned = Shape::default();
    let name = kind.as_str().unwrap_or_default();
    match name {
        "oauth2" => {
            pruned.text("type", kind.span, "oauth2");
            pruned.put("flows", kind.span, Shape::default().at(kind.span));
        }
        // 2.0 has no `http`; its `basic` is what later versions call `http` with the scheme `basic`.
        "basic" => {
            pruned.text("type", kind.span, "http");
            pruned.text("scheme", kind.span, "basic");
        }
        "http" => {
            let value = required("scheme")?;
            pruned.text("type", kind.span, "http");
            pruned.put("scheme", value.span, value.clone());
        }
        "apiKey" => {
            let location = required("in")?;
            if !matches!(location.as_str(), Some("header" | "query" | "cookie")) {
                return Err(Fault {
                    typed: location.as_str().unwrap_or_default(),
                    words: &PLACES,
                    ..fault(location.span, "`in` should be `header`, `query` or `cookie`")
                });
            }
            let key = required("name")?;
            pruned.text("type", kind.span, "apiKey");
            pruned.put("in", location.span, location.clone());
            pruned.put("name", key.span, key.clone());
        }
        "openIdConnect" => {
            pruned.text("type", kind.span, "openIdConnect");
            pruned.text("openIdConnectUrl", kind.span, "");
        }
        // Not in the 3.0 model. The gateway has its own extension for it; the compiler treats it as unsupported.
        "mutualTLS" => {
            pruned.text("type", kind.span, "http");
            pruned.text("scheme", kind.span, "mutualTLS");
        }
        _ => {
            return Err(Fault {
                span: kind.span,
                message: format!("`{name}` is not a type of security scheme"),
                typed: name,
                words: &KINDS,
            });
        }
    }
    Ok(pruned.at(scheme.span))
}

/// The key that stands for one which is missing, and its place.
fn misspelt<'a>(scheme: &'a Node, missing: &str) -> Option<(&'a str, Span)> {
    let members = scheme.as_object().filter(|members| !members.contains_key(missing))?;
    let mut others = members
        .iter()
        .filter(|(key, _)| !OF_SCHEME.contains(&key.as_str()) && nearest(key, OF_SCHEME) == Some(missing));
    others.next().map(|(key, member)| (key.as_str(), member.key))
}

/// The `security` below `owner`; `None` when it says nothing that can be read.
pub(super) fn requirements(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> Option<(Span, Node)> {
    let member = owner.member("security")?;
    if member.node.is_null() {
        return None;
    }
    let Some(elements) = member.node.as_array() else {
        diagnostics.push(Diagnostic::expected(
            Code::Security,
            source,
            &member.node,
            "`security`",
            "a list of maps",
        ));
        return None;
    };
    let mut pruned = Vec::new();
    for element in elements {
        let Some(schemes) = element.as_object() else {
            diagnostics.push(Diagnostic::expected(
                Code::Security,
                source,
                element,
                "a security requirement",
                "a map",
            ));
            continue;
        };
        let mut requirement = Shape::default();
        for (name, scopes) in schemes {
            let scopes_node = &scopes.node;
            let mut texts = Vec::new();
            match scopes_node.as_array() {
                Some(values) => {
                    for value in values {
                        match value.as_str() {
                            Some(scope) => texts.push(text(value.span, scope)),
                            None => diagnostics.push(Diagnostic::expected(
                                Code::Security,
                                source,
                                value,
                                "a scope",
                                "a text",
                            )),
                        }
                    }
                }
                None if scopes_node.is_null() => {}
                None => {
                    diagnostics.push(Diagnostic::expected(
                        Code::Security,
                        source,
                        scopes_node,
                        "scopes",
                        "a list of texts",
                    ));
                }
            }
            requirement.put(name, scopes.key, list(scopes_node.span, texts));
        }
        pruned.push(requirement.at(element.span));
    }
    // One of which nothing can be read is not the empty list that somebody means as an answer.
    (!pruned.is_empty() || elements.is_empty()).then(|| (member.key, list(member.node.span, pruned)))
}
