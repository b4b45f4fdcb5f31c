//! Files beside the definitions that no definition refers to.

use super::files::ProjectFile;
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::openapi::{self, link::Document};

/// Says of each of `strays` why it is no definition. `is_incomplete`: a definition, or what one refers to, could not be read, so
/// that nobody can tell whose parts they are: then that is the mistake, and these are no others.
pub(super) fn check(strays: Vec<(&ProjectFile, Document)>, is_incomplete: bool, diagnostics: &mut Diagnostics) {
    let is_part = |document: &Document| openapi::may_be_a_part(&document.source, &document.node);
    let (parts, others): (Vec<_>, Vec<_>) = strays.into_iter().partition(|(_, document)| is_part(document));
    // One that is meant as a definition refers to its parts as well as others do.
    let is_incomplete = is_incomplete
        || others
            .iter()
            .any(|(_, document)| openapi::is_nearly_definition(&document.node));
    for (_, document) in others {
        openapi::read(document.source, document.node, diagnostics);
    }
    // Nothing may be built of parts alone.
    if !is_incomplete || !diagnostics.has_errors() {
        for (_, document) in parts {
            openapi::read(document.source, document.node, diagnostics);
        }
        return;
    }
    let Some((first, _)) = parts.first() else { return };
    let message = match parts.len() - 1 {
        0 => "no definition refers to this file: it may be a part of one that has errors".to_owned(),
        more => format!("no definition refers to this file and {more} more: they may be parts of one that has errors"),
    };
    let mut finding = Diagnostic::file(Code::Dialect, &first.shown, message);
    finding.severity = Severity::Note;
    diagnostics.push(finding.remedy("Put the errors right first."));
}
