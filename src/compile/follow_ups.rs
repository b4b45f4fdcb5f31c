//! Findings that say no more than another one that has been told.

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};

/// Takes out what would be right if something else were: policies that only a file defines which cannot be read, and
/// backends that only servers name which are wrong.
pub(super) fn drop(diagnostics: Diagnostics, policies_file: &str) -> Diagnostics {
    let wrong = |code: Code, file: &str| {
        diagnostics
            .iter()
            .any(|found| found.severity == Severity::Error && found.code == code && found.file == file)
    };
    let no_policies = wrong(Code::Syntax, policies_file) || wrong(Code::Policies, policies_file);
    let follows = |found: &Diagnostic| match found.code {
        Code::UnknownPolicy => no_policies,
        Code::NoEndpoint => wrong(Code::Servers, &found.file),
        _ => false,
    };
    let mut kept = Diagnostics::default();
    for found in diagnostics.iter().filter(|found| !follows(found)) {
        kept.push(found.clone());
    }
    kept
}
