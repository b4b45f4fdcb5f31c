//! `mgw add`

use super::definitions;
use super::remote::{RemoteArgs, fetch_first};
use crate::compile::{project_name_of, written_definitions};
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::adding::{Placed, gone, is_of_another, keeper, place};
use crate::project::download::DownloadOptions;
use crate::project::{Layout, is_project_name};
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
    /// Replace files of the same name. A file that another API refers to is left alone.
    #[arg(long, short)]
    pub force: bool,
    /// Name of the definition in the project: of its file, or of a folder for it and the files that it refers to.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
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
    let name = checked_name(&args)?;
    let mut incoming = definitions::fetch(
        &args.apis,
        &DownloadOptions::insecure(args.insecure),
        args.remote,
        context,
    )?;
    if let Some(name) = name {
        incoming = incoming.into_iter().map(|definition| definition.named(name)).collect();
    }
    let written = match args.force {
        true => written_definitions(layout.root())?,
        false => Vec::new(),
    };
    // A definition is not replaced unasked. What it refers to may be there already, as it is.
    let is_same = |path: &str, bytes: &[u8]| std::fs::read(layout.root().join(path)).is_ok_and(|there| there == bytes);
    let is_there = |path: &str| layout.root().join(path).exists();
    let placed = place(&incoming, |path, bytes| {
        is_there(path) && !is_same(path, bytes) && (!args.force || is_of_another(path, bytes, &written))
    });
    let in_the_way = |file: &&Placed| is_there(&file.path) && (file.is_definition || !is_same(&file.path, file.bytes));
    for file in placed.iter().filter(in_the_way) {
        let shown = layout.root().join(&file.path);
        if !args.force {
            return Err(
                Failure::new(ExitCode::Environment, format!("{} exists already", shown.display()))
                    .hint("Give the definition another name with --name, or replace the file with --force."),
            );
        }
        if let Some(api) = keeper(file, &placed, &written).filter(|_| !is_same(&file.path, file.bytes)) {
            let message = format!("{} is not replaced: it belongs to {api}", shown.display());
            return Err(Failure::new(ExitCode::Environment, message)
                .hint("Give the definition another name with --name, or change the file yourself."));
        }
    }
    let mut added = Vec::new();
    for file in placed {
        let there = layout.root().join(&file.path);
        let verb = match is_there(&file.path) {
            true if in_the_way(&&file) => "Replaced",
            true => "Kept",
            false => "Added",
        };
        if let (Some(folder), Some(name)) = (there.parent(), there.file_name().and_then(|name| name.to_str())) {
            std::fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, error))?;
            write(folder, name, file.bytes)?;
        }
        context.ui.status(verb, &file.path);
        let gone = gone(&file, &written);
        if !gone.is_empty() {
            let (path, gone) = (&file.path, gone.join(", "));
            context.ui.warn(format_args!(
                "{path} was the definition of {gone}, which the project has lost"
            ));
        }
        added.push(file.path);
    }
    fetch_first(&layout, args.remote.into(), context)?;
    definitions::finish(&layout, added, context)
}

/// The name that was given, where it is one and there is one definition that can have it.
fn checked_name(args: &AddArgs) -> Result<Option<&str>, Failure> {
    let Some(name) = &args.name else {
        return Ok(None);
    };
    if args.apis.len() > 1 {
        let message = format!("--name is for one definition, and there are {}", args.apis.len());
        return Err(Failure::new(ExitCode::Usage, message).hint("Add them one by one."));
    }
    if !is_project_name(name) {
        return Err(
            Failure::new(ExitCode::Usage, format!("{name:?} cannot be the name of a definition"))
                .hint("Use letters, digits, `-`, `_` and `.`, starting with a letter or digit."),
        );
    }
    Ok(Some(name))
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
