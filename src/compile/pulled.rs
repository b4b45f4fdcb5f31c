//! Reads what `pull` wrote beside the definitions.

use super::files::{self, FileError};
use super::sources::Sources;
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::project::Layout;
use crate::words::plain;
use crate::yaml::{Source, Span, merge_conflict};
use mgw_bundle::{SubscriptionSnapshot, snapshot};
use serde::de::DeserializeOwned;
use std::path::Path;

/// What became of a file.
#[derive(Debug)]
pub(super) enum Pulled<T> {
    /// There is none.
    Absent,
    /// It says this.
    Read(T),
    /// It cannot be understood, which has been told.
    Unusable,
}

impl<T> Pulled<T> {
    /// What it says.
    pub(super) fn found(self) -> Option<T> {
        match self {
            Self::Read(value) => Some(value),
            Self::Absent | Self::Unusable => None,
        }
    }

    /// Whether nothing is missing.
    pub(super) fn is_read(&self) -> bool {
        !matches!(self, Self::Unusable)
    }
}

/// Reads a pulled file of the project; it is one of those that a bundle is made from.
pub(super) fn pulled<T: DeserializeOwned>(
    layout: &Layout,
    path: &Path,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Pulled<T>, FileError> {
    let Some(bytes) = files::read_optional(path)? else {
        return Ok(Pulled::Absent);
    };
    let root = layout.root();
    let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    sources.add(&relative, &bytes);
    Ok(read(&files::shown(root, &relative), bytes, diagnostics))
}

/// Reads the pulled subscription data, where they are in the format that this version reads.
pub(super) fn pulled_subscriptions(
    layout: &Layout,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Result<Option<SubscriptionSnapshot>, FileError> {
    let path = layout.pulled_subscriptions();
    let snapshot: Option<SubscriptionSnapshot> = pulled(layout, &path, sources, diagnostics)?.found();
    Ok(snapshot.filter(|snapshot| {
        let is_known = snapshot.format == snapshot::FORMAT;
        if !is_known {
            let message = format!(
                "the file has format version {}, this version of mgw reads {}",
                snapshot.format,
                snapshot::FORMAT
            );
            let file = crate::project::shown(&path);
            diagnostics.push(Diagnostic::file(Code::NewerFormat, file, message).remedy("Run `mgw pull` again."));
        }
        is_known
    }))
}

/// Reads the bytes of such a file; `file` is what messages call it.
pub(super) fn read<T: DeserializeOwned>(file: &str, bytes: Vec<u8>, diagnostics: &mut Diagnostics) -> Pulled<T> {
    match serde_json::from_slice(&bytes) {
        Ok(value) => Pulled::Read(value),
        Err(error) => {
            diagnostics.push(finding(&error, file, bytes));
            Pulled::Unusable
        }
    }
}

fn finding(error: &serde_json::Error, file: &str, bytes: Vec<u8>) -> Diagnostic {
    let text = error.to_string();
    // The place is told by the finding.
    let message = plain(
        text.rsplit_once(" at line ")
            .map_or(text.as_str(), |(message, _)| message),
    );
    let finding = match Source::new(file, bytes) {
        Ok(source) if let Some(conflict) = merge_conflict(&source) => Diagnostic {
            code: Code::PulledFile,
            ..conflict.into()
        },
        Ok(source) => {
            let lines = source.text().split_inclusive('\n');
            let start: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
            // The column counts bytes: where the file ends too early, it is that of the last one of a character.
            let offset = source
                .text()
                .floor_char_boundary(start + error.column().saturating_sub(1));
            Diagnostic::error(Code::PulledFile, &source, Span::at(offset), message)
        }
        Err(error) => Diagnostic {
            code: Code::PulledFile,
            ..error.into()
        },
    };
    finding.remedy("The file is written by `mgw pull`: pull again, or take it back from version control.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::render;
    use mgw_bundle::config::Policies;

    #[test]
    fn a_file_that_cannot_be_used_is_a_finding_at_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        std::fs::create_dir_all(layout.control_plane()).unwrap();
        let read = |bytes: &[u8]| {
            std::fs::write(layout.pulled_policies(), bytes).unwrap();
            let mut diagnostics = Diagnostics::default();
            let read = pulled::<Policies>(
                &layout,
                &layout.pulled_policies(),
                &mut Sources::default(),
                &mut diagnostics,
            )
            .unwrap();
            assert_eq!(read.is_read(), !diagnostics.has_errors());
            let texts: Vec<String> = diagnostics.iter().map(|finding| render(finding, false)).collect();
            texts.concat().replace(&folder.path().display().to_string(), "shop")
        };
        insta::assert_snapshot!(read(b"{\n  \"resource\": [\n<<<<<<< HEAD\n  ]\n}\n"), @r"
        error[pulled-file]: it is no JSON
         --> shop/gen/control-plane/policies.json:3:1
          |
        3 | <<<<<<< HEAD
          | ^
          |
          = help: The file is written by `mgw pull`: pull again, or take it back from version control.
        ");
        insta::assert_snapshot!(read(b"{\"resource\": ["), @r#"
        error[pulled-file]: it ends too early
         --> shop/gen/control-plane/policies.json:1:14
          |
        1 | {"resource": [
          |              ^
          |
          = help: The file is written by `mgw pull`: pull again, or take it back from version control.
        "#);
        insta::assert_snapshot!(read(b"\xff"), @r"
        error[pulled-file]: the file is not UTF-8 text here
         --> shop/gen/control-plane/policies.json:1:1
          |
        1 | �
          | ^
          |
          = help: The file is written by `mgw pull`: pull again, or take it back from version control.
        ");
        assert_eq!(read(b"{\"resource\":[],\"application\":[],\"subscription\":[]}"), "");
        std::fs::remove_file(layout.pulled_policies()).unwrap();
        let mut diagnostics = Diagnostics::default();
        let absent = pulled::<Policies>(
            &layout,
            &layout.pulled_policies(),
            &mut Sources::default(),
            &mut diagnostics,
        )
        .unwrap();
        assert!(absent.is_read() && absent.found().is_none());
    }
}
