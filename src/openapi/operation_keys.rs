//! Keys of operations that nobody reads.

use super::dialect::Dialect;
use super::extension_name::is_extension;
use super::keys::{self, Place};
use super::operations::METHODS;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::ui::visible;
use crate::yaml::{Node, Source, Span};

/// What an operation may have in every version.
const OF_ALL: [&str; 9] = [
    "tags",
    "summary",
    "description",
    "externalDocs",
    "operationId",
    "parameters",
    "responses",
    "deprecated",
    "security",
];

/// What it may have in Swagger 2.0 besides.
const OF_SWAGGER: [&str; 3] = ["consumes", "produces", "schemes"];

/// What it may have in OpenAPI 3.x besides.
const OF_OPENAPI: [&str; 3] = ["requestBody", "callbacks", "servers"];

/// Whether some version knows a key: one that has what another version knows says nothing of who may call.
fn is_known(key: &str) -> bool {
    OF_ALL.contains(&key) || OF_SWAGGER.contains(&key) || OF_OPENAPI.contains(&key)
}

/// Looks at the keys of all operations of a definition.
#[derive(Debug)]
pub(super) struct OperationKeys<'a> {
    /// What may be meant.
    known: Vec<&'static str>,
    /// Those that are like none: so many, the first, the operation that has it, and its place.
    others: usize,
    first: Option<(&'a str, String, Span)>,
}

impl<'a> OperationKeys<'a> {
    pub(super) fn new(dialect: Dialect) -> Self {
        let besides = match dialect {
            Dialect::Swagger20 => OF_SWAGGER,
            Dialect::OpenApi30 | Dialect::OpenApi31 => OF_OPENAPI,
        };
        Self {
            known: OF_ALL.into_iter().chain(besides).collect(),
            others: 0,
            first: None,
        }
    }

    /// Tells of keys that are most likely meant as others, and takes down the rest.
    pub(super) fn check(&mut self, source: &Source, name: &str, operation: &'a Node, diagnostics: &mut Diagnostics) {
        let Some(members) = operation.as_object() else { return };
        for (key, member) in members {
            if is_known(key) || is_extension(key) {
                continue;
            }
            let plain = keys::without_hidden(key);
            let is_method = METHODS.contains(&plain.to_ascii_lowercase().as_str()) && !member.node.is_null();
            let what = match is_method {
                true => Some("method"),
                false => plain.starts_with('/').then_some("path"),
            };
            if let Some(what) = what {
                let message = format!(
                    "the {what} `{}` stands inside {name}, where it is not served",
                    visible(plain)
                );
                let remedy = match is_method {
                    true => "Move it to the left, so that it stands below its path.",
                    false => "Move it to the left, so that it stands below `paths`.",
                };
                diagnostics.push(Diagnostic::warning(Code::UnknownKey, source, member.key, message).remedy(remedy));
                continue;
            }
            let place = Place {
                words: &format!("of {name}"),
                known: &self.known,
                members,
            };
            match keys::misspelt(source, key, member, place) {
                Some(finding) => diagnostics.push(finding),
                None => {
                    self.others += 1;
                    self.first.get_or_insert_with(|| (key, name.to_owned(), member.key));
                }
            }
        }
    }

    /// One note for all.
    pub(super) fn report(&self, source: &Source, diagnostics: &mut Diagnostics) {
        let Some((key, name, span)) = &self.first else { return };
        let key = visible(key);
        let message = match self.others - 1 {
            0 => format!("`{key}` of {name} is not known, and without effect"),
            1 => format!("`{key}` of {name} and 1 more key of an operation are not known, and without effect"),
            more => format!("`{key}` of {name} and {more} more keys of operations are not known, and without effect"),
        };
        diagnostics.push(Diagnostic::note(Code::UnknownKey, source, *span, message).remedy(keys::FOR_OTHERS));
    }
}
