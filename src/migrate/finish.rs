//! The draft as the compiler sees it: what cannot be built is set aside, so that the rest can.

use super::draft::{Draft, Place};
use super::micro_gw::OURS;
use super::{Carried, Manner, MigrateError};
use crate::compile::{Compiled, compile_project};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity};
use crate::project::{BuildSettings, Compat, Layout, Scaffold};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Where definitions are.
const DEFINITIONS: &str = "api_definitions/";
/// Where those go that cannot be built.
const LEFT_OUT: &str = "left_out/";

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
    /// What the compiler says of the files as they are now.
    pub(crate) check: Diagnostics,
}

/// Completes a draft to a project called `name` in the folder that the user knows as `folder`.
///
/// # Errors
///
/// Only when the draft cannot be compiled at all.
pub(crate) fn finish(draft: Draft, name: &str, folder: &str, manner: Manner) -> Result<Finished, MigrateError> {
    let Draft {
        mut files,
        mut build,
        control_plane,
        mut carried,
        findings,
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

    let mut compiled = staged(&files, folder)?;
    if errors(&compiled) > 0 && !has_own {
        build.compat = Some(Compat::MicroGw32);
        files.insert(OURS.into(), with_build(&build)?);
        let compatible = staged(&files, folder)?;
        if errors(&compatible) < errors(&compiled) {
            compiled = compatible;
            draft.note(
                Code::MigratePolicy,
                &Place::File(within(folder, OURS)),
                "`compat = \"micro-gw-3.2\"` is set: policies that nobody defined, and paths that the gateway's own hide, are warnings",
                "Put the warnings of `mgw check` right, then remove it.",
            );
        } else {
            build.compat = None;
            files.insert(OURS.into(), with_build(&build)?);
        }
    }
    let unfit = unfit(&compiled, folder);
    if !unfit.is_empty() && manner == Manner::Copied {
        for path in &unfit {
            if let Some(bytes) = files.remove(path) {
                files.insert(moved(path), bytes);
            }
        }
        set_aside(&compiled, &unfit, folder, &mut draft);
        compiled = staged(&files, folder)?;
    }
    carried.apis = compiled.config.apis.len();
    let mut findings = draft.findings;
    findings.sort();
    Ok(Finished {
        operations: compiled.config.apis.iter().map(|api| api.resources.len()).sum(),
        check: compiled.diagnostics,
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

/// Compiles files in a folder that goes again; findings name them as the user will know them.
fn staged(files: &BTreeMap<String, Vec<u8>>, folder: &str) -> Result<Compiled, MigrateError> {
    let staged = tempfile::Builder::new()
        .prefix(".mgw-migrate-")
        .tempdir()
        .map_err(MigrateError::Stage)?;
    for (name, bytes) in files {
        write(&staged.path().join(name), bytes).map_err(MigrateError::Stage)?;
    }
    let mut compiled = compile_project(&Layout::new(staged.path()))?;
    let prefix = format!("{}/", staged.path().display());
    let rename = |name: &str| match name.strip_prefix(&prefix) {
        Some(relative) => within(folder, relative),
        None => folder.to_owned(),
    };
    let mut named = Diagnostics::default();
    for diagnostic in compiled.diagnostics.iter() {
        let mut diagnostic = diagnostic.clone();
        diagnostic.file = rename(&diagnostic.file);
        if let Some((source, _)) = &mut diagnostic.place {
            *source = source.renamed(rename);
        }
        named.push(diagnostic);
    }
    compiled.diagnostics = named;
    Ok(compiled)
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
    let prefix = format!("{folder}/");
    compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .filter_map(|finding| finding.file.strip_prefix(&prefix))
        .filter(|path| path.starts_with(DEFINITIONS))
        .map(str::to_owned)
        .collect()
}

/// Where a definition is once it is set aside.
fn moved(path: &str) -> String {
    path.replacen(DEFINITIONS, LEFT_OUT, 1)
}

/// Tells the errors of these definitions at the place where they are now.
fn set_aside(compiled: &Compiled, unfit: &BTreeSet<String>, folder: &str, draft: &mut Draft) {
    let prefix = format!("{folder}/");
    for path in unfit {
        draft.left_out(
            Code::MigrateApi,
            &Place::File(format!("{folder}/{}", moved(path))),
            "the API is left out, because its definition cannot be built",
            format!("Put the errors below right, then move the file to {DEFINITIONS}."),
        );
    }
    let of_unfit = |finding: &&Diagnostic| {
        let path = finding.file.strip_prefix(&prefix);
        finding.severity == Severity::Error && path.is_some_and(|path| unfit.contains(path))
    };
    for finding in compiled.diagnostics.iter().filter(of_unfit) {
        let mut finding = finding.clone().secret();
        finding.file = moved(&finding.file);
        if let Some((source, _)) = &mut finding.place {
            *source = source.renamed(moved);
        }
        draft.findings.push(finding);
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
        finish(draft, "shop", "work/shop", Manner::Copied).unwrap()
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
