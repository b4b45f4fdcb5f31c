//! Public definitions as people really have them. The files are not part of the project; without them the tests say that
//! they looked at nothing.

use super::tests::project;
use super::*;
use crate::diagnostics::Code;
use crate::diagnostics::Severity;
use crate::project::Layout;
use std::path::{Path, PathBuf};

/// How a definition came through.
struct Outcome {
    compiled: Compiled,
    layout: Layout,
    _folder: tempfile::TempDir,
}

impl Outcome {
    fn errors(&self) -> Vec<String> {
        let diagnostics = self.compiled.diagnostics.iter();
        let errors = diagnostics.filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.map(ToString::to_string).collect()
    }

    /// A key that stands twice, or a security scheme that is used and not defined.
    fn is_the_files_own_fault(&self) -> bool {
        let diagnostics = self.compiled.diagnostics.iter();
        let mut errors = diagnostics.filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.all(|diagnostic| match diagnostic.code {
            Code::Syntax => diagnostic.message.ends_with("stands here a second time"),
            Code::SecurityScheme => diagnostic.message.ends_with("is not defined"),
            _ => false,
        })
    }

    /// Every error about contents must say where; only files as a whole have no place.
    fn is_precise(&self) -> bool {
        let diagnostics = self.compiled.diagnostics.iter();
        let mut errors = diagnostics.filter(|diagnostic| diagnostic.severity == Severity::Error);
        errors.all(|diagnostic| diagnostic.position().is_some_and(|position| position.line >= 1))
    }
}

/// Compiles a file as the only definition of a project; like its author would, it gives the API an endpoint and a base
/// path when that is all that is missing.
fn compile(path: &Path) -> Outcome {
    let bytes = std::fs::read(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let (folder, layout) = project(&[("policies.yaml", DEFAULT_POLICIES)]);
    std::fs::create_dir(layout.definitions()).unwrap();
    let file = layout.definitions().join(name);
    std::fs::write(&file, &bytes).unwrap();
    let compiled = compile_project(&layout).unwrap();
    let missing = compiled
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.code == Code::NoEndpoint);
    let compiled = if missing {
        std::fs::write(&file, with_endpoint(name, &bytes)).unwrap();
        compile_project(&layout).unwrap()
    } else {
        compiled
    };
    Outcome {
        compiled,
        layout,
        _folder: folder,
    }
}

fn with_endpoint(name: &str, bytes: &[u8]) -> Vec<u8> {
    const URL: &str = "https://backend.example.com";
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    if name.ends_with(".json") {
        let rest = text.trim_start().strip_prefix('{').unwrap();
        format!("{{\"x-wso2-production-endpoints\": {{\"urls\": [\"{URL}\"]}}, {rest}").into_bytes()
    } else {
        format!("{text}\nx-wso2-production-endpoints: {{urls: ['{URL}']}}\n").into_bytes()
    }
}

/// The folder beside the repository, or `None` with a word about it.
fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    skipped(&path);
    None
}

#[expect(clippy::print_stderr, reason = "a test that looks at nothing has to say so")]
fn skipped(path: &Path) {
    eprintln!("skipped: {} is not there", path.display());
}

/// The rows of the corpus' own table: file and kind.
fn corpus() -> Vec<(PathBuf, String)> {
    let Some(folder) = shared("corpus") else {
        return Vec::new();
    };
    let table = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let rows = table.lines().filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (file, kind) = (cells.next()?, cells.next()?);
        (file.contains('/')).then(|| (folder.join(file), kind.to_owned()))
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() >= 40, "the table of the corpus was not understood");
    rows
}

fn check(kinds: &[&str], judge: impl Fn(&Outcome) -> Result<(), String>) {
    let mut faults = Vec::new();
    for (path, kind) in corpus() {
        if kinds.contains(&kind.as_str()) {
            let outcome = compile(&path);
            if let Err(fault) = judge(&outcome) {
                faults.push(format!("{}: {fault}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn builds(outcome: &Outcome) -> Result<(), String> {
    let errors = outcome.errors();
    if !errors.is_empty() {
        return Err(errors.join("\n  "));
    }
    build_bundle(&outcome.layout, &outcome.compiled, "mgw test", &[]).map_err(|error| error.to_string())?;
    Ok(())
}

#[test]
fn valid_definitions_build() {
    check(&["valid"], builds);
}

#[test]
fn sloppy_and_odd_definitions_build_or_are_refused_precisely() {
    check(&["sloppy", "edge"], |outcome| match builds(outcome) {
        Ok(()) => Ok(()),
        Err(_) if outcome.is_precise() => Ok(()),
        Err(fault) => Err(fault),
    });
}

#[test]
fn invalid_definitions_are_refused_precisely() {
    check(&["invalid"], |outcome| {
        if !outcome.compiled.diagnostics.has_errors() {
            return Err("it was accepted".into());
        }
        if outcome.is_precise() {
            Ok(())
        } else {
            Err(outcome.errors().join("\n  "))
        }
    });
}

#[test]
fn the_definitions_of_the_control_plane_build() {
    let Some(folder) = shared("specs") else { return };
    let mut faults = Vec::new();
    let mut built = 0;
    for generation in std::fs::read_dir(folder).unwrap() {
        let path = generation.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(path).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|ending| ending == "yaml" || ending == "json")
            {
                let outcome = compile(&path);
                match builds(&outcome) {
                    Ok(()) => built += 1,
                    Err(_) if outcome.is_precise() && outcome.is_the_files_own_fault() => {}
                    Err(fault) => faults.push(format!("{}: {fault}", path.display())),
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(built >= 35, "only {built} were built");
}
