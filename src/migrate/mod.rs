//! Projects of other tools become projects of mgw, and what cannot carry over is listed by file and line.
//!
//! [`convert`] reads what is there ([`Tree`]: a folder or an archive) and drafts a project from it ([`Draft`]); nothing is
//! written. [`finish`] has the compiler look at the draft and sets aside what cannot be built. Old files are never
//! executed, links in them never followed, and no line of theirs is shown: they hold secrets in many places.

mod apictl;
mod archive;
mod draft;
mod finish;
mod kind;
mod policies;
mod report;
mod secrets;
mod tree;

pub(crate) use archive::ArchiveError;
pub(crate) use draft::Carried;
pub(crate) use finish::{Finished, finish};
pub(crate) use kind::Kind;
pub(crate) use report::{Report, is_lost};
pub(crate) use tree::TreeError;

use crate::compile::CompileError;
use crate::diagnostics::Code;
use crate::project::incoming;
use draft::{Draft, Place};
use std::path::{Path, PathBuf};
use tree::Tree;

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
    let root = tree.root();
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
            &Place::File(root.shown(path)),
            format!("this is not read: {what}"),
            "Put a copy of the file in its place where it is needed.",
        );
    }
    match kind {
        Kind::Apictl => {
            let given = request.parameters.map(open_parameters).transpose()?;
            let environments = apictl::Environments {
                name: request.environment,
                parameters: given.as_ref().map(Tree::root),
            };
            apictl::convert(&root, &environments, &mut draft)?;
        }
    }
    Ok(Converted { kind, draft })
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
