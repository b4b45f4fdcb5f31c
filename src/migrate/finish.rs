//! The draft as the compiler sees it: what cannot be built is set aside, so that the rest can.

use super::draft::{Draft, Place};
use super::micro_gw::OURS;
use super::{Carried, Manner, MigrateError};
use crate::compile::{Compiled, compile_project};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::failure::Failure;
use crate::project::{BuildSettings, Compat, Layout, Scaffold};
use crate::working_folder::WorkingFolder;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where definitions are, and where those go that cannot be built.
const DEFINITIONS: [(&str, &str); 2] = [
    ("api_definitions/", "left_out/"),
    ("gen/api_definitions/", "left_out/gen/"),
];

/// A project that can be written.
#[derive(Debug)]
pub(crate) struct Finished {
    /// Every file by its path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// What was carried over.
    pub(crate) carried: Carried,
    /// Operations of its APIs.
    pub(crate) operations: usize,
    /// What was not carried over, and what there is to know.
    pub(crate) findings: Diagnostics,
    /// What `mgw check` says of the files as they are now.
    pub(crate) check: Diagnostics,
}

impl Finished {
    /// Whether something of it can be put right in the new project.
    pub(crate) fn has_set_aside(&self) -> bool {
        let is_aside = |path: &&String| DEFINITIONS.iter().any(|(_, aside)| path.starts_with(aside));
        self.files.keys().any(|path| is_aside(&path))
    }
}

/// What is said of a project beside what the compiler says of it: that of its settings.
pub(crate) type SettingsCheck<'a> = &'a dyn Fn(&Layout, &Compiled, &mut Diagnostics) -> Result<(), Failure>;

/// Completes a draft to a project called `name` in the folder that the user knows as `folder`.
///
/// # Errors
///
/// Only when the draft cannot be compiled or checked at all.
pub(crate) fn finish(
    draft: Draft,
    name: &str,
    folder: &str,
    manner: Manner,
    check_settings: SettingsCheck<'_>,
) -> Result<Finished, MigrateError> {
    let Draft {
        mut files,
        mut build,
        control_plane,
        mut carried,
        findings,
        ..
    } = draft;
    let mut draft = Draft {
        findings,
        ..Draft::default()
    };
    let scaffold = Scaffold {
        name,
        folder,
        control_plane: control_plane.as_ref(),
    };
    let scaffold = scaffold
        .files()
        .map_err(|error| MigrateError::Settings(Box::new(error)))?;
    let settings = scaffold.get("mgw.toml").cloned().unwrap_or_default();
    if manner == Manner::Copied {
        for (path, bytes) in scaffold.into_iter().filter(|(path, _)| path != OURS) {
            files.entry(path).or_insert(bytes);
        }
    }
    let with_build = |build: &BuildSettings| with_build(&settings, build);
    let has_own = files.contains_key(OURS);
    if !has_own {
        files.insert(OURS.into(), with_build(&build)?);
    }

    let staged = Staged::new(&files, folder)?;
    let mut compiled = staged.compiled()?;
    if errors(&compiled) > 0 && !has_own {
        build.compat = Some(Compat::MicroGw32);
        files.insert(OURS.into(), with_build(&build)?);
        staged.write(OURS, &files)?;
        let compatible = staged.compiled()?;
        // What cannot be built in either way says nothing about the rest.
        let aside = unfit(&compatible, folder);
        let beside = |compiled: &Compiled| {
            let of_rest = |finding: &&Diagnostic| {
                let path = relative(&finding.file, folder);
                finding.severity == Severity::Error && path.is_none_or(|path| !aside.contains(path))
            };
            compiled.diagnostics.iter().filter(of_rest).count()
        };
        if beside(&compatible) < beside(&compiled) {
            compiled = compatible;
            draft.note(
                Code::MigratePolicy,
                &Place::File(within(folder, OURS)),
                "`compat = \"micro-gw-3.2\"` is set: policies that nobody defined, operationIds that stand twice and paths that the gateway's own hide are warnings",
                "Put the warnings of `mgw check` right, then remove it.",
            );
        } else {
            build.compat = None;
            files.insert(OURS.into(), with_build(&build)?);
            staged.write(OURS, &files)?;
        }
    }
    let unfit = unfit(&compiled, folder);
    if !unfit.is_empty() && manner == Manner::Copied {
        for path in &unfit {
            if let Some((aside, bytes)) = moved(path).zip(files.remove(path)) {
                files.insert(aside, bytes);
                staged.remove(path)?;
            }
        }
        set_aside(&compiled, &unfit, folder, &mut draft);
        compiled = staged.compiled()?;
    }
    let mut check = compiled.diagnostics.clone();
    let mut of_settings = Diagnostics::default();
    check_settings(&Layout::new(staged.place.path()), &compiled, &mut of_settings)
        .map_err(|failure| MigrateError::Check(Box::new(failure)))?;
    check.extend(named(&of_settings, staged.place.path(), folder));
    check.sort();
    carried.apis = compiled.config.apis.len();
    let mut findings = draft.findings;
    findings.sort();
    Ok(Finished {
        operations: compiled.config.apis.iter().map(|api| api.resources.len()).sum(),
        check,
        files,
        carried,
        findings,
    })
}

