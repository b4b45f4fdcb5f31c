//! Which APIs the files in `gen/api_definitions/` are of, where no lock says it.

use super::files::{self, FileError};
use super::project::PULLED_DEFINITIONS;
use super::written::api_of;
use crate::diagnostics::Diagnostics;
use crate::openapi::is_definition;
use crate::project::Layout;
use crate::yaml;
use mgw_bundle::Digest;

/// A file in `gen/api_definitions/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PulledDefinition {
    /// Path below the project, with `/`.
    pub(crate) path: String,
    /// Name and version; `None` where the file does not say them, or cannot be read as YAML or JSON.
    pub(crate) api: Option<(String, String)>,
    /// Digest of the file.
    pub(crate) sha256: Digest,
}

/// The definitions in `gen/api_definitions/`, sorted by path. Files that are only parts of others are left out.
///
/// # Errors
///
/// When a folder or file cannot be read.
pub(crate) fn pulled_definitions(layout: &Layout) -> Result<Vec<PulledDefinition>, FileError> {
    // What is wrong with the files is told where they are built.
    let listed = files::definitions(layout.root(), PULLED_DEFINITIONS, &mut Diagnostics::default())?;
    let mut found = Vec::new();
    for file in listed {
        let bytes = files::read(&file.path)?;
        let sha256 = Digest::of(&bytes);
        let api = match yaml::parse(&file.shown, bytes, file.format) {
            Ok((_, document)) if !is_definition(&document) => continue,
            Ok((source, document)) => api_of(&source, &document),
            Err(_) => None,
        };
        found.push(PulledDefinition {
            path: file.relative,
            api,
            sha256,
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_say_which_apis_they_are_of() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        assert_eq!(pulled_definitions(&layout).unwrap(), []);
        std::fs::create_dir_all(layout.pulled_definitions()).unwrap();
        for (name, text) in [
            (
                "a.json",
                r#"{"swagger": "2.0", "info": {"title": "A", "version": "1.0.0"}}"#,
            ),
            ("b.yaml", "openapi: 3.0.0\ninfo: {title: ' B ', version: 1.0}\n"),
            ("c.yaml", "openapi: 3.0.0\n"),
            ("d.json", "{"),
            ("part.yaml", "Order: {type: object}\n"),
            ("read.me", "about"),
        ] {
            std::fs::write(layout.pulled_definitions().join(name), text).unwrap();
        }
        let found = pulled_definitions(&layout).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|file| {
                let api = file
                    .api
                    .as_ref()
                    .map(|(name, version)| (name.as_str(), version.as_str()));
                (file.path.as_str(), api)
            })
            .collect();
        assert_eq!(
            found,
            [
                ("gen/api_definitions/a.json", Some(("A", "1.0.0"))),
                ("gen/api_definitions/b.yaml", Some(("B", "1.0"))),
                ("gen/api_definitions/c.yaml", None),
                ("gen/api_definitions/d.json", None),
            ]
        );
    }
}
