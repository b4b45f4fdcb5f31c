//! Paths and operations.

use super::dialect::Dialect;
use super::extension_name::is_gateway_extension;
use super::operation_keys::OperationKeys;
use super::reference::{self, ReferenceError};
use super::shape::Shape;
use super::unserved::Unserved;
use super::{components, servers};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Source, Span};
use std::collections::HashMap;

/// The methods of a path item that a gateway serves.
pub(super) const METHODS: [&str; 7] = ["get", "put", "post", "delete", "head", "options", "patch"];

/// What else a path item may hold.
const OTHER_KEYS: [&str; 5] = ["$ref", "summary", "description", "servers", "parameters"];

/// The pruned `paths`.
pub(super) fn prune(source: &Source, document: &Node, dialect: Dialect, diagnostics: &mut Diagnostics) -> Node {
    let mut pruner = Pruner {
        source,
        document,
        diagnostics,
        operation_ids: HashMap::new(),
        unserved: Unserved::new(document),
        keys: OperationKeys::new(dialect),
    };
    let mut pruned = Shape::default();
    let span = match document.get("paths") {
        Some(paths) => {
            match paths.as_object() {
                Some(members) => {
                    for (path, member) in members {
                        pruner.path(path, member, &mut pruned);
                    }
                }
                None if paths.is_null() => {}
                None => pruner.diagnostics.push(
                    Diagnostic::expected(Code::Paths, source, paths, "`paths`", "a map of path items")
                        .remedy("Write `/items:` below `paths:`, and `get:` below that."),
                ),
            }
            paths.span
        }
        None => document.span,
    };
    pruner.unserved.report(source, pruner.diagnostics);
    pruner.keys.report(source, pruner.diagnostics);
    pruned.at(span)
}

struct Pruner<'a, 'd> {
    source: &'a Source,
    document: &'a Node,
    diagnostics: &'d mut Diagnostics,
    /// By id: the path, and where the id stands.
    operation_ids: HashMap<&'a str, (&'a str, Span)>,
    unserved: Unserved<'a>,
    keys: OperationKeys<'a>,
}

