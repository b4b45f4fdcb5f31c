//! The files that are migrated from: those of a folder, or of a zip archive. Nothing in them is followed or executed.

use super::archive::{self, ArchiveError, Budget};
use crate::whole_file;
use crate::yaml::limits;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Deepest nesting of folders.
const MAX_DEPTH: usize = 16;
/// Most files and folders that are looked at.
const MAX_FILES: usize = 20_000;
/// What version control keeps for itself.
const PASSED_OVER: [&str; 3] = [".git", ".svn", ".hg"];

/// Why files cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TreeError {
    /// The system does not let it.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// Neither a folder nor an archive.
    #[error("{} is neither a folder nor a zip archive", .0.display())]
    OtherKind(PathBuf),
    /// Too many files, or folders too deep.
    #[error("{} has {what}", .path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// What it has.
        what: String,
    },
    /// The archive is not read.
    #[error("{name} is not read")]
    Archive {
        /// As messages call it.
        name: String,
        /// Cause.
        #[source]
        source: ArchiveError,
    },
}

/// Where the contents of a file are.
#[derive(Debug)]
enum Contents {
    OnDisk(PathBuf),
    InMemory(Vec<u8>),
}

/// Files by their path below what is migrated, with `/` between the parts.
#[derive(Debug)]
pub(crate) struct Tree {
    /// As the user typed it.
    name: String,
    files: BTreeMap<String, Contents>,
    /// What is there and is no file: path, and what it is.
    others: Vec<(String, &'static str)>,
}

impl Tree {
    /// Lists the files of a folder, or reads those of an archive.
    ///
    /// # Errors
    ///
    /// Names what cannot be read or exceeds a bound.
    pub(crate) fn open(path: &Path) -> Result<Self, TreeError> {
        let failed = |source| TreeError::Read {
            path: path.to_owned(),
            source,
        };
        let metadata = path.metadata().map_err(failed)?;
        let name = crate::project::shown(path);
        if metadata.is_dir() {
            let mut tree = Self {
                name,
                files: BTreeMap::new(),
                others: Vec::new(),
            };
            tree.walk(path, "", 0, &mut 0)?;
            return Ok(tree);
        }
        if !metadata.is_file() {
            return Err(TreeError::OtherKind(path.to_owned()));
        }
        let bytes = whole_file::read_public(path, archive::MAX_ARCHIVE).map_err(failed)?;
        if !bytes.starts_with(b"PK") {
            return Err(TreeError::OtherKind(path.to_owned()));
        }
        Self::of_archive(name, &bytes, &mut Budget::of_one())
    }

    /// As [`Tree::open`] of the folder of a file, under the names that this one is known by beside it.
    pub(super) fn open_beside(file: &Path) -> Result<Self, TreeError> {
        let failed = |source| TreeError::Read {
            path: file.to_owned(),
            source,
        };
        whole_file::refuse_unfit(file).map_err(failed)?;
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let tree = Self::open(crate::folder::folder_of(file))?;
        if tree.files.contains_key(name) {
            Ok(tree)
        } else {
            Err(failed(std::io::ErrorKind::InvalidFilename.into()))
        }
    }

    /// Reads an archive that lies among the files of another one or of a folder.
    pub(super) fn of_archive(name: String, bytes: &[u8], budget: &mut Budget) -> Result<Self, TreeError> {
        match archive::unpack(bytes, budget) {
            Ok(files) => Ok(Self::of_files(&name, files)),
            Err(source) => Err(TreeError::Archive { name, source }),
        }
    }

    /// Files that are nowhere on a disk.
    pub(super) fn of_files(name: &str, files: BTreeMap<String, Vec<u8>>) -> Self {
        Self {
            name: name.to_owned(),
            files: files
                .into_iter()
                .map(|(path, bytes)| (path, Contents::InMemory(bytes)))
                .collect(),
            others: Vec::new(),
        }
    }

    fn walk(&mut self, folder: &Path, prefix: &str, depth: usize, seen: &mut usize) -> Result<(), TreeError> {
        let failed = |source| TreeError::Read {
            path: folder.to_owned(),
            source,
        };
        let too_large = |what: String| TreeError::TooLarge {
            path: folder.to_owned(),
            what,
        };
        if depth > MAX_DEPTH {
            return Err(too_large(format!("more than {MAX_DEPTH} folders in one another")));
        }
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let relative = format!("{prefix}{}", name.to_string_lossy());
            *seen += 1;
            if *seen > MAX_FILES {
                return Err(too_large(format!("more than {MAX_FILES} files and folders")));
            }
            let kind = entry.file_type().map_err(failed)?;
            if name.to_str().is_none() {
                self.others.push((relative, "its name is not UTF-8"));
            } else if kind.is_symlink() {
                self.others.push((relative, "it is a link, and links are not followed"));
            } else if kind.is_dir() {
                if !PASSED_OVER.iter().any(|passed| name == *passed) {
                    self.walk(&entry.path(), &format!("{relative}/"), depth + 1, seen)?;
                }
            } else if kind.is_file() {
                self.files.insert(relative, Contents::OnDisk(entry.path()));
            } else {
                self.others.push((relative, "it is no regular file"));
            }
        }
        Ok(())
    }

