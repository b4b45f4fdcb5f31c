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
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    // Where `mgw.toml` does not say it, that has been found already.
    let written = document.is_none_or(|(_, document)| document.get("name").is_some_and(|name| name.as_str().is_some()));
    match settings {
        Some(settings) if written => {
            if !crate::project::is_project_name(&settings.name) {
                let message = format!("{:?} cannot be the name of a project", settings.name);
                let place = document.and_then(|(source, document)| Some((source, document.get("name")?.span)));
                let finding = match place {
                    Some((source, span)) => Diagnostic::error(Code::ProjectName, source, span, message),
                    None => Diagnostic::file(Code::ProjectName, files::shown(layout.root(), "mgw.toml"), message),
                };
                diagnostics
                    .push(finding.remedy("Use letters, digits, `-`, `_` and `.`, starting with a letter or digit."));
            }
            settings.name.clone()
        }
        _ => {
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
    }
}
