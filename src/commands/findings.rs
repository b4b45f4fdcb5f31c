//! Shows what was found in a project's files.

use crate::diagnostics::{Diagnostics, Severity, render};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::Ui;

/// Writes every finding to standard error; `--quiet` leaves the errors.
pub(crate) fn show(ui: &Ui, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics.iter() {
        let text = render(diagnostic, ui.has_color());
        if diagnostic.severity == Severity::Error {
            ui.block(text);
        } else {
            ui.line(text);
        }
    }
}

/// The end of a command whose project has errors; the findings have been shown.
pub(crate) fn invalid(name: &str, diagnostics: &Diagnostics) -> Failure {
    let mut failure = Failure::new(ExitCode::Invalid, format!("{name} has {}", diagnostics.summary()));
    failure.reported = true;
    failure
}
