//! `--allow-remote` and `--update-remote`: fetches what definitions refer to on other servers.

use super::findings;
use super::interrupt::interruptible;
use crate::compile::{Compiled, compile_project};
use crate::context::Context;
use crate::diagnostics::Diagnostics;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::folder::folder_of;
use crate::openapi;
use crate::project::Layout;
use crate::public_file;
use crate::remote::{Fetched, RemoteFile, RemoteLock, fetch};
use crate::yaml::{self, Format, Value};
use std::collections::BTreeSet;
use url::Url;

/// Most files of other servers in a project.
const MAX_FILES: usize = 200;

/// Files that refer to files that refer to files.
const MAX_ROUNDS: usize = 16;

/// Whether other servers may be asked.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct RemoteArgs {
    /// Fetch files that definitions refer to on other servers, keep them in remote/ and pin them in remote.lock.
    #[arg(long)]
    pub allow_remote: bool,
}

/// Whether they may be asked again.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct UpdateArgs {
    /// Whether other servers may be asked.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// Fetch all of them anew, and pin what they are now.
    #[arg(long)]
    pub update_remote: bool,
}

impl From<RemoteArgs> for UpdateArgs {
    fn from(remote: RemoteArgs) -> Self {
        Self {
            remote,
            update_remote: false,
        }
    }
}

/// Fetches what is missing, or everything, round by round: what has been fetched may refer to more.
pub(super) fn fetch_first(layout: &Layout, args: UpdateArgs, context: &Context) -> Result<(), Failure> {
    if !args.remote.allow_remote && !args.update_remote {
        return Ok(());
    }
    let mut fetched: BTreeSet<Url> = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let compiled = compile_project(layout)?;
        let Compiled { remote, .. } = compiled;
        let wanted = remote
            .missing
            .iter()
            .chain(remote.used.iter().filter(|_| args.update_remote));
        let wanted: Vec<Url> = wanted.filter(|url| !fetched.contains(*url)).cloned().collect();
        if wanted.is_empty() {
            if args.update_remote {
                forget(layout, &remote.used)?;
            }
            return Ok(());
        }
        if fetched.len() + wanted.len() > MAX_FILES {
            let message = format!("definitions refer to more than {MAX_FILES} files of other servers");
            return Err(Failure::new(ExitCode::Invalid, message).hint("Copy them into the project."));
        }
        for url in wanted {
            fetch_one(layout, &url, args.update_remote, context)?;
            fetched.insert(url);
        }
    }
    let message = "files of other servers refer to further ones again and again";
    Err(Failure::new(ExitCode::Invalid, message).hint("Copy them into the project."))
}

fn fetch_one(layout: &Layout, url: &Url, is_update: bool, context: &Context) -> Result<(), Failure> {
    let shown = openapi::link::Location::Url(url.clone()).to_string();
    let progress = context.ui.progress(format_args!("Fetching {shown}"));
    let fetched = context.block_on(interruptible(async { fetch(url).await.map_err(Failure::from) }));
    drop(progress);
    let Fetched { bytes, base } = fetched?;
    let mut lock = RemoteLock::load(&layout.remote_lock())?;
    let known = lock.file(url).cloned();
    let path = lock.put(url, &bytes, base.as_ref());
    check(&shown, &path, &bytes, context)?;
    let now = lock.file(url).cloned();
    let has_other_bytes = known
        .as_ref()
        .zip(now.as_ref())
        .is_some_and(|(was, is)| was.sha256 != is.sha256);
    // Locks of before say of no file where it was found.
    let has_moved = known
        .as_ref()
        .and_then(RemoteFile::base)
        .is_some_and(|was| Some(was) != base);
    if (has_other_bytes || has_moved) && !is_update {
        let message = match has_other_bytes {
            true => format!("{shown} is not what remote.lock pins any more"),
            false => format!("{shown} is not what remote.lock pins any more: it is found at another address"),
        };
        return Err(Failure::new(ExitCode::LockOutOfDate, message)
            .hint("Look at what has changed there; `mgw check --update-remote` takes it over."));
    }
    let copy = layout.root().join(&path);
    let folder = folder_of(&copy);
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, error))?;
    public_file::replace(&copy, &bytes).map_err(|error| Failure::file("write", &copy, error))?;
    write(layout, &lock)?;
    let what = match known {
        None => "Fetched",
        Some(_) if known == now => "Fetched again",
        Some(_) => "Updated",
    };
    context.ui.status(what, format_args!("{shown} to {path}"));
    Ok(())
}

/// What is no part of a definition is not pinned: a page to sign in, for example.
fn check(shown: &str, path: &str, bytes: &[u8], context: &Context) -> Result<(), Failure> {
    let format = Format::of_name(path).unwrap_or_else(|| Format::sniff(bytes));
    let mut diagnostics = Diagnostics::default();
    let is = match yaml::parse(shown, bytes.to_vec(), format) {
        Ok((source, node)) => match node.value {
            Value::Object(_) | Value::Array(_) => return Ok(()),
            _ => openapi::known_text(source.text()).unwrap_or(node.kind()),
        },
        Err(error) => {
            let known = error.place.as_ref();
            match known.and_then(|(source, _)| openapi::known_text(source.text())) {
                Some(is) => is,
                None => {
                    diagnostics.push(error.into());
                    "no YAML or JSON"
                }
            }
        }
    };
    let message = format!("{shown} is {is}, and nothing that a definition could refer to");
    let mut failure = Failure::new(ExitCode::Invalid, message)
        .hint("Nothing was pinned. Check the address; copy a file behind a login into the project.");
    failure.details = findings::details(&context.ui, &diagnostics);
    Err(failure)
}

/// What nothing refers to any more is not kept.
fn forget(layout: &Layout, used: &[Url]) -> Result<(), Failure> {
    let mut lock = RemoteLock::load(&layout.remote_lock())?;
    let gone = lock.retain(|url| used.iter().any(|used| used.as_str() == url));
    if gone.is_empty() {
        return Ok(());
    }
    write(layout, &lock)?;
    for file in gone {
        let path = layout.root().join(file.path);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", &path, error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn write(layout: &Layout, lock: &RemoteLock) -> Result<(), Failure> {
    let path = layout.remote_lock();
    public_file::replace(&path, lock.text().as_bytes()).map_err(|error| Failure::file("write", &path, error))
}
