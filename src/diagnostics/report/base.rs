//! What the names of files in a report are relative to.

use std::path::{Component, Path, PathBuf};

/// Where names of files begin, and what they are relative to in a report.
#[derive(Debug, Clone)]
pub struct Base {
    /// The working folder, from which findings name their files.
    working: PathBuf,
    /// The top of the checkout, else the working folder.
    top: PathBuf,
}

/// Where a file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// Below the top, by its path from there.
    Below(PathBuf),
    /// Elsewhere, by its absolute path.
    Elsewhere(PathBuf),
}

impl Base {
    /// For what is found in a folder. Code hosts look for files from the top of the checkout, wherever the command was called.
    pub fn of(folder: &Path) -> Self {
        let working = std::env::current_dir().unwrap_or_default();
        let real = folder.canonicalize().unwrap_or_else(|_| plain(&working.join(folder)));
        let checkout = real.ancestors().find(|folder| folder.join(".git").exists());
        Self {
            top: checkout.unwrap_or(&working).to_owned(),
            working,
        }
    }

    pub(super) fn whereabouts(&self, file: &str) -> Whereabouts {
        let path = plain(&self.working.join(file));
        // A link on the way may be all that keeps it from being below the top.
        let real = path
            .parent()
            .zip(path.file_name())
            .and_then(|(folder, name)| Some(folder.canonicalize().ok()?.join(name)));
        let below = [Some(&path), real.as_ref()]
            .into_iter()
            .flatten()
            .find_map(|path| path.strip_prefix(&self.top).ok());
        match below {
            Some(below) => Whereabouts::Below(below.to_owned()),
            None => Whereabouts::Elsewhere(path),
        }
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
impl Base {
    /// As if the command was called in `working`.
    pub(super) fn at(working: &str, top: &str) -> Self {
        Self {
            working: working.into(),
            top: top.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_top_of_the_checkout() {
        let base = Base::at("/no/repo/gateway", "/no/repo");
        for (file, below) in [
            ("shop/a.yaml", "gateway/shop/a.yaml"),
            ("./shop/../b.yaml", "gateway/b.yaml"),
            ("../c.yaml", "c.yaml"),
            ("/no/repo/d.yaml", "d.yaml"),
        ] {
            assert_eq!(base.whereabouts(file), Whereabouts::Below(below.into()), "{file}");
        }
        for (file, path) in [("../../e.yaml", "/no/e.yaml"), ("/no/repository/f", "/no/repository/f")] {
            assert_eq!(base.whereabouts(file), Whereabouts::Elsewhere(path.into()), "{file}");
        }
    }

    #[test]
    fn the_top_is_where_the_checkout_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("there");
        std::fs::create_dir_all(root.join("repo/shop/api_definitions")).expect("writable");
        std::fs::write(root.join("repo/.git"), "gitdir: elsewhere\n").expect("writable");
        std::os::unix::fs::symlink("repo/shop", root.join("link")).expect("a link");
        for project in ["repo/shop", "link"] {
            let base = Base::of(&root.join(project));
            let file = root.join(project).join("api_definitions/a.yaml");
            let expected = Whereabouts::Below("shop/api_definitions/a.yaml".into());
            assert_eq!(base.whereabouts(&file.to_string_lossy()), expected, "{project}");
        }
    }
}
