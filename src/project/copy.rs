//! Copying what people wrote in a project.

use super::Layout;
use crate::compile::referenced_elsewhere;
use std::io;
use std::path::Path;

/// Folders deeper than this are not those of a project.
const DEEPEST: u32 = 64;

const WRITTEN: [&str; 6] = [
    "mgw.toml",
    "policies.yaml",
    "api_definitions",
    "grpc_definitions",
    "remote.lock",
    "remote",
];

impl Layout {
    /// Copies everything that a build reads and `pull` does not write into another folder, which exists. The layout that
    /// is returned is that of the copy; settings of micro-gw's toolkit stay where they are, in `conf/` or wherever they were
    /// named, and a build of it reads them there.
    pub(crate) fn copy_written(&self, target: &Path) -> io::Result<Self> {
        for name in WRITTEN {
            copy(&self.root().join(name), &target.join(name), 0)?;
        }
        // Definitions may refer to files anywhere in the project.
        for (path, bytes) in referenced_elsewhere(self.root(), &WRITTEN) {
            let path = target.join(path);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, bytes)?;
        }
        Ok(Self::new(target).with_toolkit_config(Some(self.toolkit_config())))
    }
}

/// Copies a file or folder; what is not there is no error.
fn copy(from: &Path, to: &Path, depth: u32) -> io::Result<()> {
    let about = match std::fs::metadata(from) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !about.is_dir() {
        return std::fs::copy(from, to).map(|_| ());
    }
    if depth == DEEPEST {
        return Err(io::Error::other(format!("folders are nested more than {DEEPEST} deep")));
    }
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name), depth + 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pull_writes_and_build_makes_stays_behind() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for path in [
            "mgw.toml",
            "mgw.lock",
            "api_definitions/deep/a.yaml",
            "gen/api_definitions/b.json",
            "target/shop.zip",
        ] {
            let path = from.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let refers = "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: '../schemas/a.yaml#/A'}}}\n";
        std::fs::write(from.path().join("api_definitions/b.yaml"), refers).unwrap();
        std::fs::create_dir(from.path().join("schemas")).unwrap();
        for (name, text) in [
            ("a", "A: {$ref: './b.yaml'}"),
            ("b", "type: string"),
            ("c", "unused: true"),
        ] {
            std::fs::write(from.path().join(format!("schemas/{name}.yaml")), text).unwrap();
        }
        let layout = Layout::new(from.path());
        let copied = layout.copy_written(to.path()).unwrap();
        assert_eq!(copied.root(), to.path());
        assert_eq!(copied.toolkit_config(), layout.toolkit_config());
        let mut names: Vec<_> = std::fs::read_dir(to.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["api_definitions", "mgw.toml", "schemas"]);
        assert!(to.path().join("api_definitions/deep/a.yaml").is_file());
        let schema = |name: &str| to.path().join(format!("schemas/{name}.yaml")).is_file();
        assert_eq!(["a", "b", "c"].map(schema), [true, true, false]);
    }
}