    /// What is there and is no file.
    pub(crate) fn others(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.others.iter().map(|(path, what)| (path.as_str(), *what))
    }

    /// All of it.
    pub(crate) fn root(&self) -> Branch<'_> {
        Branch {
            tree: self,
            prefix: String::new(),
        }
    }
}

/// The files below one folder of a [`Tree`].
#[derive(Debug, Clone)]
pub(crate) struct Branch<'a> {
    tree: &'a Tree,
    /// Empty, or a path that ends in `/`.
    prefix: String,
}

impl<'a> Branch<'a> {
    /// A folder of it.
    pub(crate) fn folder(&self, name: &str) -> Self {
        Self {
            tree: self.tree,
            prefix: if name.is_empty() {
                self.prefix.clone()
            } else {
                format!("{}{name}/", self.prefix)
            },
        }
    }

    /// The one folder that everything is in.
    pub(crate) fn only_folder(&self) -> Option<Self> {
        let (folder, _) = self.files().next()?.split_once('/')?;
        let within = |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.files().all(within).then(|| self.folder(folder))
    }

    /// The paths of its files, sorted.
    pub(crate) fn files(&self) -> impl Iterator<Item = &'a str> + use<'a, '_> {
        self.tree
            .files
            .range(self.prefix.clone()..)
            .map_while(|(name, _)| name.strip_prefix(self.prefix.as_str()))
    }

    /// Whether a file of that path is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.tree.files.contains_key(&format!("{}{path}", self.prefix))
    }

    /// The first of these paths at which there is a file.
    pub(crate) fn first<'b>(&self, paths: impl IntoIterator<Item = &'b str>) -> Option<&'b str> {
        paths.into_iter().find(|path| self.has(path))
    }

    /// A path as messages call it.
    pub(crate) fn shown(&self, path: &str) -> String {
        let path = format!("{}{path}", self.prefix);
        let path = path.trim_end_matches('/');
        match self.tree.name.as_str() {
            name if path.is_empty() => name.to_owned(),
            "" | "." => path.to_owned(),
            name => format!("{}/{path}", name.trim_end_matches('/')),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// One that is not there, too large, or that the system does not let be read.
    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, TreeError> {
        let failed = |source| TreeError::Read {
            path: self.shown(path).into(),
            source,
        };
        match self.tree.files.get(&format!("{}{path}", self.prefix)) {
            Some(Contents::OnDisk(place)) => whole_file::read_public(place, limits::MAX_FILE_BYTES).map_err(failed),
            Some(Contents::InMemory(bytes)) => Ok(bytes.clone()),
            None => Err(failed(std::io::ErrorKind::NotFound.into())),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Files as they stand in a test.
    pub(in crate::migrate) fn tree(files: &[(&str, &str)]) -> Tree {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).into()));
        Tree::of_files("old", files.collect())
    }

    #[test]
    fn folders_and_archives_are_alike() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["api.yaml", "Definitions/swagger.yaml", ".git/config"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        let archive = folder.path().join("x.zip");
        let zipped = archive::tests::zipped(&[
            ("api.yaml", b"api.yaml"),
            ("Definitions/swagger.yaml", b"Definitions/swagger.yaml"),
        ]);
        let tree = Tree::open(folder.path()).unwrap();
        assert_eq!(tree.others().count(), 1);
        std::fs::write(&archive, zipped).unwrap();
        let archive = Tree::open(&archive).unwrap();
        for tree in [&tree, &archive] {
            let names: Vec<&str> = tree.root().files().collect();
            assert_eq!(names, ["Definitions/swagger.yaml", "api.yaml"]);
            let branch = tree.root().folder("Definitions");
            assert_eq!(branch.files().collect::<Vec<_>>(), ["swagger.yaml"]);
            assert_eq!(branch.read("swagger.yaml").unwrap(), b"Definitions/swagger.yaml");
            assert!(branch.only_folder().is_none() && tree.root().only_folder().is_none());
            assert!(branch.has("swagger.yaml") && !branch.has("other"));
            assert!(branch.shown("swagger.yaml").ends_with("/Definitions/swagger.yaml"));
        }
    }

    #[test]
    fn one_folder_around_everything_is_found() {
        let inner = tree(&[("a/b", ""), ("a/c/d", "")]);
        assert!(inner.root().only_folder().is_some_and(|inner| inner.has("c/d")));
        assert!(tree(&[("a/b", ""), ("ab/c", "")]).root().only_folder().is_none());
        assert!(tree(&[]).root().only_folder().is_none());
    }

    #[test]
    fn other_things_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "text").unwrap();
        assert!(matches!(Tree::open(&path), Err(TreeError::OtherKind(_))));
        assert!(matches!(
            Tree::open(Path::new("/dev/null")),
            Err(TreeError::OtherKind(_))
        ));
        assert!(matches!(
            Tree::open(&folder.path().join("none")),
            Err(TreeError::Read { .. })
        ));
        let mut deep = folder.path().to_owned();
        for _ in 0..MAX_DEPTH + 2 {
            deep.push("d");
        }
        std::fs::create_dir_all(&deep).unwrap();
        assert!(matches!(Tree::open(folder.path()), Err(TreeError::TooLarge { .. })));
    }
}