/// A path in the project as the user would type it.
pub(crate) fn within(folder: &str, path: &str) -> String {
    match folder {
        "." => path.to_owned(),
        folder => format!("{folder}/{path}"),
    }
}

/// The settings of a new project with `[build]`.
fn with_build(settings: &[u8], build: &BuildSettings) -> Result<Vec<u8>, MigrateError> {
    let mut text = settings.to_vec();
    if *build != BuildSettings::default() {
        let table = BTreeMap::from([("build", build)]);
        let table = toml::to_string(&table).map_err(|error| MigrateError::Settings(Box::new(error)))?;
        text.extend_from_slice(format!("\n{table}").as_bytes());
    }
    Ok(text)
}

/// Files in a folder that goes again. What changes is written anew, and nothing else: there may be thousands.
struct Staged<'a> {
    place: WorkingFolder,
    /// As the user will know it.
    folder: &'a str,
}

impl<'a> Staged<'a> {
    fn new(files: &BTreeMap<String, Vec<u8>>, folder: &'a str) -> Result<Self, MigrateError> {
        let place = WorkingFolder::new().map_err(MigrateError::Stage)?;
        for (name, bytes) in files {
            write(&place.path().join(name), bytes).map_err(MigrateError::Stage)?;
        }
        Ok(Self { place, folder })
    }

    /// Writes one of the files as it is now.
    fn write(&self, name: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<(), MigrateError> {
        let bytes = files.get(name).map(Vec::as_slice).unwrap_or_default();
        write(&self.place.path().join(name), bytes).map_err(MigrateError::Stage)
    }

    fn remove(&self, name: &str) -> Result<(), MigrateError> {
        std::fs::remove_file(self.place.path().join(name)).map_err(MigrateError::Stage)
    }

    /// What the compiler makes of them; findings name them as the user will know them.
    fn compiled(&self) -> Result<Compiled, MigrateError> {
        let mut compiled = compile_project(&Layout::new(self.place.path()))?;
        compiled.diagnostics = named(&compiled.diagnostics, self.place.path(), self.folder);
        Ok(compiled)
    }
}

/// The findings about files in one folder, as of those in another one.
fn named(findings: &Diagnostics, staged: &Path, folder: &str) -> Diagnostics {
    let staged = staged.display().to_string();
    let rename = |name: &str| match name.strip_prefix(&staged) {
        Some("") => folder.to_owned(),
        Some(relative) => within(folder, relative.trim_start_matches('/')),
        None => name.to_owned(),
    };
    // Messages name files too.
    let (inside, here) = (format!("{staged}/"), within(folder, ""));
    let mut named = Diagnostics::default();
    for diagnostic in findings.iter() {
        let mut diagnostic = renamed(diagnostic, rename);
        diagnostic.message = diagnostic.message.replace(&inside, &here);
        diagnostic.remedy = diagnostic.remedy.map(|remedy| remedy.replace(&inside, &here));
        named.push(diagnostic);
    }
    named
}

/// A finding about a file of another name.
fn renamed(finding: &Diagnostic, rename: impl Fn(&str) -> String) -> Diagnostic {
    let mut finding = finding.clone();
    finding.file = rename(&finding.file);
    if let Some((source, _)) = &mut finding.place {
        *source = source.renamed(rename);
    }
    finding
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, bytes)
}

