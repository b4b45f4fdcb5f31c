//! A definition that has been read.

use super::dialect::Dialect;
use super::{operations, prune};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span};
use mgw_bundle::config::Method;

/// An OpenAPI definition: the document as written, and the parts that a gateway needs as an OpenAPI 3.0 model.
#[derive(Debug)]
pub struct Definition {
    /// The file.
    pub source: Source,
    /// The version it was written for.
    pub dialect: Dialect,
    /// The whole document as written.
    pub document: Node,
    /// The parts that matter, in the shape of 3.0, with their places.
    pub pruned: Node,
    /// The same as types.
    pub model: openapiv3::OpenAPI,
}

/// One operation of a definition.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// Path template.
    pub path: &'a str,
    /// Method.
    pub method: Method,
    /// The operation as types.
    pub model: &'a openapiv3::Operation,
    /// The operation with its places.
    pub node: &'a Node,
    /// Where the path stands.
    pub path_span: Span,
    /// Where the method stands.
    pub method_span: Span,
}

impl Operation<'_> {
    /// `GET /pets`
    pub fn name(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }
}

/// Reads a definition. What is wrong goes to `diagnostics`; a definition is returned whenever enough of it could be
/// understood to look for further mistakes.
pub fn read(source: Source, document: Node, diagnostics: &mut Diagnostics) -> Option<Definition> {
    let dialect = Dialect::detect(&source, &document, diagnostics)?;
    let pruned = prune::prune(&source, &document, dialect, diagnostics)?;
    match serde_json::from_value(pruned.to_json()) {
        Ok(model) => Some(Definition {
            source,
            dialect,
            document,
            pruned,
            model,
        }),
        Err(error) => {
            let message = format!("the definition does not fit the OpenAPI model: {error}");
            diagnostics.push(Diagnostic::error(Code::Model, &source, document.span, message));
            None
        }
    }
}

impl Definition {
    /// `info.title`
    pub fn title(&self) -> &str {
        &self.model.info.title
    }

    /// `info.version`
    pub fn version(&self) -> &str {
        &self.model.info.version
    }

    /// `title:version`
    pub fn name(&self) -> String {
        format!("{}:{}", self.title(), self.version())
    }

    /// Where `info.title` stands.
    pub fn title_span(&self) -> Span {
        self.pruned
            .at(["info", "title"])
            .map_or(self.pruned.span, |node| node.span)
    }

    /// The operations in the order of the file.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.pruned.get("paths").and_then(Node::as_object);
        paths.into_iter().flatten().flat_map(move |(path, member)| {
            let item = self
                .model
                .paths
                .paths
                .get(path)
                .and_then(openapiv3::ReferenceOr::as_item);
            operations::METHODS
                .into_iter()
                .zip([
                    Method::Get,
                    Method::Put,
                    Method::Post,
                    Method::Delete,
                    Method::Head,
                    Method::Options,
                    Method::Patch,
                ])
                .filter_map(move |(key, method)| {
                    let operation = member.node.member(key)?;
                    Some(Operation {
                        path,
                        method,
                        model: operation_of(item?, method)?,
                        node: &operation.node,
                        path_span: member.key,
                        method_span: operation.key,
                    })
                })
        })
    }
}

fn operation_of(item: &openapiv3::PathItem, method: Method) -> Option<&openapiv3::Operation> {
    match method {
        Method::Get => item.get.as_ref(),
        Method::Put => item.put.as_ref(),
        Method::Post => item.post.as_ref(),
        Method::Delete => item.delete.as_ref(),
        Method::Head => item.head.as_ref(),
        Method::Options => item.options.as_ref(),
        Method::Patch => item.patch.as_ref(),
    }
}
