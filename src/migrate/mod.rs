//! Projects of other tools become projects of mgw, and what cannot carry over is listed by file and line.
//!
//! [`convert`] reads what is there ([`Tree`]: a folder or an archive) and drafts a project from it ([`Draft`]); nothing is
//! written. [`finish`] has the compiler look at the draft and sets aside what cannot be built. Old files are never
//! executed, links in them never followed, and no line of theirs is shown: they hold secrets in many places.

mod apictl;
mod archive;
mod choreo_settings;
mod comments;
mod credentials;
mod draft;
mod finish;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gateway_settings;
mod kind;
mod leaks;
mod micro_gw;
mod micro_gw_2;
mod policies;
mod report;
mod secrets;
mod settings_file;
mod tree;

pub(crate) use archive::ArchiveError;
pub(crate) use draft::Carried;
pub(crate) use finish::{Finished, SettingsCheck, finish, within};
pub(crate) use kind::Kind;
pub(crate) use micro_gw::Manner;
pub(crate) use report::{Report, is_lost};
pub(crate) use tree::TreeError;

use crate::compile::CompileError;
use crate::context::Environment;
use crate::diagnostics::Code;
use crate::project::incoming;
use draft::{Draft, Place};
use std::path::{Path, PathBuf};
use tree::{Branch, Tree};

/// What is to be migrated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    /// The folder or archive.
    pub(crate) source: &'a Path,
    /// What it is; found out when absent.
    pub(crate) kind: Option<Kind>,
    /// The environment whose backends are meant.
    pub(crate) environment: Option<&'a str>,
    /// The file, or its folder, that says what differs between environments.
    pub(crate) parameters: Option<&'a Path>,
    /// `micro-gw.conf`
    pub(crate) config: Option<&'a Path>,
    /// `toolkit-config.toml`
    pub(crate) toolkit_config: Option<&'a Path>,
    /// What is done with the files.
    pub(crate) manner: Manner,
    /// What variables in `parameters` are filled with.
    pub(crate) variables: &'a Environment,
}

