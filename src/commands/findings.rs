//! Shows what was found in a project's files.

use crate::diagnostics::{Diagnostic, Diagnostics, Severity, render};
use crate::exit::ExitCode;
use crate::failure::{Detail, Failure};
use crate::ui::Ui;
use std::path::Path;

/// Where `pull` puts definitions.
const PULLED: &str = "gen/api_definitions";

/// Writes every finding to standard error; `--quiet` leaves the errors. Nobody edits pulled files, so what is no error
/// in them is told briefly, and once for all of them; `-v` shows the places.
pub(crate) fn show(ui: &Ui, diagnostics: &Diagnostics) {
    let mut told: Vec<&str> = Vec::new();
    for diagnostic in diagnostics.iter() {
        if diagnostic.severity == Severity::Error {
            ui.block(render(diagnostic, ui.has_color()));
        } else if !is_pulled(diagnostic) || ui.is_verbose() {
            ui.line(render(diagnostic, ui.has_color()));
        } else if !told.contains(&diagnostic.message.as_str()) {
            told.push(&diagnostic.message);
            let same = |other: &&Diagnostic| is_pulled(other) && other.message == diagnostic.message;
            let text = brief(diagnostic, diagnostics.iter().filter(same).count());
            if diagnostic.severity == Severity::Warning {
                ui.warn(text);
            } else {
                ui.line(format_args!("note: {text}"));
            }
        }
    }
}

fn is_pulled(diagnostic: &Diagnostic) -> bool {
    Path::new(&diagnostic.file)
        .parent()
        .is_some_and(|folder| folder.ends_with(PULLED))
}

fn brief(diagnostic: &Diagnostic, places: usize) -> String {
    let message = &diagnostic.message;
    match (places, diagnostic.position()) {
        (2.., _) => format!("{message} ({places} places in {PULLED}; -v shows them)"),
        (_, Some(position)) => format!("{message} ({}:{}:{})", diagnostic.file, position.line, position.column),
        (_, None) => format!("{message} ({})", diagnostic.file),
    }
}

/// Findings as the details of a failure.
pub(super) fn details(ui: &Ui, diagnostics: &Diagnostics) -> Vec<Detail> {
    diagnostics
        .iter()
        .map(|diagnostic| Detail {
            text: render(diagnostic, ui.has_color()),
            json: serde_json::json!(diagnostic),
        })
        .collect()
}

/// The end of a command whose project has errors; the findings have been shown.
pub(crate) fn invalid(name: &str, diagnostics: &Diagnostics) -> Failure {
    let mut failure = Failure::new(ExitCode::Invalid, format!("{name} has {}", diagnostics.summary()));
    failure.reported = true;
    failure
}
