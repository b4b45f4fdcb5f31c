//! The name of a project.

use super::files;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::project::{Layout, Settings, SettingsError};
use crate::yaml::{Node, Source};

/// The name that the project at `layout` goes by, and thereby its bundle.
///
/// # Errors
///
/// When `mgw.toml` is wrong.
pub fn project_name_of(layout: &Layout) -> Result<String, SettingsError> {
    let settings = Settings::load(&layout.settings())?;
    Ok(of(layout, settings.as_ref(), None, &mut Diagnostics::default()))
}

/// The name from `mgw.toml`, else the folder's; it becomes a file name.
pub(super) fn of(
    layout: &Layout,
    settings: Option<&Settings>,
    document: Option<&(Source, Node)>,
    diagnostics: &mut Diagnostics,
) -> String {
    // Where `mgw.toml` does not say it, that has been found already.
    let written = |settings: &Settings| match document {
        Some((_, document)) => document.get("name").is_some_and(|name| name.as_str().is_some()),
        None => !settings.name.is_empty(),
    };
    let is_name = |settings: &Settings| crate::project::is_project_name(&settings.name);
    match settings {
        Some(settings) if is_name(settings) => settings.name.clone(),
        settings => {
            let place = document.and_then(|(source, document)| Some((source, document.get("name")?.span)));
            // Where the line is no TOML, nobody can tell what the name is.
            let line = place.map(|(source, span)| (source.name(), source.position(span).line));
            let is_broken = diagnostics.iter().any(|finding| {
                let found = finding
                    .position()
                    .map(|position| (finding.file.as_str(), position.line));
                finding.code == Code::Syntax && found.is_some() && found == line
            });
            if let Some(settings) = settings.filter(|settings| written(settings) && !is_broken) {
                let message = format!("{:?} cannot be the name of a project", settings.name);
                let finding = match place {
                    Some((source, span)) => Diagnostic::error(Code::ProjectName, source, span, message),
                    None => Diagnostic::file(Code::ProjectName, files::shown(layout.root(), "mgw.toml"), message),
                };
                diagnostics
                    .push(finding.remedy("Use letters, digits, `-`, `_` and `.`, starting with a letter or digit."));
            }
            name_of_folder(layout)
        }
    }
}

/// The name of a project that has given itself none.
pub(crate) fn name_of_folder(layout: &Layout) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = layout
        .folder_name()
        .chars()
        .map(|c| if allowed(c) { c } else { '-' })
        .collect();
    if crate::project::is_project_name(&name) {
        name
    } else {
        "project".to_owned()
    }
}
