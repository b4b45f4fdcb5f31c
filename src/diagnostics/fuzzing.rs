//! What holds for every finding, whatever the file was.

use super::report::{Base, junit, sarif};
use super::{Diagnostic, Diagnostics, Severity, render};
use std::path::Path;

/// Everything that is said of a file, in every form in which it is said.
///
/// # Panics
///
/// When a finding is at a place that no file has.
pub(crate) fn told(mut diagnostics: Diagnostics) -> String {
    diagnostics.sort();
    let mut said = String::new();
    for diagnostic in diagnostics.iter() {
        check_place(diagnostic);
        said.push_str(&render(diagnostic, false));
        let coloured = render(diagnostic, true);
        assert!(!coloured.is_empty());
        said.push_str(&format!("{diagnostic}\n"));
    }
    let document = serde_json::to_string(&diagnostics).expect("findings are text and numbers");
    let cases = junit("check", "shop", &diagnostics, Severity::Warning).expect("it is written to memory");
    let cases = String::from_utf8(cases).expect("the document is UTF-8");
    [
        said,
        document,
        sarif(&diagnostics, "0.0.0", &Base::of(Path::new("."))).to_string(),
        cases,
    ]
    .join("\n")
}

fn check_place(diagnostic: &Diagnostic) {
    let Some((source, span)) = &diagnostic.place else {
        return;
    };
    assert!(source.holds(*span), "{diagnostic}: {span:?} is no place of the file");
    let position = source.position(*span);
    let lines = source.line_of(*span).0.chars().count();
    // A finding at the end of a line stands behind its last character, and its end may be two.
    assert!(
        position.line >= 1 && (1..=lines + 3).contains(&(position.column as usize)),
        "{diagnostic}: the line has {lines} characters"
    );
    for edit in diagnostic.correction.iter().flat_map(|correction| correction.edits()) {
        assert!(
            source.holds(edit.span),
            "{diagnostic}: {:?} cannot be replaced",
            edit.span
        );
    }
}
