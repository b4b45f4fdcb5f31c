//! Which APIs the definitions of a project are of, and what belongs to them, for whoever replaces files.

use super::files::{self, FileError};
use super::project::{DEFINITIONS, GRPC_DEFINITIONS};
use super::referenced;
use crate::diagnostics::Diagnostics;
use crate::grpc;
use crate::openapi::{is_definition, scalar_text};
use crate::yaml::{self, Format, Node, Source};
use std::collections::BTreeSet;
use std::path::Path;

/// A definition in `api_definitions/` or `grpc_definitions/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenDefinition {
    /// Path below the project, with `/`.
    pub(crate) path: String,
    /// The APIs that it defines, as messages call them.
    pub(crate) apis: Vec<String>,
    /// Paths of the files that it refers to, itself or through others.
    pub(crate) parts: BTreeSet<String>,
}

/// The definitions that somebody wrote, sorted by path within their folder. Files that are only parts of others are left
/// out.
///
/// # Errors
///
/// When a folder or file cannot be read.
pub(crate) fn written_definitions(root: &Path) -> Result<Vec<WrittenDefinition>, FileError> {
    // What is wrong with the files is told where they are built.
    let unseen = &mut Diagnostics::default();
    let mut found = Vec::new();
    for file in files::definitions(root, DEFINITIONS, unseen)? {
        let bytes = files::read(&file.path)?;
        let apis = apis_of(&file.relative, &bytes);
        if !apis.is_empty() {
            let parts = referenced(root, &file.relative, bytes).into_keys().collect();
            found.push(WrittenDefinition {
                path: file.relative,
                apis,
                parts,
            });
        }
    }
    for file in files::protos(root, GRPC_DEFINITIONS, unseen)? {
        let apis = apis_of(&file.relative, &files::read(&file.path)?);
        found.push(WrittenDefinition {
            path: file.relative,
            apis,
            parts: BTreeSet::new(),
        });
    }
    Ok(found)
}

/// The APIs that a file defines, as messages call them: none where it is a part of others, or no definition.
pub(crate) fn apis_of(path: &str, bytes: &[u8]) -> Vec<String> {
    if path.ends_with(".proto") {
        return grpc::services(path, bytes.to_vec()).unwrap_or_default();
    }
    let format = Format::of_name(path).unwrap_or(Format::Yaml);
    match yaml::parse(path, bytes.to_vec(), format) {
        Ok((source, document)) if is_definition(&document) => {
            let named = api_of(&source, &document).map(|(title, version)| format!("{title}:{version}"));
            vec![named.unwrap_or_else(|| "an API without a name".to_owned())]
        }
        _ => Vec::new(),
    }
}

/// Name and version of the API that a document defines, where it says them.
pub(super) fn api_of(source: &Source, document: &Node) -> Option<(String, String)> {
    let text = |key| {
        let text = scalar_text(source, document.at(["info", key])?)?;
        Some(text.trim().to_owned())
    };
    text("title").zip(text("version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_say_what_belongs_to_them() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            (
                "api_definitions/a.yaml",
                "openapi: 3.0.0\ninfo: {title: A, version: 1.10}\npaths: {/a: {$ref: sub/part.yaml}}\n",
            ),
            ("api_definitions/b.json", r#"{"swagger": "2.0"}"#),
            ("api_definitions/sub/part.yaml", "get: {}\n"),
            ("api_definitions/wrong.yaml", "a: [\n"),
            (
                "grpc_definitions/c.proto",
                "syntax = \"proto3\"; package p; import \"none.proto\"; service S {} service T {}",
            ),
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = written_definitions(folder.path()).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|one| {
                let parts: Vec<_> = one.parts.iter().map(String::as_str).collect();
                format!("{}: {}; {}", one.path, one.apis.join(", "), parts.join(", "))
            })
            .collect();
        assert_eq!(
            found,
            [
                "api_definitions/a.yaml: A:1.10; api_definitions/sub/part.yaml",
                "api_definitions/b.json: an API without a name; ",
                "grpc_definitions/c.proto: p.S, p.T; ",
            ]
        );
    }
}
