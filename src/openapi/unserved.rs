//! What a definition says that a gateway has no part in: told once, not wherever it stands.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Source, Span};

/// What was come by so far.
#[derive(Debug)]
pub(super) struct Unserved<'a> {
    /// QUERY and methods by other names are of OpenAPI 3.2.
    has_other_methods: bool,
    /// Method, path and place.
    methods: Vec<(String, &'a str, Span)>,
    /// Operations with callbacks, and where the first of these stand.
    callbacks: Option<(usize, Span)>,
    webhooks: Option<(usize, Span)>,
}

impl<'a> Unserved<'a> {
    pub(super) fn new(document: &Node) -> Self {
        let version = document.get("openapi").and_then(Node::as_str).unwrap_or_default();
        let webhooks = document.member("webhooks").and_then(|member| {
            let count = member.node.as_object().map_or(0, indexmap::IndexMap::len);
            (count > 0).then_some((count, member.key))
        });
        Self {
            has_other_methods: version.trim().starts_with("3.2"),
            methods: Vec::new(),
            callbacks: None,
            webhooks,
        }
    }

    /// Whether a key of a path is a method that is not served.
    pub(super) fn is_method(&mut self, path: &'a str, key: &str, member: &Member) -> bool {
        match key {
            "trace" => self.methods.push(("TRACE".into(), path, member.key)),
            "query" if self.has_other_methods => self.methods.push(("QUERY".into(), path, member.key)),
            "additionalOperations" if self.has_other_methods => {
                for (method, operation) in member.node.as_object().into_iter().flatten() {
                    self.methods.push((method.clone(), path, operation.key));
                }
            }
            _ => return false,
        }
        true
    }

    pub(super) fn look_for_callbacks(&mut self, operation: &Node) {
        let Some(member) = operation.member("callbacks") else {
            return;
        };
        if member.node.as_object().is_some_and(|callbacks| !callbacks.is_empty()) {
            let (count, _) = self.callbacks.get_or_insert((0, member.key));
            *count += 1;
        }
    }

    /// One note for methods, one for calls in the other direction.
    pub(super) fn report(&self, source: &Source, diagnostics: &mut Diagnostics) {
        if let Some((method, path, span)) = self.methods.first() {
            let message = match self.methods.len() - 1 {
                0 => format!("{method} of `{path}` is not served"),
                1 => format!("{method} of `{path}` and 1 more operation like it are not served"),
                more => format!("{method} of `{path}` and {more} more operations like it are not served"),
            };
            diagnostics.push(Diagnostic::note(Code::Method, source, *span, message));
        }
        let callbacks = self.callbacks.map(|(count, _)| match count {
            1 => "the callbacks of 1 operation".to_owned(),
            count => format!("the callbacks of {count} operations"),
        });
        let webhooks = self.webhooks.map(|(count, _)| match count {
            1 => "1 webhook".to_owned(),
            count => format!("{count} webhooks"),
        });
        let what: Vec<String> = callbacks.into_iter().chain(webhooks).collect();
        if let Some((_, span)) = self.callbacks.or(self.webhooks) {
            let verb = if what.len() == 1 && self.webhooks.is_some_and(|(count, _)| count == 1) {
                "is"
            } else {
                "are"
            };
            let message = format!(
                "{} {verb} not served: the backend makes these calls itself",
                what.join(" and ")
            );
            diagnostics.push(Diagnostic::note(Code::OutgoingCalls, source, span, message));
        }
    }
}
