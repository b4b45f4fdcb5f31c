//! Gets definitions for `init` and `add`, and says what still stands between them and a build.

use super::findings;
use super::interrupt::interruptible;
use super::remote::RemoteArgs;
use crate::compile::compile_project;
use crate::context::Context;
use crate::diagnostics::{Code, Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::download::{DownloadOptions, Downloaded, download};
use crate::project::incoming::{Incoming, Origin};
use crate::project::{Layout, Neighbours, ServerFiles};
use crate::shell;
use crate::whole_file::refuse_unfit;
use crate::yaml::limits;
use std::io::Read;
use std::path::Path;
use url::Url;

/// What `init` and `add` did.
#[derive(Debug, serde::Serialize)]
pub(super) struct Added {
    pub(super) project: String,
    pub(super) folder: String,
    pub(super) definitions: Vec<String>,
    pub(super) summary: Summary,
    pub(super) diagnostics: Diagnostics,
}

/// Most files that a definition of a server takes along.
const MAX_FILES: usize = 200;

/// Most bytes of all of them together.
const MAX_BYTES: usize = 2 * limits::MAX_FILE_BYTES as usize;

/// Reads or downloads every definition, so that nothing is written when one of them is missing. `remote`: whether a
/// server may be asked for more than was named.
pub(super) fn fetch(
    origins: &[String],
    options: &DownloadOptions,
    remote: RemoteArgs,
    context: &Context,
) -> Result<Vec<Incoming>, Failure> {
    if options.insecure && !origins.is_empty() {
        context.ui.warn("certificates are not verified (--insecure)");
    }
    origins
        .iter()
        .map(|origin| fetch_one(origin, options, remote, context))
        .collect()
}

fn fetch_one(
    text: &str,
    options: &DownloadOptions,
    remote: RemoteArgs,
    context: &Context,
) -> Result<Incoming, Failure> {
    let mut beside = Neighbours::default();
    let mut elsewhere = None;
    let (shown, name, bytes) = match Origin::of(text) {
        Origin::Foreign => {
            return Err(Failure::new(
                ExitCode::Usage,
                format!("`{text}` is neither a file nor an http or https address"),
            )
            .hint("Download the file yourself and name it."));
        }
        Origin::File(path) => {
            let bytes = read(path)?;
            beside = Neighbours::of(path, &bytes);
            (text.to_owned(), file_name(path), bytes)
        }
        Origin::Url(url) => {
            let shown = shown(&url);
            let Downloaded { name, bytes, url } = download_one(&url, options, context)?;
            elsewhere = ServerFiles::new(&url, &name, &bytes);
            (shown, name, bytes)
        }
    };
    let incoming = Incoming::new(&shown, &name, bytes).map_err(|diagnostics| {
        let mut failure =
            Failure::new(ExitCode::Invalid, format!("{shown} is not an API definition")).hint("Nothing was changed.");
        failure.details = findings::details(&context.ui, &diagnostics);
        failure
    })?;
    if let Some(files) = elsewhere {
        beside = take_along(files, &shown, options, remote, context)?;
    }
    Ok(Incoming { beside, ..incoming })
}

/// An address without what may be secret in it.
fn shown(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPath].to_owned()
}

fn download_one(url: &Url, options: &DownloadOptions, context: &Context) -> Result<Downloaded, Failure> {
    let progress = context.ui.progress(format_args!("Downloading {}", shown(url)));
    let downloaded = context.block_on(interruptible(async {
        download(url, options).await.map_err(Failure::from)
    }));
    drop(progress);
    downloaded
}

/// Downloads what a definition refers to beside it, when the user says so, and says how to say so.
fn take_along(
    mut files: ServerFiles,
    of: &str,
    options: &DownloadOptions,
    remote: RemoteArgs,
    context: &Context,
) -> Result<Neighbours, Failure> {
    loop {
        let missing = files.missing();
        let Some(first) = missing.first() else {
            return Ok(files.into_neighbours());
        };
        if !remote.allow_remote {
            let example = shown(&files.address(first));
            context.ui.hint(format_args!(
                "{of} refers to files beside it, such as {example}; --allow-remote takes them along."
            ));
            return Ok(Neighbours::default());
        }
        if files.count() + missing.len() > MAX_FILES {
            let message = format!("{of} refers to more than {MAX_FILES} files beside it");
            return Err(Failure::new(ExitCode::Invalid, message).hint("Nothing was changed. Download them yourself."));
        }
        for path in missing {
            let address = files.address(&path);
            let downloaded = download_one(&address, options, context)?;
            if downloaded.url.join(".") != address.join(".") {
                context.ui.warn(format_args!(
                    "{} leads to {}: what it refers to is looked for beside the former",
                    shown(&address),
                    shown(&downloaded.url)
                ));
            }
            files.add(path, downloaded.bytes);
            if files.len() > MAX_BYTES {
                let message = format!("the files beside {of} have more than {} MB together", MAX_BYTES >> 20);
                return Err(
                    Failure::new(ExitCode::Invalid, message).hint("Nothing was changed. Download what is needed.")
                );
            }
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Reads one byte more than a definition may have; the parser refuses by length.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::file("read", path, error);
    refuse_unfit(path).map_err(failed)?;
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(limits::MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

/// Compiles the project as it is now and ends the command: findings are told, but they are no failure of adding.
pub(super) fn finish(layout: &Layout, definitions: Vec<String>, context: &Context) -> Result<ExitCode, Failure> {
    let ui = &context.ui;
    let folder = layout.root().display().to_string();
    let compiled = compile_project(layout)?;
    // A project without definitions is where everybody starts; that is told as the next step, not as a finding.
    let mut diagnostics = Diagnostics::default();
    for diagnostic in compiled
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.code != Code::NoDefinition)
    {
        diagnostics.push(diagnostic.clone());
    }
    findings::show(ui, &diagnostics);
    let project = shell::path(layout.root());
    if compiled.config.apis.is_empty() && definitions.is_empty() {
        ui.hint(format_args!(
            "Run `mgw add {project} FILE` or `mgw pull {project} --label LABEL` to fill it."
        ));
    } else if diagnostics.has_errors() {
        ui.hint(format_args!("Put the errors right, then run `mgw build {project}`."));
    } else {
        ui.hint(format_args!(
            "Run `mgw run {project} --local-issuer` to try it, with tokens of `mgw token {project}`; `mgw build {project}` makes a bundle of it."
        ));
    }
    ui.result(
        "",
        &Added {
            project: compiled.name,
            folder,
            definitions,
            summary: diagnostics.summary(),
            diagnostics,
        },
    );
    Ok(ExitCode::Success)
}
