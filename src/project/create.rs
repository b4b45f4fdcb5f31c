//! Puts a new project folder into place: complete, or not at all.

use super::Layout;
use crate::folder::{folder_of, replace_folder};
use crate::working_folder::{Kind, WorkingFolder};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a project is put together. One that was killed may have the only copy of the project that was to be replaced.
const STAGED: Kind = Kind::beside(".mgw-init-", Some(OLD));
/// The project that is replaced, in that folder.
const OLD: &str = "old";

/// Why a project folder could not be created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// There is nothing that it could be created in.
    #[error("cannot create {}: there is no folder {}", .path.display(), .parent.display())]
    NoParent {
        /// The project.
        path: PathBuf,
        /// The folder around it.
        parent: PathBuf,
    },
    /// Something is there that `--force` does not remove.
    #[error("{} is not removed: {reason}", .path.display())]
    NotRemoved {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: &'static str,
    },
    /// A file operation failed.
    #[error("cannot {action} {}", .path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

fn failed<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> CreateError + 'a {
    move |source| CreateError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Creates the project with these files. With `force` an older project of that name is replaced, but never a folder that
/// is no project or holds a repository.
///
/// # Errors
///
/// Leaves everything as it was.
pub(crate) fn create(layout: &Layout, files: &BTreeMap<String, Vec<u8>>, force: bool) -> Result<(), CreateError> {
    let root = layout.root();
    let parent = folder_of(root);
    let replaced = check_place(layout, force)?;
    let staged = WorkingFolder::beside(parent, &STAGED).map_err(failed("create a folder in", parent))?;
    let fresh = staged.path().join("new");
    std::fs::create_dir(&fresh).map_err(failed("create", root))?;
    for (name, bytes) in files {
        let path = fresh.join(name);
        // Where it was to be: what is staged is gone when somebody reads this.
        let place = root.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed("create", folder_of(&place)))?;
        }
        std::fs::write(&path, bytes).map_err(failed("write", &place))?;
    }
    let old = staged.path().join(OLD);
    let (action, placed) = match replaced {
        true => ("replace", replace_folder(&fresh, root, &old)),
        false => ("create", std::fs::rename(&fresh, root)),
    };
    placed.map_err(|error| {
        // The old project has gone back; should even that have failed, it must not be removed with the staging folder.
        if old.exists() {
            staged.keep();
        }
        failed(action, root)(error)
    })
}

/// Looks whether the project could be created, before anything is done that takes time.
///
/// # Errors
///
/// As [`create`] would have them.
pub(crate) fn refuse_taken(layout: &Layout, force: bool) -> Result<(), CreateError> {
    check_place(layout, force).map(drop)
}

/// Whether a folder is to be replaced; an empty one is simply filled.
fn check_place(layout: &Layout, force: bool) -> Result<bool, CreateError> {
    let root = layout.root();
    let parent = folder_of(root);
    if !parent.is_dir() {
        return Err(CreateError::NoParent {
            path: root.to_owned(),
            parent: parent.to_owned(),
        });
    }
    let metadata = match std::fs::symlink_metadata(root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed("look at", root)(error)),
    };
    let refuse = |reason| {
        Err(CreateError::NotRemoved {
            path: root.to_owned(),
            reason,
        })
    };
    let here = std::env::current_dir().ok();
    let is_around_here = || match (here, std::fs::canonicalize(root)) {
        (Some(here), Ok(real)) => here.starts_with(&real),
        _ => false,
    };
    let is_empty = metadata.is_dir() && std::fs::read_dir(root).is_ok_and(|mut folder| folder.next().is_none());
    if is_empty {
        return match is_around_here() {
            true => refuse("you are in it"),
            false => Ok(true),
        };
    }
    if !force {
        return Err(CreateError::Exists(root.to_owned()));
    }
    if !metadata.is_dir() {
        return refuse("it is not a folder");
    }
    if root.join(".git").exists() {
        return refuse("it holds a Git repository");
    }
    if is_around_here() {
        return refuse("you are in it");
    }
    let is_project = layout.settings().is_file() || layout.policies().is_file() && layout.definitions().is_dir();
    if is_project {
        Ok(true)
    } else {
        refuse("it is not a project")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> BTreeMap<String, Vec<u8>> {
        BTreeMap::from([("mgw.toml".into(), text.into()), ("a/b".into(), Vec::new())])
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_project_is_created_and_replaced_on_demand() {
        let folder = tempfile::TempDir::new().unwrap();
        let layout = Layout::new(folder.path().join("shop"));
        create(&layout, &files("one"), false).unwrap();
        assert!(matches!(
            create(&layout, &files("two"), false),
            Err(CreateError::Exists(_))
        ));
        assert_eq!(std::fs::read_to_string(layout.settings()).unwrap(), "one");
        create(&layout, &files("two"), true).unwrap();
        assert_eq!(std::fs::read_to_string(layout.settings()).unwrap(), "two");
        assert_eq!(names(folder.path()), ["shop"]);
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let folder = tempfile::TempDir::new().unwrap();
        let layout = Layout::new(folder.path().join("shop"));
        std::fs::create_dir(layout.root()).unwrap();
        create(&layout, &files("one"), false).unwrap();
        assert_eq!(names(layout.root()), ["a", "mgw.toml"]);
    }

    #[test]
    fn force_spares_what_is_no_project() {
        let folder = tempfile::TempDir::new().unwrap();
        let spared = |name: &str, inside: &str| {
            let layout = Layout::new(folder.path().join(name));
            std::fs::create_dir_all(layout.root().join(inside)).unwrap();
            std::fs::write(layout.root().join("notes.txt"), "mine").unwrap();
            assert!(
                matches!(create(&layout, &files(""), true), Err(CreateError::NotRemoved { .. })),
                "{name}"
            );
            assert_eq!(
                std::fs::read_to_string(layout.root().join("notes.txt")).unwrap(),
                "mine"
            );
            layout
        };
        spared("plain", "x");
        let layout = spared("repository", ".git");
        std::fs::write(layout.settings(), "").unwrap();
        spared("repository", ".git");
        let file = folder.path().join("file");
        std::fs::write(&file, "mine").unwrap();
        assert!(create(&Layout::new(&file), &files(""), true).is_err());
        assert_eq!(names(folder.path()), ["file", "plain", "repository"]);
    }
}
