//! Servers, of 3.x and of 2.0.

use super::shape::{Shape, list, scalar_text, text};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span};

/// The `servers` below `owner`, pruned; `None` when there are none.
pub(super) fn prune(source: &Source, owner: &Node, diagnostics: &mut Diagnostics) -> Option<(Span, Node)> {
    let member = owner.member("servers")?;
    if member.node.is_null() {
        return None;
    }
    let Some(elements) = member.node.as_array() else {
        let node = &member.node;
        diagnostics.push(
            Diagnostic::expected(Code::Servers, source, node, "`servers`", "a list of maps with `url`")
                .remedy("Write `servers: [{url: \"https://backend.example.com\"}]`."),
        );
        return None;
    };
    let servers: Vec<_> = elements
        .iter()
        .filter_map(|element| server(source, element, diagnostics))
        .collect();
    (!servers.is_empty()).then(|| (member.key, list(member.node.span, servers)))
}

fn server(source: &Source, element: &Node, diagnostics: &mut Diagnostics) -> Option<Node> {
    let Some(url) = element.get("url").filter(|url| url.as_str().is_some()) else {
        diagnostics.push(
            Diagnostic::error(
                Code::Servers,
                source,
                element.span,
                "this server has no `url` that is a text",
            )
            .remedy("Write `- url: https://backend.example.com`."),
        );
        return None;
    };
    let mut shape = Shape::default();
    shape.text("url", url.span, url.as_str().unwrap_or_default());
    let mut variables = Shape::default();
    for (name, variable) in element.get("variables").and_then(Node::as_object).into_iter().flatten() {
        match variable
            .node
            .get("default")
            .and_then(|default| scalar_text(source, default))
        {
            Some(default) => {
                check_choice(source, name, &variable.node, &default, diagnostics);
                let mut pruned = Shape::default();
                pruned.text("default", variable.node.span, default);
                variables.put(name, variable.key, pruned.at(variable.node.span));
            }
            None => diagnostics.push(
                Diagnostic::warning(
                    Code::Servers,
                    source,
                    variable.key,
                    format!("the server variable `{name}` has no default"),
                )
                .remedy("Give it a `default`; the gateway uses no other value."),
            ),
        }
    }
    shape.put("variables", element.span, variables.at(element.span));
    Some(shape.at(element.span))
}

/// Tells of a default that is none of the values which the variable may have.
fn check_choice(source: &Source, name: &str, variable: &Node, default: &str, diagnostics: &mut Diagnostics) {
    let choices = variable.get("enum").and_then(Node::as_array).unwrap_or_default();
    let mut known = choices.iter().filter_map(|choice| scalar_text(source, choice));
    let Some(first) = known.next() else { return };
    if first == default || known.any(|choice| choice == default) {
        return;
    }
    let span = variable.get("default").map_or(variable.span, |node| node.span);
    let message = format!(
        "the default `{default}` of the server variable `{name}` is not among its `enum`, and is used all the same"
    );
    diagnostics.push(
        Diagnostic::warning(Code::Servers, source, span, message).remedy(format!(
            "Write one that is, such as `default: {first}`, or add it to the `enum`."
        )),
    );
}

/// The server that `host`, `basePath` and `schemes` of a 2.0 document describe.
pub(super) fn of_swagger(source: &Source, document: &Node, diagnostics: &mut Diagnostics) -> Option<(Span, Node)> {
    let mut part = |name: &str| -> Option<(Span, &str)> {
        let node = document.get(name).filter(|node| !node.is_null())?;
        match node.as_str() {
            Some(text) => Some((node.span, text.trim())),
            None => {
                diagnostics.push(Diagnostic::expected(
                    Code::Servers,
                    source,
                    node,
                    &format!("`{name}`"),
                    "a text",
                ));
                None
            }
        }
    };
    let (host, path) = (part("host"), part("basePath"));
    check_schemes(source, document, diagnostics);
    let host = host.filter(|(_, host)| !host.is_empty());
    let path = path.filter(|(_, path)| !path.is_empty());
    let slash = |path: &str| {
        let path = path.trim_end_matches('/');
        if path.is_empty() || path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        }
    };
    let (span, url) = match (host, path) {
        (Some((span, host)), _) if host.contains(['/', '@', '?', '#', ' ']) => {
            let message = "`host` should be the name of a host, with a port where needed";
            let found = Diagnostic::error(Code::Servers, source, span, message);
            diagnostics.push(
                found
                    .remedy("Write `host: backend.example.com`; `schemes` says how it is spoken to, and `basePath` is the path.")
                    .secret_if(host.contains('@')),
            );
            let (span, path) = path?;
            (span, path.to_owned())
        }
        (Some((span, host)), path) => {
            let path = path.map(|(_, path)| slash(path)).unwrap_or_default();
            (span, format!("{}://{host}{path}", scheme(document)))
        }
        (None, Some((span, path))) => (span, path.to_owned()),
        (None, None) => return None,
    };
    let mut shape = Shape::default();
    shape.put("url", span, text(span, url));
    Some((span, list(span, vec![shape.at(span)])))
}

/// Tells of `schemes` that cannot be read.
fn check_schemes(source: &Source, document: &Node, diagnostics: &mut Diagnostics) {
    let Some(node) = document.get("schemes").filter(|node| !node.is_null()) else {
        return;
    };
    let Some(elements) = node.as_array() else {
        let finding = Diagnostic::expected(Code::Servers, source, node, "`schemes`", "a list of texts");
        let scheme = node
            .as_str()
            .filter(|text| ["http", "https", "ws", "wss"].contains(text));
        let remedy = format!("Write `schemes: [{}]`.", scheme.unwrap_or("https"));
        diagnostics.push(finding.remedy(remedy).expecting_list(node));
        return;
    };
    for element in elements.iter().filter(|element| element.as_str().is_none()) {
        let what = "an element of `schemes`";
        diagnostics.push(Diagnostic::expected(Code::Servers, source, element, what, "a text"));
    }
}

/// The scheme of a 2.0 document. Where several are listed the encrypted one is taken; they name one host, so there is
/// nothing to balance between them.
fn scheme(document: &Node) -> &str {
    let schemes: Vec<&str> = document
        .get("schemes")
        .and_then(Node::as_array)
        .into_iter()
        .flatten()
        .filter_map(Node::as_str)
        .collect();
    match schemes.first() {
        None => "https",
        Some(_) if schemes.contains(&"https") => "https",
        Some(first) => first,
    }
}
