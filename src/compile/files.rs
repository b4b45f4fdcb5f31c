//! Finds and reads the files of a project, within bounds and without leaving the project folder.

use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::whole_file;
use crate::yaml::{Format, limits};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Deepest nesting of folders.
const MAX_DEPTH: usize = 16;

/// Most files that are looked at.
const MAX_FILES: usize = 20_000;

/// Endings of names that are meant otherwise.
const MISSPELT: [(&str, &str); 10] = [
    ("yam", "yaml"),
    ("ymal", "yaml"),
    ("yaml.txt", "yaml"),
    ("yml.txt", "yml"),
    ("json.txt", "json"),
    ("json5", "json"),
    ("jsonc", "json"),
    ("jsn", "json"),
    ("proto.txt", "proto"),
    ("protos", "proto"),
];

/// A file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProjectFile<F = Format> {
    /// Where it is.
    pub(super) path: PathBuf,
    /// As messages call it: reachable from the current folder.
    pub(super) shown: String,
    /// Inside the project, with `/` between its parts.
    pub(super) relative: String,
    /// Its syntax.
    pub(super) format: F,
}

/// A file that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {}", .path.display())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// Cause.
    #[source]
    pub source: std::io::Error,
}

impl FileError {
    fn at(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self {
            path: path.to_owned(),
            source,
        }
    }
}

/// Shows a path inside the project the way the user would type it.
pub(crate) fn shown(root: &Path, relative: &str) -> String {
    match root.to_str() {
        Some("" | ".") => relative.to_owned(),
        _ => root.join(relative).display().to_string(),
    }
}

