//! Files that the settings name.

use super::names::{is_absolute, is_entry};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::micro_gw_file::Section;
use crate::project::shown;
use crate::whole_file::read_public;
use crate::words::plain;
use crate::yaml::Span;
use std::path::{Path, PathBuf};

/// The largest file that goes into an image, in bytes.
const LARGEST_COPY: u64 = 64 << 20;

/// Most bytes of all such files.
pub(super) const LARGEST_COPIES: usize = 256 << 20;

/// What Kubernetes takes in one Secret or ConfigMap, in bytes.
pub(super) const LARGEST_OBJECT: u64 = 1 << 20;

/// Where files are looked for: in the project folder, and in the folder that it is in, from where micro-gw was run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) root: &'a Path,
}

impl Places<'_> {
    fn find(self, name: &str) -> PathBuf {
        let own = self.root.join(name);
        if own.exists() || Path::new(name).is_absolute() {
            return own;
        }
        let beside = crate::folder::folder_of(self.root).join(name);
        if beside.exists() { beside } else { own }
    }

    /// Whether a file is somewhere else, wherever links lead to.
    fn is_elsewhere(self, path: &Path) -> bool {
        let home = self.root.canonicalize().unwrap_or_else(|_| self.root.to_owned());
        let home = home.parent().unwrap_or(&home);
        path.canonicalize().is_ok_and(|path| !path.starts_with(home))
    }

    /// Reads a file that a key names; tells where that fails.
    pub(super) fn read(
        self,
        name: &str,
        largest: u64,
        (section, span): (Section<'_>, Span),
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<u8>> {
        let path = self.find(name);
        match read_public(&path, largest) {
            Ok(bytes) => {
                if self.is_elsewhere(&path) {
                    let text = format!(
                        "{} is neither in the project nor in the folder that it is in, and goes into what is written",
                        shown(&path)
                    );
                    let finding = Diagnostic::warning(Code::DeploymentConfig, section.source(), span, text);
                    diagnostics
                        .push(finding.remedy("Copy the file into the project, so that every machine builds the same."));
                }
                Some(bytes)
            }
            Err(error) => {
                let text = format!("{} cannot be read: {}", shown(&path), plain(&error.to_string()));
                let remedy = "Name a file by its path in the project folder, or by an absolute one.";
                let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), span, text);
                diagnostics.push(finding.remedy(remedy));
                None
            }
        }
    }

    /// Reads a file that goes into the image.
    pub(super) fn read_copy(
        self,
        name: &str,
        place: (Section<'_>, Span),
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<u8>> {
        self.read(name, LARGEST_COPY, place, diagnostics)
    }

    /// Reads the files of a Secret or ConfigMap, each under its own name.
    pub(super) fn read_data(self, section: Section<'_>, diagnostics: &mut Diagnostics) -> Vec<(String, Vec<u8>)> {
        let span = section.span("data");
        let wrong = |text: String| Diagnostic::error(Code::DeploymentConfig, section.source(), span, text);
        let mut data: Vec<(String, Vec<u8>)> = Vec::new();
        let mut left = LARGEST_OBJECT;
        for path in section.texts("data").unwrap_or_default() {
            let name = Path::new(&path)
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if !is_entry(name) {
                let text = format!("{name:?} cannot be the name of an entry: letters, digits, `-`, `_` and `.` can");
                diagnostics.push(wrong(text));
                continue;
            }
            if data.iter().any(|(known, _)| known == name) {
                diagnostics.push(wrong(format!("`data` has two files that are called `{name}`")));
                continue;
            }
            let Some(bytes) = self.read(&path, LARGEST_OBJECT, (section, span), diagnostics) else {
                continue;
            };
            match left.checked_sub(bytes.len() as u64) {
                Some(rest) => left = rest,
                None => {
                    let text = "the files of `data` have more than 1 MiB, which Kubernetes refuses".to_owned();
                    diagnostics.push(wrong(text));
                    break;
                }
            }
            data.push((name.to_owned(), bytes));
        }
        data
    }
}

/// Where a file goes in the image: an absolute path, with the file's own name where a folder is meant.
pub(super) fn target(section: Section<'_>, source: &str, diagnostics: &mut Diagnostics) -> Option<String> {
    let written = section.text("target")?;
    let name = Path::new(source)
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let target = match written.ends_with('/') {
        true => format!("{written}{name}"),
        false => written,
    };
    // Docker puts variables in there.
    if is_absolute(&target) && !target.contains('$') {
        return Some(target);
    }
    let text = match target.contains('$') {
        true => format!("`target` {target:?} has a `$`, which Docker takes for a variable"),
        false => format!("`target` {target:?} is no absolute path"),
    };
    let finding = Diagnostic::error(Code::DeploymentConfig, section.source(), section.span("target"), text);
    diagnostics.push(finding.remedy("Give the path in the image, as /home/ballerina/conf/micro-gw.conf."));
    None
}
