//! Writing the built-in seed files, to be changed.

use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::ui::count::Counted;
use mgw_fixtures::seed::Seed;
use serde::Serialize;
use std::path::Path;

/// The result with `--output json`.
#[derive(Debug, Serialize)]
struct Exported<'a> {
    folder: &'a Path,
    files: Vec<String>,
}

/// Writes the files to a folder that is new or empty.
pub(super) fn run(folder: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let is_taken = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(Failure::file("read", folder, error)),
    };
    if is_taken {
        return Err(
            Failure::new(ExitCode::Environment, format!("{} is not empty", folder.display()))
                .hint("Name a new folder; files of yours are never overwritten."),
        );
    }
    let mut files = Vec::new();
    for (name, text) in Seed::embedded_files() {
        let path = folder.join(&name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Failure::file("create", parent, error))?;
        }
        std::fs::write(&path, text).map_err(|error| Failure::file("write", &path, error))?;
        files.push(name);
    }
    context.ui.status(
        "Exported",
        format_args!("{} to {}", Counted(files.len(), "file", "files"), folder.display()),
    );
    context.ui.hint(format_args!(
        "Change them, then run mgw sandbox --seed {}",
        folder.display()
    ));
    context.ui.result("", &Exported { folder, files });
    Ok(ExitCode::Success)
}