/// Lists the definitions below `folder` (a path inside `root`), sorted. A folder that is not there holds none.
pub(super) fn definitions(
    root: &Path,
    folder: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<ProjectFile>, FileError> {
    list(root, folder, Format::of_name, diagnostics)
}

/// Lists the `.proto` files below `folder` in the same way.
pub(super) fn protos(
    root: &Path,
    folder: &str,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<ProjectFile<()>>, FileError> {
    list(root, folder, |name| name.ends_with(".proto").then_some(()), diagnostics)
}

fn list<F>(
    root: &Path,
    folder: &str,
    wanted: fn(&str) -> Option<F>,
    diagnostics: &mut Diagnostics,
) -> Result<Vec<ProjectFile<F>>, FileError> {
    let mut walk = Walk {
        root,
        wanted,
        real_root: None,
        files: Vec::new(),
        entries: 0,
        diagnostics,
    };
    match std::fs::symlink_metadata(root.join(folder)) {
        Ok(_) => walk.folder(folder, 0)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(FileError::at(&root.join(folder))(error)),
    }
    let mut files = walk.files;
    files.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(files)
}

struct Walk<'a, F> {
    root: &'a Path,
    /// The syntax of a file that is wanted, by its name.
    wanted: fn(&str) -> Option<F>,
    real_root: Option<PathBuf>,
    files: Vec<ProjectFile<F>>,
    entries: usize,
    diagnostics: &'a mut Diagnostics,
}

impl<F> Walk<'_, F> {
    fn folder(&mut self, relative: &str, depth: usize) -> Result<(), FileError> {
        let path = self.root.join(relative);
        if depth > MAX_DEPTH {
            self.refuse(relative, &format!("folders are nested more than {MAX_DEPTH} deep here"));
            return Ok(());
        }
        for entry in std::fs::read_dir(&path).map_err(FileError::at(&path))? {
            let entry = entry.map_err(FileError::at(&path))?;
            self.entries += 1;
            if self.entries > MAX_FILES {
                if self.entries == MAX_FILES + 1 {
                    self.refuse(relative, &format!("there are more than {MAX_FILES} files"));
                }
                return Ok(());
            }
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                self.refuse(relative, "a file name in this folder is not UTF-8");
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let inside = format!("{relative}/{name}");
            let kind = entry.file_type().map_err(FileError::at(&entry.path()))?;
            if kind.is_symlink() {
                self.link(&inside, &name, depth)?;
            } else if kind.is_dir() {
                self.folder(&inside, depth + 1)?;
            } else if kind.is_file() {
                self.file(&inside, &name);
            } else if (self.wanted)(&name).is_some() {
                let remedy = "Write what it gives into a file: a build reads what stays as it is.";
                self.refuse_with(&inside, "this is a pipe, a socket or a device, and is not read", remedy);
            }
        }
        Ok(())
    }

    fn file(&mut self, relative: &str, name: &str) {
        if let Some(format) = (self.wanted)(name) {
            self.files.push(ProjectFile {
                path: self.root.join(relative),
                shown: shown(self.root, relative),
                relative: relative.to_owned(),
                format,
            });
        } else if let Some((_, ending)) = MISSPELT.iter().find(|(wrong, _)| {
            let lower = name.to_ascii_lowercase();
            lower.strip_suffix(wrong).is_some_and(|before| before.ends_with('.'))
        }) {
            let message = format!("this file is not read: its name does not end with `.{ending}`");
            let mut finding = Diagnostic::file(Code::Files, shown(self.root, relative), message);
            finding.severity = Severity::Warning;
            self.diagnostics
                .push(finding.remedy("Rename it, or move it out of the folder."));
        }
    }

    /// A link is followed when it ends at a file or folder inside the project; the depth ends circles.
    fn link(&mut self, relative: &str, name: &str, depth: usize) -> Result<(), FileError> {
        let path = self.root.join(relative);
        let real_root = match &self.real_root {
            Some(root) => root.clone(),
            None => std::fs::canonicalize(self.root).map_err(FileError::at(self.root))?,
        };
        self.real_root = Some(real_root.clone());
        match std::fs::canonicalize(&path) {
            Ok(target) if target.starts_with(&real_root) => {
                if target.is_file() {
                    self.file(relative, name);
                } else if target.is_dir() && !path_contains(&target, &path) {
                    self.folder(relative, depth + 1)?;
                }
            }
            Ok(_) => self.refuse(relative, "this link leads out of the project and is not followed"),
            Err(_) => self.refuse_with(
                relative,
                "this link leads nowhere, or round in circles",
                "Have it lead to a file in the project, or remove it.",
            ),
        }
        Ok(())
    }

    fn refuse(&mut self, relative: &str, message: &str) {
        self.refuse_with(relative, message, "Copy the files into the project.");
    }

    fn refuse_with(&mut self, relative: &str, message: &str, remedy: &str) {
        self.diagnostics
            .push(Diagnostic::file(Code::Files, shown(self.root, relative), message).remedy(remedy));
    }
}

/// Whether a link's target is a folder above the link, so that following it would come round again.
fn path_contains(target: &Path, link: &Path) -> bool {
    link.parent()
        .and_then(|parent| std::fs::canonicalize(parent).ok())
        .is_some_and(|parent| parent.starts_with(target))
}

/// Reads a file that may be one byte larger than a definition may be; the parser names the limit.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    // Opening a pipe would wait for somebody who writes.
    whole_file::refuse_unfit(path).map_err(FileError::at(path))?;
    let file = std::fs::File::open(path).map_err(FileError::at(path))?;
    let size = file.metadata().map_err(FileError::at(path))?.len();
    if size > limits::MAX_FILE_BYTES {
        // The parser refuses by length alone, and tells the size; there is no need to read such a file.
        return Ok(vec![0; usize::try_from(size.min(1 << 30)).unwrap_or(usize::MAX)]);
    }
    let mut bytes = Vec::new();
    file.take(limits::MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(FileError::at(path))?;
    Ok(bytes)
}

/// Reads a file that need not be there.
pub(super) fn read_optional(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        // A link that leads nowhere was meant to lead somewhere.
        Err(error) if error.source.kind() == std::io::ErrorKind::NotFound && path.symlink_metadata().is_err() => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
