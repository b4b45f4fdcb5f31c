//! Cuts a document down to what a gateway needs, in the shape of OpenAPI 3.0.

use super::dialect::Dialect;
use super::shape::{Shape, scalar_text, text};
use super::{components, keys, operations, servers};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source};

/// Longest title and version, in characters.
const MAX_NAME: usize = 256;

/// The pruned document, or `None` when it has no usable name.
pub(super) fn prune(source: &Source, document: &Node, dialect: Dialect, diagnostics: &mut Diagnostics) -> Option<Node> {
    let mut shape = Shape::default();
    shape.text("openapi", document.span, "3.0.3");
    keys::check(source, document, dialect, diagnostics);
    let info = info(source, document, diagnostics);
    let servers = match dialect {
        Dialect::Swagger20 => servers::of_swagger(source, document, diagnostics),
        Dialect::OpenApi30 | Dialect::OpenApi31 => servers::prune(source, document, diagnostics),
    };
    if let Some((key, servers)) = servers {
        shape.put("servers", key, servers);
    }
    let paths = operations::prune(source, document, dialect, diagnostics);
    shape.put("paths", paths.span, paths);
    if let Some((key, security)) = components::requirements(source, document, diagnostics) {
        shape.put("security", key, security);
    }
    let components = components::prune(source, document, dialect, diagnostics);
    shape.put("components", components.span, components);
    shape.take_extensions(document);
    let (key, info) = info?;
    shape.put("info", key, info);
    Some(shape.at(document.span))
}

fn info(source: &Source, document: &Node, diagnostics: &mut Diagnostics) -> Option<(crate::yaml::Span, Node)> {
    let Some(member) = document.member("info").filter(|member| !member.node.is_null()) else {
        let message = "`info` with `title` and `version` is missing; they are the name of the API";
        diagnostics.push(
            Diagnostic::error(Code::Info, source, document.span, message)
                .remedy("Add `info: {title: Shop, version: 1.0.0}` at the top."),
        );
        return None;
    };
    if member.node.as_object().is_none() {
        let what = "a map with `title` and `version`, the name of the API";
        diagnostics.push(Diagnostic::expected(Code::Info, source, &member.node, "`info`", what));
        return None;
    }
    let mut shape = Shape::default();
    let mut complete = true;
    for key in ["title", "version"] {
        let found = member.node.get(key);
        let value = found.and_then(|node| scalar_text(source, node));
        match (found, value.as_deref().map(str::trim)) {
            (Some(node), Some(value)) if value.is_empty() || value.chars().count() > MAX_NAME => {
                let message = format!("`info.{key}` should have between 1 and {MAX_NAME} characters");
                let found = Diagnostic::error(Code::Info, source, node.span, message);
                diagnostics.push(found.remedy("Write what the API is called; `info.description` has room for more."));
                complete = false;
            }
            (Some(node), Some(value)) if value.chars().any(char::is_control) => {
                let message = format!("`info.{key}` should be one line without control characters");
                let found = Diagnostic::error(Code::Info, source, node.span, message);
                diagnostics.push(found.remedy("Write it in one line; `info.description` has room for more."));
                complete = false;
            }
            (Some(node), Some(value)) => shape.put(key, node.span, text(node.span, value)),
            (Some(node), None) if !node.is_null() => {
                let what = format!("`info.{key}`");
                diagnostics.push(Diagnostic::expected(Code::Info, source, node, &what, "a text"));
                complete = false;
            }
            _ => {
                let message = format!("`info.{key}` is missing; it is part of the name of the API");
                let example = if key == "title" { "Shop" } else { "1.0.0" };
                diagnostics.push(
                    Diagnostic::error(Code::Info, source, member.key, message)
                        .remedy(format!("Add `{key}: {example}` below `info`.")),
                );
                complete = false;
            }
        }
    }
    complete.then(|| (member.key, shape.at(member.node.span)))
}