/// Why nothing was migrated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    /// Files cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// It is nothing that is known.
    #[error("{} is no project that is understood", .0.display())]
    Unknown(PathBuf),
    /// It is not what the user says.
    #[error("{} is no {kind}", .path.display())]
    NotThat {
        /// The folder or archive.
        path: PathBuf,
        /// What it is said to be.
        kind: &'static str,
    },
    /// It cannot stay where it is.
    #[error("a {0} cannot be migrated in place")]
    NotInPlace(&'static str),
    /// An option that means nothing for this kind.
    #[error("{option} says nothing of a {kind}")]
    NotFor {
        /// The option.
        option: &'static str,
        /// What it is.
        kind: &'static str,
    },
    /// No such environment.
    #[error("{file} has no environment `{name}`")]
    NoEnvironment {
        /// The file.
        file: String,
        /// The name.
        name: String,
        /// One that is like it.
        near: Option<String>,
        /// Those there are.
        known: Vec<String>,
    },
    /// No parameters at all.
    #[error("nothing says what is different in the environment `{0}`")]
    NoParameters(String),
    /// The parameters cannot be read.
    #[error("{0}")]
    Parameters(String),
    /// A document cannot be written: a mistake of ours.
    #[error("a document of the project cannot be written")]
    Document(#[source] serde_json::Error),
    /// The settings cannot be written: a mistake of ours.
    #[error("the settings of the project cannot be written")]
    Settings(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The draft cannot be laid out to be checked.
    #[error("cannot lay the project out to check it")]
    Stage(#[source] std::io::Error),
    /// The settings of the draft cannot be checked.
    #[error("{}", .0.message)]
    Check(Box<crate::failure::Failure>),
    /// The draft cannot be compiled at all.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// A draft, and what it was made from.
#[derive(Debug)]
pub(crate) struct Converted {
    /// What it was.
    pub(crate) kind: Kind,
    /// What it became.
    pub(crate) draft: Draft,
}

/// Reads what is to be migrated and drafts a project. Nothing is written.
///
/// # Errors
///
/// When nothing in it is understood, or the files cannot be read; mistakes in single files are findings.
pub(crate) fn convert(request: Request<'_>) -> Result<Converted, MigrateError> {
    let tree = Tree::open(request.source)?;
    let mut root = tree.root();
    // Archives have everything in one folder, more often than not.
    let is_micro_gw = |branch: &Branch<'_>| matches!(Kind::detect(branch), Some(Kind::MicroGw2 | Kind::MicroGw3));
    if !is_micro_gw(&root)
        && let Some(inner) = root.only_folder()
        && is_micro_gw(&inner)
    {
        root = inner;
    }
    let kind = match request.kind {
        Some(kind) if kind.is(&root) => kind,
        Some(kind) => {
            return Err(MigrateError::NotThat {
                path: request.source.to_owned(),
                kind: kind.describe(),
            });
        }
        None => Kind::detect(&root).ok_or_else(|| MigrateError::Unknown(request.source.to_owned()))?,
    };
    let mut draft = Draft::default();
    for (path, what) in tree.others() {
        draft.lost(
            Code::MigrateFile,
            &Place::File(tree.root().shown(path)),
            format!("this is not read: {what}"),
            "Put a copy of the file in its place where it is needed.",
        );
    }
    let refuse = |option| MigrateError::NotFor {
        option,
        kind: kind.describe(),
    };
    if request.manner == Manner::InPlace && (kind != Kind::MicroGw3 || !request.source.is_dir()) {
        let what = if request.source.is_dir() {
            kind.describe()
        } else {
            "zip archive"
        };
        return Err(MigrateError::NotInPlace(what));
    }
    let gateway = request.config.map(given).transpose()?;
    let toolkit = request.toolkit_config.map(given).transpose()?;
    match kind {
        Kind::MicroGw2 => {
            if request.environment.is_some() {
                return Err(refuse("--environment"));
            }
            if toolkit.is_some() {
                return Err(refuse("--toolkit-config"));
            }
            micro_gw_2::convert(&root, gateway, &mut draft);
        }
        Kind::MicroGw3 => {
            if request.environment.is_some() {
                return Err(refuse("--environment"));
            }
            let given = micro_gw::Given { gateway, toolkit };
            micro_gw::convert(&root, given, request.manner, &mut draft);
        }
        Kind::Apictl => {
            if toolkit.is_some() {
                return Err(refuse("--toolkit-config"));
            }
            if let Some((name, bytes)) = gateway
                && let Some(text) = gateway_settings::carry(&name, bytes, &mut draft)
            {
                draft.files.insert(micro_gw::GATEWAY_SETTINGS.into(), text);
            }
            let given = request.parameters.map(open_parameters).transpose()?;
            let environments = apictl::Environments {
                settings: request.config.and_then(|config| within_folder(request.source, config)),
                name: request.environment,
                parameters: given.as_ref().map(Tree::root),
                variables: request.variables,
            };
            apictl::convert(&root, &environments, &mut draft)?;
        }
    }
    Ok(Converted { kind, draft })
}

/// The path of a file inside a folder, as the files of the folder are called.
fn within_folder(folder: &Path, file: &Path) -> Option<String> {
    let (folder, file) = (folder.canonicalize().ok()?, file.canonicalize().ok()?);
    let inside = file.strip_prefix(folder).ok()?.to_str()?;
    Some(inside.replace(std::path::MAIN_SEPARATOR, "/"))
}

/// A settings file that is no part of the project.
fn given(path: &Path) -> Result<(String, Vec<u8>), TreeError> {
    match crate::whole_file::read(path, settings_file::MAX_FILE) {
        Ok(bytes) => Ok((crate::project::shown(path), bytes.to_vec())),
        Err(source) => Err(TreeError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The folder of the parameters: what they name lies beside them.
fn open_parameters(path: &Path) -> Result<Tree, TreeError> {
    if path.is_dir() {
        Tree::open(path)
    } else {
        Tree::open_beside(path)
    }
}

/// The file of an API of this name.
fn file_name(stem: &str, ending: &str) -> String {
    incoming::file_name(&format!("{stem}.{ending}"), &[])
}
