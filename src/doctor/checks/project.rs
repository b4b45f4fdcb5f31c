//! Whether the project compiles, as `build` and `run` would compile it.

use crate::doctor::{Finding, Sight};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let folder = sight.options.source.display();
    if sight.bundle_file().is_some() {
        return vec![Finding::skipped(format!("{folder} is no folder"))];
    }
    if !sight.is_project() {
        return vec![Finding::warning(
            format!("{folder} is not a project"),
            "Name the project folder, or create one with mgw init NAME.",
        )];
    }
    vec![match (&sight.project, sight.compiled()) {
        (Err(failure), _) | (_, Err(failure)) => return Finding::each_of(failure),
        (_, Ok(compiled)) if compiled.diagnostics.has_errors() => Finding::problem(
            format!("{} has {}", compiled.name, compiled.diagnostics.summary()),
            format!("Run mgw check {folder} to see them."),
        ),
        (_, Ok(compiled)) => Finding::ok(format!(
            "{}: {} in {folder}",
            compiled.name,
            compiled.diagnostics.summary()
        )),
    }]
}