fn errors(compiled: &Compiled) -> usize {
    compiled.diagnostics.summary().errors
}

/// The definitions that have errors, by their path in the project.
fn unfit(compiled: &Compiled, folder: &str) -> BTreeSet<String> {
    compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter_map(|finding| relative(&finding.file, folder))
        .filter(|path| moved(path).is_some())
        .map(str::to_owned)
        .collect()
}

/// The path in the project of what the user knows by a name: the inverse of [`within`].
fn relative<'a>(name: &'a str, folder: &str) -> Option<&'a str> {
    match folder {
        "." => Some(name),
        folder => name.strip_prefix(folder)?.strip_prefix('/'),
    }
}

/// Where a definition is once it is set aside; `None` for what is none.
fn moved(path: &str) -> Option<String> {
    DEFINITIONS
        .iter()
        .find_map(|(from, to)| Some(format!("{to}{}", path.strip_prefix(from)?)))
}

/// Tells the errors of these definitions at the place where they are now.
fn set_aside(compiled: &Compiled, unfit: &BTreeSet<String>, folder: &str, draft: &mut Draft) {
    let now = |name: &str| match relative(name, folder).and_then(moved) {
        Some(path) => within(folder, &path),
        None => name.to_owned(),
    };
    for path in unfit {
        let old = path.rsplit_once('/').map_or("", |(old, _)| old);
        draft.left_out(
            Code::MigrateApi,
            &Place::File(now(&within(folder, path))),
            "the API is left out, because its definition cannot be built",
            format!("Put the errors below right, then move the file to {old}/."),
        );
    }
    let of_unfit = |finding: &&Diagnostic| {
        let path = relative(&finding.file, folder);
        finding.severity == Severity::Error && path.is_some_and(|path| unfit.contains(path))
    };
    for finding in compiled.diagnostics.iter().filter(of_unfit) {
        draft.findings.push(renamed(finding, now).secret());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "openapi: 3.0.0\ninfo: {title: A, version: '1'}\nx-wso2-basePath: /a\n\
        x-wso2-production-endpoints: {urls: ['https://a.example']}\npaths: {/x: {get: {responses: {}}}}\n";

    fn finished(definitions: &[(&str, &str)]) -> Finished {
        let mut draft = Draft::default();
        for (name, text) in definitions {
            draft.files.insert(format!("api_definitions/{name}"), (*text).into());
        }
        finish(draft, "shop", "work/shop", Manner::Copied, &|_, _, _| Ok(())).unwrap()
    }

    #[test]
    fn what_can_be_built_is_left_as_it_is() {
        let done = finished(&[("a.yaml", GOOD)]);
        assert_eq!((done.carried.apis, done.operations), (1, 1));
        assert_eq!(done.check.iter().count(), 0);
        assert_eq!(done.findings.iter().count(), 0);
        assert!(done.files.contains_key("README.md") && done.files.contains_key("policies.yaml"));
    }

    #[test]
    fn what_cannot_be_built_is_set_aside_and_told() {
        let broken = GOOD
            .replace("title: A", "title: B")
            .replace("/a\n", "/b\n")
            .replace("x-wso2-production", "x-wso2-request-interceptor: x\nx-wso2-production");
        let done = finished(&[("a.yaml", GOOD), ("b.yaml", &broken)]);
        assert_eq!(done.carried.apis, 1);
        assert!(!done.check.has_errors());
        assert_eq!(done.files["left_out/b.yaml"], broken.as_bytes());
        assert!(!done.files.contains_key("api_definitions/b.yaml"));
        let told: Vec<String> = done.findings.iter().map(ToString::to_string).collect();
        assert!(
            told[0].starts_with("work/shop/left_out/b.yaml: error: the API is left out"),
            "{told:?}"
        );
        assert!(told[1].starts_with("work/shop/left_out/b.yaml:4:"), "{told:?}");
    }

    #[test]
    fn pulled_definitions_are_set_aside_too_wherever_the_project_is() {
        let broken = format!("{GOOD}x-wso2-request-interceptor: x\n").replace("title: A", "title: B");
        for (folder, start) in [
            (".", "left_out/"),
            ("x/api_definitions/shop", "x/api_definitions/shop/left_out/"),
        ] {
            let mut draft = Draft::default();
            for (path, text) in [
                ("api_definitions/a.yaml", GOOD),
                ("api_definitions/b/c.yaml", &broken.replace("/a\n", "/b\n")),
                (
                    "gen/api_definitions/c.yaml",
                    &broken.replace("/a\n", "/c\n").replace("title: B", "title: C"),
                ),
            ] {
                draft.files.insert(path.into(), text.into());
            }
            let done = finish(draft, "shop", folder, Manner::Copied, &|_, _, _| Ok(())).unwrap();
            assert_eq!((done.carried.apis, done.check.summary().errors), (1, 0), "{folder}");
            assert!(done.files.contains_key("left_out/b/c.yaml") && done.files.contains_key("left_out/gen/c.yaml"));
            let told: Vec<String> = done.findings.iter().map(ToString::to_string).collect();
            assert!(
                told.len() == 4 && told.iter().all(|line| line.starts_with(start)),
                "{told:#?}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_settings_is_told_of_the_file_that_will_be_there() {
        let mut draft = Draft::default();
        draft.files.insert("api_definitions/a.yaml".into(), GOOD.into());
        draft.files.insert("conf/micro-gw.conf".into(), "[odd]\n".into());
        let check = |layout: &Layout, _: &Compiled, found: &mut Diagnostics| {
            let path = layout.runtime_config();
            assert!(path.is_file());
            found.push(Diagnostic::file(
                Code::UnknownSetting,
                path.display().to_string(),
                format!("{} is unknown", path.display()),
            ));
            Ok(())
        };
        let done = finish(draft, "shop", "work/shop", Manner::Copied, &check).unwrap();
        let told: Vec<String> = done.check.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["work/shop/conf/micro-gw.conf: error: work/shop/conf/micro-gw.conf is unknown"]
        );
    }

    #[test]
    fn policies_of_what_is_set_aside_need_no_old_ways() {
        let broken = GOOD.replace("title: A", "title: B").replace("/a\n", "/b\n").replace(
            "x-wso2-production",
            "x-wso2-request-interceptor: x\nx-wso2-throttling-tier: Nope\nx-wso2-production",
        );
        let done = finished(&[("a.yaml", GOOD), ("b.yaml", &broken)]);
        let settings = String::from_utf8(done.files["mgw.toml"].clone()).unwrap();
        assert!(!settings.contains("compat"), "{settings}");
        let told: Vec<String> = done.findings.iter().map(ToString::to_string).collect();
        assert!(
            told.iter()
                .any(|line| line.starts_with("work/shop/left_out/b.yaml:5:") && line.contains("policy `Nope`")),
            "{told:?}"
        );
        // Where another one needs them, they are set.
        let special = format!("{GOOD}x-wso2-throttling-tier: Special\n");
        let done = finished(&[("a.yaml", &special), ("b.yaml", &broken)]);
        assert_eq!(done.carried.apis, 1);
        assert!(String::from_utf8_lossy(&done.files["mgw.toml"]).contains("compat"));
    }

    #[test]
    fn policies_that_nobody_defined_need_the_old_ways() {
        let text = format!("{GOOD}x-wso2-throttling-tier: Special\n");
        let done = finished(&[("a.yaml", &text)]);
        assert_eq!(done.carried.apis, 1);
        assert_eq!(done.check.summary().errors, 0);
        let settings = String::from_utf8(done.files["mgw.toml"].clone()).unwrap();
        assert!(
            settings.ends_with("\n[build]\ncompat = \"micro-gw-3.2\"\n"),
            "{settings}"
        );
        let told: Vec<String> = done.findings.iter().map(ToString::to_string).collect();
        assert!(
            told.len() == 1 && told[0].starts_with("work/shop/mgw.toml: note:"),
            "{told:?}"
        );
    }
}
