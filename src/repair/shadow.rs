//! A copy of a project, in which repairs are tried.

use crate::project::Layout;
use crate::working_folder::WorkingFolder;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Folders deeper than this are not those of a project.
const DEEPEST: u32 = 64;

/// Most files and folders of a project.
const MOST: usize = 100_000;

/// Larger files are refused by whoever reads them, whatever is in them.
const LARGEST: u64 = 64 << 20;

/// Folders in which nothing is that a check reads.
const UNREAD: [&str; 4] = [".git", ".mgw", "node_modules", "target"];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShadowError {
    /// A file or folder could not be copied.
    #[error("cannot copy {} to try repairs in the copy", .path.display())]
    Copy {
        /// Which one.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// It is no project of a size that anybody has.
    #[error("{} has more than {MOST} files", .0.display())]
    TooLarge(PathBuf),
}

/// What of a folder is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of a project.
    Project,
    /// Its `mgw.toml` alone: that of a workspace.
    Settings,
}

/// The copy; it is removed at the end.
#[derive(Debug)]
pub(super) struct Shadow {
    _folder: WorkingFolder,
    root: PathBuf,
}

impl Shadow {
    /// Copies a project, or its settings.
    pub(super) fn of(layout: &Layout, extent: Extent) -> Result<Self, ShadowError> {
        let root = layout.root();
        let failed = |source| ShadowError::Copy {
            path: root.to_owned(),
            source,
        };
        let folder = WorkingFolder::new().map_err(failed)?;
        // A project without `mgw.toml` is called like its folder.
        let real = folder.path().canonicalize().map_err(failed)?;
        let target = real.join(layout.folder_name());
        fs::create_dir(&target).map_err(failed)?;
        let mut copy = Copy {
            from: root.canonicalize().map_err(failed)?,
            to: target.clone(),
            entries: 0,
        };
        match extent {
            Extent::Project => copy.folder(Path::new(""), 0)?,
            Extent::Settings => copy.settings(&layout.settings()).map_err(failed)?,
        }
        Ok(Self {
            _folder: folder,
            root: target,
        })
    }

    /// The folder of the copy.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The path inside of the project of a file that findings name, behind all links; `None`: it is elsewhere.
    pub(super) fn relative(&self, file: &str) -> Option<String> {
        let real = Path::new(file).canonicalize().ok()?;
        let relative = real.strip_prefix(&self.root).ok()?;
        let parts = relative.components().map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        });
        parts.collect::<Option<Vec<_>>>().map(|parts| parts.join("/"))
    }

    /// Changes a file of the copy.
    pub(super) fn write(&self, relative: &str, bytes: &[u8]) -> Result<(), ShadowError> {
        let path = self.root.join(relative);
        fs::write(&path, bytes).map_err(|source| ShadowError::Copy { path, source })
    }
}

struct Copy {
    /// Behind all links.
    from: PathBuf,
    to: PathBuf,
    entries: usize,
}

impl Copy {
    fn folder(&mut self, relative: &Path, depth: u32) -> Result<(), ShadowError> {
        let folder = self.from.join(relative);
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| ShadowError::Copy { path, source }
        };
        let entries = match fs::read_dir(&folder) {
            // What nobody may read is told when it is read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied && depth > 0 => return Ok(()),
            entries => entries.map_err(failed(&folder))?,
        };
        for entry in entries {
            let entry = entry.map_err(failed(&folder))?;
            self.entries += 1;
            if self.entries > MOST || depth > DEEPEST {
                return Err(ShadowError::TooLarge(self.from.clone()));
            }
            let name = entry.file_name();
            if depth == 0 && UNREAD.iter().any(|unread| name == *unread) {
                continue;
            }
            let inside = relative.join(&name);
            let (path, target) = (entry.path(), self.to.join(&inside));
            let kind = entry.file_type().map_err(failed(&path))?;
            if kind.is_symlink() {
                self.link(&path, &target).map_err(failed(&path))?;
            } else if kind.is_dir() {
                fs::create_dir(&target).map_err(failed(&path))?;
                self.folder(&inside, depth + 1)?;
            } else if kind.is_file() {
                copy_file(&path, &target).map_err(failed(&path))?;
            }
        }
        Ok(())
    }

    /// One file of the folder, and what leads to it where it is a link.
    fn settings(&self, path: &Path) -> io::Result<()> {
        let real = path.canonicalize()?;
        let at = self.to.join(path.file_name().unwrap_or_default());
        if let Ok(inside) = real.strip_prefix(&self.from) {
            let target = self.to.join(inside);
            fs::create_dir_all(target.parent().unwrap_or(&self.to))?;
            copy_file(&real, &target)?;
        }
        match path.is_symlink() {
            true => self.link(path, &at),
            false => Ok(()),
        }
    }

    /// A link into the project leads into the copy; every other one leads where it did.
    fn link(&self, path: &Path, target: &Path) -> io::Result<()> {
        let leads_to = match path.canonicalize() {
            Ok(real) => match real.strip_prefix(&self.from) {
                Ok(inside) => self.to.join(inside),
                Err(_) => real,
            },
            Err(_) => return link("nowhere".as_ref(), target),
        };
        link(&leads_to, target)
    }
}

fn copy_file(path: &Path, target: &Path) -> io::Result<()> {
    let size = path.metadata()?.len();
    if size > LARGEST {
        return fs::File::create(target)?.set_len(size);
    }
    match fs::read(path) {
        Ok(bytes) => fs::write(target, bytes),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn link(to: &Path, at: &Path) -> io::Result<()> {
    match to.is_file() {
        true => fs::copy(to, at).map(|_| ()),
        false => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_lead_into_the_copy_or_where_they_did() {
        let (outside, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let root = folder.path().join("shop");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join("target")).unwrap();
        fs::write(root.join("a/file"), "inside").unwrap();
        fs::write(root.join("target/file"), "built").unwrap();
        fs::write(outside.path().join("file"), "outside").unwrap();
        symlink("../file", root.join("a/b/in")).unwrap();
        symlink(outside.path().join("file"), root.join("a/out")).unwrap();
        symlink("none", root.join("a/none")).unwrap();
        let shadow = Shadow::of(&Layout::new(&root), Extent::Project).unwrap();
        let at = |path: &str| shadow.root().join(path);
        assert!(shadow.root().ends_with("shop") && !at("target").exists());
        assert!(at("a/none").symlink_metadata().is_ok() && !at("a/none").exists());
        let relative = |path: &str| shadow.relative(at(path).to_str().unwrap());
        assert_eq!(relative("a/b/in").as_deref(), Some("a/file"));
        assert_eq!(relative("a/out"), None);
        assert_eq!(fs::read_to_string(at("a/out")).unwrap(), "outside");
        shadow.write("a/file", b"other").unwrap();
        assert_eq!(fs::read_to_string(at("a/b/in")).unwrap(), "other");
        assert_eq!(fs::read_to_string(root.join("a/file")).unwrap(), "inside");
    }
}
