//! Credentials that are asked for and that no request can hold.

use super::extensions;
use super::some_of::some_of;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::openapi::{Definition, Operation};
use crate::yaml::{Node, Span};
use mgw_bundle::config::{Impossible, Requirement, Security};

/// The header with tokens and passwords, where neither the API nor the gateway's settings name another.
const HEADER: &str = "authorization";

/// Why no request can satisfy any of these requirements, and what to do; `None`: some request can. `header` is the one with tokens and
/// passwords.
pub(crate) fn why(requirements: &[Requirement], header: &str) -> Option<(String, &'static str)> {
    let mut whys = requirements.iter().map(|requirement| requirement.impossible(header));
    let first = whys.next()??;
    whys.all(|why| why.is_some())
        .then(|| (reason(first, header), remedy(first)))
}

fn reason(why: Impossible, header: &str) -> String {
    match why {
        Impossible::TokenAndPassword => {
            format!("a token and a password are asked for together, and the header `{header}` holds one of them")
        }
        Impossible::KeyInCredentialsHeader => {
            format!("in the header `{header}` the gateway looks for tokens and passwords, not for API keys")
        }
    }
}

const fn remedy(why: Impossible) -> &'static str {
    match why {
        Impossible::TokenAndPassword => {
            "Leave one of them out, or write two requirements in the list of `security`, of which one suffices."
        }
        Impossible::KeyInCredentialsHeader => {
            "If a token is meant, make the scheme `oauth2`; else give the key a header of its own."
        }
    }
}

/// What was found at one place.
struct Found {
    span: Span,
    why: Impossible,
    /// Nothing else admits callers.
    is_all: bool,
    operations: Vec<String>,
}

/// The operations that ask for such credentials.
pub(super) struct ImpossibleCredentials<'a> {
    definition: &'a Definition,
    header: &'a str,
    found: Vec<Found>,
}

impl<'a> ImpossibleCredentials<'a> {
    /// `header` is the API's own for tokens and passwords.
    pub(super) fn new(definition: &'a Definition, header: Option<&'a str>) -> Self {
        Self {
            definition,
            header: header.unwrap_or(HEADER),
            found: Vec::new(),
        }
    }

    /// Looks at what an operation asks for.
    pub(super) fn look_at(&mut self, operation: Operation<'_>, security: &Security) {
        let alternatives = &security.alternatives;
        let mut whys = alternatives
            .iter()
            .filter_map(|requirement| requirement.impossible(self.header));
        let Some(why) = whys.next() else { return };
        // Optional credentials leave the certificate to admit callers.
        let is_all = whys.count() + 1 == alternatives.len() && !security.optional;
        let span = self.place(operation.node);
        let is_same = |found: &&mut Found| (found.span, found.why, found.is_all) == (span, why, is_all);
        match self.found.iter_mut().rev().find(is_same) {
            Some(found) => found.operations.push(operation.name()),
            None => self.found.push(Found {
                span,
                why,
                is_all,
                operations: vec![operation.name()],
            }),
        }
    }

    /// Where it is said what the operation asks for.
    fn place(&self, operation: &Node) -> Span {
        let owners = [operation, &self.definition.pruned];
        let said = |owner: &&Node| {
            let keys = ["security", extensions::APPLICATION_SECURITY];
            let mut nodes = keys.iter().filter_map(|key| owner.get(key));
            // An empty list says nothing: what counts stands elsewhere.
            let node = nodes.find(|node| !node.as_array().is_some_and(<[Node]>::is_empty))?;
            Some(node.span)
        };
        owners.iter().find_map(said).unwrap_or(self.definition.title_span())
    }

    /// Reports what was found.
    pub(super) fn report(self, diagnostics: &mut Diagnostics) {
        for found in self.found {
            let operations = some_of(&found.operations);
            let reason = reason(found.why, self.header);
            let message = match found.is_all {
                true => format!("none may call {operations}: {reason}"),
                false => {
                    format!("no caller can show one of the credentials that are asked for at {operations}: {reason}")
                }
            };
            let finding = Diagnostic::warning(
                Code::ImpossibleCredentials,
                &self.definition.source,
                found.span,
                message,
            );
            diagnostics.push(finding.remedy(remedy(found.why)));
        }
    }
}