impl<'a> Pruner<'a, '_> {
    fn path(&mut self, path: &'a str, member: &'a Member, pruned: &mut Shape) {
        if path.starts_with("x-") {
            return;
        }
        if !path.starts_with('/') {
            let finding = Diagnostic::error(
                Code::Paths,
                self.source,
                member.key,
                format!("the path `{path}` does not start with `/`"),
            )
            .remedy(match path.contains("://") {
                true => "Write what follows the host alone, such as `/orders/{id}`; where the backend is stands in `servers`.".to_owned(),
                false => format!("Write `/{path}`."),
            });
            // What belongs into a path and stands beside it is indented wrongly.
            let is_misplaced = METHODS.contains(&path) || OTHER_KEYS.contains(&path);
            self.diagnostics.push(match is_misplaced || path.contains("://") {
                true => finding,
                false => finding.renaming(path, member.key, &format!("/{path}")),
            });
            return;
        }
        let mut shape = Shape::default();
        // In 3.1 a path item may refer to another and add to it; what stands here wins.
        if reference::target(&member.node).is_some() {
            match reference::follow(self.document, &member.node) {
                Ok(target) => self.item(path, target, &mut shape),
                // Told when the definition was linked.
                Err(ReferenceError::Remote(_)) => return,
                Err(error) => {
                    self.diagnostics.push(
                        Diagnostic::error(
                            Code::Reference,
                            self.source,
                            member.node.span,
                            format!("path `{path}`: {error}"),
                        )
                        .remedy("Write the path's operations into this file."),
                    );
                    return;
                }
            }
        }
        if !member.node.is_null() && member.node.as_object().is_none() {
            let what = format!("path `{path}`");
            self.diagnostics.push(
                Diagnostic::expected(Code::Paths, self.source, &member.node, &what, "a map of operations")
                    .remedy("Write `get:` below the path."),
            );
            return;
        }
        self.item(path, &member.node, &mut shape);
        pruned.put(path, member.key, shape.at(member.node.span));
    }

    fn item(&mut self, path: &'a str, item: &'a Node, shape: &mut Shape) {
        let shared_servers = servers::prune(self.source, item, self.diagnostics);
        for (name, member) in item.as_object().into_iter().flatten() {
            if METHODS.contains(&name.as_str()) {
                if let Some(operation) = self.operation(path, name, &member.node, shared_servers.as_ref()) {
                    shape.put(name, member.key, operation);
                }
            } else if is_gateway_extension(name) {
                // Whoever knows extensions says where it belongs.
                shape.put(name, member.key, member.node.clone());
            } else {
                self.other(path, name, member);
            }
        }
    }

    fn other(&mut self, path: &'a str, name: &'a str, member: &Member) {
        let source = self.source;
        if !self.unserved.is_method(path, name, member) && !OTHER_KEYS.contains(&name) && !name.starts_with("x-") {
            let message = format!("`{name}` of path `{path}` is neither a method nor a known key, and is not served");
            let known: Vec<&str> = METHODS.into_iter().chain(OTHER_KEYS).collect();
            self.diagnostics
                .push(Diagnostic::warning(Code::Method, source, member.key, message).misspelt(
                    name,
                    member.key,
                    known.iter().copied(),
                ));
        }
    }

    fn operation(
        &mut self,
        path: &'a str,
        method: &str,
        operation: &'a Node,
        shared_servers: Option<&(Span, Node)>,
    ) -> Option<Node> {
        let source = self.source;
        if operation.as_object().is_none() {
            let what = format!("operation {} {path}", method.to_uppercase());
            let found = Diagnostic::expected(Code::Operation, source, operation, &what, "a map");
            self.diagnostics.push(
                found.remedy("Write `responses: {'200': {description: done}}` below it, or look at the indentation."),
            );
            return None;
        }
        if let Some(reference) = operation.member("$ref") {
            let message = format!(
                "operation {} {path} is a reference, which operations cannot be: what it leads to would not count",
                method.to_uppercase()
            );
            self.diagnostics.push(
                Diagnostic::error(Code::Operation, source, reference.key, message).remedy(
                    "Write the operation itself here, or refer to a whole path item with a `$ref` below the path.",
                ),
            );
            return None;
        }
        self.operation_id(path, operation);
        let name = format!("{} {path}", method.to_uppercase());
        self.keys.check(source, &name, operation, self.diagnostics);
        self.unserved.look_for_callbacks(operation);
        let mut shape = Shape::default();
        let servers = servers::prune(source, operation, self.diagnostics).or_else(|| shared_servers.cloned());
        if let Some((key, servers)) = servers {
            shape.put("servers", key, servers);
        }
        if let Some((key, security)) = components::requirements(source, operation, self.diagnostics) {
            shape.put("security", key, security);
        }
        shape.take_extensions(operation);
        shape.put("responses", operation.span, Shape::default().at(operation.span));
        Some(shape.at(operation.span))
    }

    fn operation_id(&mut self, path: &'a str, operation: &'a Node) {
        let Some(node) = operation.get("operationId") else {
            return;
        };
        let Some(id) = node.as_str().filter(|id| !id.is_empty()) else {
            return;
        };
        // Two paths may refer to one path item; then its operation ids come by twice without a mistake of the author.
        if let Some((first, span)) = self.operation_ids.insert(id, (path, node.span)) {
            if span == node.span {
                return;
            }
            let message = format!("the operationId `{id}` stands a second time; it belongs to `{first}` already");
            self.diagnostics.push(
                Diagnostic::error(Code::OperationId, self.source, node.span, message)
                    .remedy("Give every operation an operationId of its own."),
            );
        }
    }
}
