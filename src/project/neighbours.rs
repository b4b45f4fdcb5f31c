//! The files around a definition that it refers to, on their way into a project with it.

use crate::compile::referenced;
use std::collections::BTreeMap;
use std::path::Path;

/// A definition and the files that it refers to, by their paths below one folder.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Neighbours {
    /// Folder of the definition: empty, or with `/` at its end.
    pub(crate) folder: String,
    /// The other files.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

impl Neighbours {
    /// Looks for them below the current folder where the definition is in it, else below the definition's own folder:
    /// nobody means to copy files from elsewhere because a definition says so.
    pub(crate) fn of(path: &Path, bytes: &[u8]) -> Self {
        Self::found(path, bytes).unwrap_or_default()
    }

    fn found(path: &Path, bytes: &[u8]) -> Option<Self> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = std::fs::canonicalize(parent.unwrap_or(Path::new("."))).ok()?;
        let here = std::env::current_dir().and_then(std::fs::canonicalize).ok()?;
        let root = if parent.starts_with(&here) { &here } else { &parent };
        let file = parent.join(path.file_name()?);
        let relative = file.strip_prefix(root).ok()?.to_str()?;
        Some(Self::below(relative, referenced(root, relative, bytes.to_vec())))
    }

    /// Takes from all paths what they begin with in common.
    pub(crate) fn below(relative: &str, files: BTreeMap<String, Vec<u8>>) -> Self {
        let own = folder_of(relative);
        let mut common = own;
        for path in files.keys() {
            while !folder_of(path).starts_with(common) {
                common = folder_of(common.trim_end_matches('/'));
            }
        }
        Self {
            folder: own.strip_prefix(common).unwrap_or_default().to_owned(),
            files: files
                .iter()
                .filter_map(|(path, bytes)| Some((path.strip_prefix(common)?.to_owned(), bytes.clone())))
                .collect(),
        }
    }

    /// All of them in a folder, with `/` at its end.
    pub(crate) fn inside(self, folder: &str) -> Self {
        let files = self.files.into_iter();
        Self {
            folder: format!("{folder}{}", self.folder),
            files: files.map(|(path, bytes)| (format!("{folder}{path}"), bytes)).collect(),
        }
    }
}

/// The folder of a path, with `/` at its end.
fn folder_of(path: &str) -> &str {
    path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_where_they_are_to_each_other() {
        let below = |own: &str, others: &[&str]| {
            let others = others.iter().map(|path| ((*path).to_owned(), Vec::new())).collect();
            let found = Neighbours::below(own, others);
            (found.folder, found.files.into_keys().collect::<Vec<_>>().join(" "))
        };
        let expected = |folder: &str, files: &str| (folder.to_owned(), files.to_owned());
        assert_eq!(below("a.yaml", &[]), expected("", ""));
        assert_eq!(below("x/y/a.yaml", &[]), expected("", ""));
        assert_eq!(
            below("x/a.yaml", &["x/b.yaml", "x/s/c.yaml"]),
            expected("", "b.yaml s/c.yaml")
        );
        assert_eq!(
            below("x/v1/a.yaml", &["x/common/b.yaml", "x/v1/c.yaml"]),
            expected("v1/", "common/b.yaml v1/c.yaml")
        );
        assert_eq!(below("v1/a.yaml", &["v10/b.yaml"]), expected("v1/", "v10/b.yaml"));
    }
}
