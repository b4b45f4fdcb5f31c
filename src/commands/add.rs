//! `mgw add`

use super::definitions;
use super::remote::{RemoteArgs, fetch_first};
use crate::compile::project_name_of;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::Layout;
use crate::project::download::DownloadOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `mgw add`.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The project folder.
    #[arg(value_name = "DIR")]
    pub project: PathBuf,
    /// OpenAPI definitions and `.proto` files, files or URLs.
    #[arg(value_name = "FILE|URL", required = true)]
    pub apis: Vec<String>,
    /// Replace definitions of the same file name.
    #[arg(long, short)]
    pub force: bool,
    /// Do not verify certificates while downloading definitions.
    #[arg(long, short = 'k')]
    pub insecure: bool,
    /// Whether other servers may be asked for what definitions refer to.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Copies definitions into the project.
pub fn run(args: AddArgs, context: &Context) -> Result<ExitCode, Failure> {
    let layout = Layout::new(&args.project);
    project_name_of(&layout)?;
    if !layout.settings().is_file() && !layout.definitions().is_dir() {
        return Err(crate::compile::CompileError::NotAProject(args.project).into());
    }
    let incoming = definitions::fetch(
        &args.apis,
        &DownloadOptions::insecure(args.insecure),
        args.remote,
        context,
    )?;
    let mut places = Vec::new();
    for definition in &incoming {
        let files = definition.places(|_, _| false).into_iter().enumerate();
        // A definition is not replaced unasked. What it refers to may be there already, as it is.
        places.extend(files.map(|(index, (path, bytes))| (index == 0, path, bytes)));
    }
    let in_the_way = places.iter().find_map(|(is_definition, path, bytes)| {
        let there = layout.root().join(path);
        let is_same = || std::fs::read(&there).is_ok_and(|other| other == *bytes);
        (there.exists() && (*is_definition || !is_same())).then_some(there)
    });
    if let Some(path) = in_the_way.filter(|_| !args.force) {
        return Err(
            Failure::new(ExitCode::Environment, format!("{} exists already", path.display()))
                .hint("Give the file another name, or replace it with --force."),
        );
    }
    let mut added = Vec::new();
    for (_, path, bytes) in places {
        let there = layout.root().join(&path);
        if let (Some(folder), Some(name)) = (there.parent(), there.file_name().and_then(|name| name.to_str())) {
            std::fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, error))?;
            write(folder, name, bytes)?;
        }
        context.ui.status("Added", &path);
        added.push(path);
    }
    fetch_first(&layout, args.remote.into(), context)?;
    definitions::finish(&layout, added, context)
}

/// Writes a file so that it is there completely or not at all.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let path = folder.join(name);
    let failed = |error| Failure::file("write", &path, error);
    let mut file = tempfile::Builder::new()
        .prefix(".mgw-add-")
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A definition is no secret; other users of the project read it too.
#[cfg(unix)]
fn permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}
