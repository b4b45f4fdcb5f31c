//! Files and folders of a project that are nearly called as what is read, and so are not.

use super::files::shown;
use super::project::{DEFINITIONS, GRPC_DEFINITIONS};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity, certain};
use crate::whole_file;
use crate::yaml::Format;
use std::path::Path;

/// Of a folder with more entries, these are looked at.
const MOST: usize = 1_000;

/// Larger files are not looked into.
const LARGEST: u64 = 1 << 20;

const POLICIES: &str = "policies.yaml";
const SETTINGS: &str = "mgw.toml";
const TESTS: &str = "tests";
const CONF: &str = "conf";

const GATEWAY: &str = "micro-gw.conf";

/// What is read in `conf/`.
const OF_CONF: [&str; 3] = [GATEWAY, "toolkit-config.toml", "deployment-config.toml"];

/// What is meant by something in the project's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Meant {
    /// This file.
    File(&'static str),
    /// This folder.
    Folder(&'static str),
    /// The file of this name in `conf/`.
    OfConf(&'static str),
}

/// Tells of what is not read because of its name or place.
pub(super) fn check(root: &Path, diagnostics: &mut Diagnostics) {
    for name in names(root) {
        let path = root.join(&name);
        let meant = meant(&name, path.is_dir());
        let (place, severity, message) = match meant {
            Some(Meant::File(file)) if is_own_name(root, &name, file) => continue,
            Some(Meant::File(file)) => (file.to_owned(), Severity::Warning, "this file is not read"),
            Some(Meant::Folder(folder)) if root.join(folder).exists() || !holds(&path, folder) => continue,
            Some(Meant::Folder(folder)) => (format!("{folder}/"), Severity::Warning, "this folder is not read"),
            // Where both are there, somebody has two on purpose.
            Some(Meant::OfConf(file)) if root.join(CONF).join(file).exists() => continue,
            Some(Meant::OfConf(file)) => (
                format!("{CONF}/{file}"),
                Severity::Note,
                "this file is read only where a command names it",
            ),
            None => continue,
        };
        let is_there = root.join(place.trim_end_matches('/')).exists();
        tell(root, &name, &place, is_there, (severity, message), diagnostics);
    }
    for name in names(&root.join(CONF)) {
        let inside = format!("{CONF}/{name}");
        if let Some(file) = nearly(&name, &OF_CONF)
            && !root.join(CONF).join(file).exists()
        {
            let place = format!("{CONF}/{file}");
            tell(
                root,
                &inside,
                &place,
                false,
                (Severity::Warning, "this file is not read"),
                diagnostics,
            );
        }
    }
}

fn tell(
    root: &Path,
    name: &str,
    place: &str,
    is_there: bool,
    (severity, message): (Severity, &str),
    diagnostics: &mut Diagnostics,
) {
    let mut finding = Diagnostic::file(Code::Files, shown(root, name), format!("{message}, but `{place}` is"));
    finding.severity = severity;
    diagnostics.push(finding.remedy(match is_there {
        true => format!("Put what is in it into `{place}`, or remove it."),
        false => format!("Call it `{place}`."),
    }));
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(super::near_file::named(folder));
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .take(MOST)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}

/// What something in the project's folder is nearly called, which it is not.
fn meant(name: &str, is_folder: bool) -> Option<Meant> {
    if is_folder {
        return nearly(name, &[DEFINITIONS, GRPC_DEFINITIONS, TESTS, CONF]).map(Meant::Folder);
    }
    // What holds of the gateway's own is told where they are read, or others are.
    if let Some(file) = OF_CONF.into_iter().find(|file| *file == name && *file != GATEWAY) {
        return Some(Meant::OfConf(file));
    }
    // `policy.yml`: a word and an ending that are both other ones.
    let is_policies = |name: &str| {
        let stem = Format::of_name(name).and_then(|_| name.rsplit_once('.'));
        stem.is_some_and(|(stem, _)| certain(stem, ["policies"]).is_some())
    };
    let plain = name.strip_suffix(".txt").unwrap_or(name);
    match nearly(plain, &[POLICIES, SETTINGS]) {
        Some(file) => Some(Meant::File(file)),
        None if name != POLICIES && (plain == POLICIES || is_policies(plain)) => Some(Meant::File(POLICIES)),
        None if name != SETTINGS && plain == SETTINGS => Some(Meant::File(SETTINGS)),
        None => None,
    }
}

/// The one of `known` that a name is a slip of.
fn nearly(name: &str, known: &[&'static str]) -> Option<&'static str> {
    let near = certain(name, known.iter().copied())?;
    let near = known.iter().find(|known| **known == near)?;
    (*near != name).then_some(near)
}

/// Whether a file is read after all: where upper and lower case are the same, by its other name.
fn is_own_name(root: &Path, name: &str, file: &str) -> bool {
    let real = |name: &str| std::fs::canonicalize(root.join(name)).ok();
    name.eq_ignore_ascii_case(file) && real(name).is_some_and(|path| Some(path) == real(file))
}

/// Whether a folder has at its top what would be read in the other one: others may have one of that name for something else.
fn holds(path: &Path, folder: &str) -> bool {
    names(path).iter().any(|name| match folder {
        DEFINITIONS => Format::of_name(name).is_some(),
        GRPC_DEFINITIONS => name.ends_with(".proto"),
        TESTS => Format::of_name(name).is_some() && has_tests(&path.join(name)),
        _ => OF_CONF.contains(&name.as_str()),
    })
}

/// Whether a file is one of tests.
fn has_tests(path: &Path) -> bool {
    let is_list = |line: &str| line.starts_with("tests:") || line.trim_start().starts_with("\"tests\"");
    whole_file::read_text(path, LARGEST).is_ok_and(|text| text.lines().any(is_list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "tests: []\n").unwrap();
        }
        let mut diagnostics = Diagnostics::default();
        check(folder.path(), &mut diagnostics);
        let root = format!("{}/", folder.path().display());
        let line = |finding: &Diagnostic| {
            let remedy = finding.remedy.clone().unwrap_or_default();
            format!("{finding} {remedy}").replace(&root, "")
        };
        diagnostics.iter().map(line).collect()
    }

    #[test]
    fn what_is_nearly_called_as_what_is_read_is_told() {
        let policies = |name: &str| {
            format!("{name}: warning: this file is not read, but `policies.yaml` is Call it `policies.yaml`.")
        };
        for name in [
            "policies.yml",
            "policies.json",
            "policy.yaml",
            "policy.yml",
            "Policies.yaml",
            "polices.yaml",
            "policies.yaml.txt",
        ] {
            assert_eq!(told(&[name]), [policies(name)], "{name}");
        }
        for (files, expected) in [
            (
                &["policies.yml", "policies.yaml"][..],
                "policies.yml: warning: this file is not read, but `policies.yaml` is Put what is in it into `policies.yaml`, or remove it.",
            ),
            (
                &["mgw.tml"],
                "mgw.tml: warning: this file is not read, but `mgw.toml` is Call it `mgw.toml`.",
            ),
            (
                &["test/orders.yaml"],
                "test: warning: this folder is not read, but `tests/` is Call it `tests/`.",
            ),
            (
                &["api_definition/orders.yaml"],
                "api_definition: warning: this folder is not read, but `api_definitions/` is Call it `api_definitions/`.",
            ),
            (
                &["deployment-config.toml"],
                "deployment-config.toml: note: this file is read only where a command names it, but `conf/deployment-config.toml` is Call it `conf/deployment-config.toml`.",
            ),
            (
                &["conf/toolkit_config.tml"],
                "conf/toolkit_config.tml: warning: this file is not read, but `conf/toolkit-config.toml` is Call it `conf/toolkit-config.toml`.",
            ),
        ] {
            assert_eq!(told(files), [expected], "{files:?}");
        }
    }

    #[test]
    fn all_other_files_are_not_mentioned() {
        let files = [
            "policies.yaml",
            "mgw.toml",
            "mgw.lock",
            "mgw.log",
            "conf/micro-gw.conf",
            "conf/micro-gw.conf.bak",
            "micro-gw.conf",
            "api_definitions/a.yaml",
            "api_definition/a.yaml",
            "test/notes.md",
            "grpc_definition/a.yaml",
            "policies-old.yaml",
            "policies2.yaml",
            "README.md",
            "package.json",
            "Cargo.toml",
            "values.yaml",
        ];
        assert_eq!(told(&files), [""; 0]);
    }
}
