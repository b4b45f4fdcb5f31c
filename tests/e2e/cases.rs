//! Runs every folder of `cases/` through the real binary, as mgw and as micro-gw 3.2.
//!
//! A new case is a new folder. `MGW_CASE=NAME` runs one.

use crate::case;
use crate::case::stage::Mode;
use std::path::{Path, PathBuf};

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/cases");

fn folders() -> Vec<PathBuf> {
    let only = std::env::var("MGW_CASE").ok();
    let mut folders: Vec<PathBuf> = Path::new(CASES)
        .canonicalize()
        .and_then(|cases| cases.read_dir())
        .expect("there are cases")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.is_dir())
        .filter(|path| only.as_deref().is_none_or(|only| path.ends_with(only)))
        .collect();
    folders.sort();
    assert!(!folders.is_empty(), "there is no such case");
    folders
}

async fn every_case(mode: Mode) {
    let mut problems = Vec::new();
    for folder in folders() {
        let name = folder.file_name().expect("a folder has a name").display().to_string();
        // A case that cannot run at all must not hide the others.
        let ran = tokio::spawn(async move { case::run(&folder, mode).await }).await;
        match ran {
            Ok(found) => problems.extend(found.into_iter().map(|problem| format!("{name}: {problem}"))),
            Err(failed) => problems.push(format!("{name}: {failed}")),
        }
    }
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds() {
    every_case(Mode::Default).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_as_micro_gw_3_2() {
    every_case(Mode::Compat).await;
}
