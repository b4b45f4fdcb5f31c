//! Whether a gateway starts, by the code with which it does.

use super::signature::{self, Seen};
use crate::compile::ProjectPlaces;
use crate::diagnostics::{Diagnostic, Severity};
use crate::doctor::{Finding, Sight};
use crate::serve::{Rehearsal, Start, unsigned_project};
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
        let project = bundle.map(|bundle| bundle.config.project.as_str());
        findings.push(with_signatures(sight, project));
    }
    findings
}

/// What nothing else keeps from starting is kept from it by a signature that is demanded and missing.
fn with_signatures(sight: &Sight, project: Option<&str>) -> Finding {
    let of_project = sight.bundle_file().is_none();
    match (signature::seen(sight), project) {
        (Err(_), _) => Finding::skipped("the signature has to be in order first"),
        (Ok(Seen::NoBundle { is_demanded: true }), Some(_)) if of_project => Finding::of(&unsigned_project()),
        (Ok(Seen::Trusted { .. }), Some(project)) if of_project => Finding::ok(format!(
            "a gateway can start with the bundle of {project} and these settings; with the folder none does, since a signature is demanded"
        )),
        (Ok(_), Some(project)) => Finding::ok(format!("a gateway can start with {project} and these settings")),
        (Ok(_), None) => Finding::ok("a gateway can start with these settings"),
    }
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
