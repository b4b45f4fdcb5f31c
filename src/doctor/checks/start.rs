//! Whether a gateway starts, by the code with which it does.

use crate::compile::ProjectPlaces;
use crate::diagnostics::{Diagnostic, Severity};
use crate::doctor::{Finding, Sight};
use crate::serve::{Rehearsal, Start};
use crate::yaml::Position;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let Ok(settings) = &sight.config else {
        return vec![Finding::skipped("the settings have to be in order first")];
    };
    let data_dir = match sight.data_dir() {
        Ok(folder) => folder,
        Err(failure) => return vec![Finding::of(&failure)],
    };
    let bundle = sight.bundle();
    let places = ProjectPlaces::new(sight.layout.clone());
    let rehearsal = Rehearsal {
        bundle,
        settings,
        start: Start::Here(&data_dir),
        places: sight.bundle_file().is_none().then_some(&places),
    };
    let mut findings: Vec<Finding> = rehearsal.findings().iter().map(told).collect();
    if findings.is_empty() {
        findings.push(Finding::ok(match bundle {
            Some(bundle) => format!("a gateway can start with {} and these settings", bundle.config.project),
            None => "a gateway can start with these settings".to_owned(),
        }));
    }
    findings
}

fn told(found: &Diagnostic) -> Finding {
    let text = match found.position() {
        Some(Position { line, column }) => format!("{}:{line}:{column}: {}", found.file, found.message),
        None => format!("{}: {}", found.file, found.message),
    };
    let remedy = found.remedy.clone().unwrap_or_default();
    match found.severity {
        Severity::Error => Finding::problem(text, remedy),
        Severity::Warning | Severity::Note => Finding::warning(text, remedy),
    }
}
