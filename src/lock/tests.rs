//! Locks, their verification, and replacements that are cut short.

use super::*;
use crate::cloud::pull::Selection;
use crate::project::{ControlPlaneKind, Layout, Settings};
use mgw_bundle::Digest;
use std::path::Path;

fn lock_over(files: &[(&str, &str)], labels: &[&str]) -> LockFile {
    let source = LockedSource {
        url: "https://localhost:9443".into(),
        kind: ControlPlaneKind::Apim32,
        organisation: "carbon.super".into(),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        tags: vec![],
        apis: vec![],
        all: false,
    };
    let api = |(path, text): &(&str, &str)| LockedApi {
        name: (*path).to_owned(),
        version: "1".into(),
        id: "uuid".into(),
        provider: None,
        state: "published".into(),
        last_updated: Some("2017-02-20T13:57:16.229".into()),
        etag: None,
        revision: None,
        revision_id: None,
        path: (*path).to_owned(),
        sha256: Digest::of(text.as_bytes()),
    };
    LockFile::new(source, files.iter().map(api).collect(), Vec::new())
}

fn stage(layout: &Layout, files: &[(&str, &str)], labels: &[&str]) -> Transaction {
    let transaction = Transaction::begin(layout).unwrap();
    for (path, text) in files {
        transaction.write(path, text.as_bytes()).unwrap();
    }
    transaction
        .write_lock(&lock_over(files, labels).to_text().unwrap())
        .unwrap();
    transaction
}

/// Every file below the project with its contents.
fn contents(root: &Path) -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                walk(root, &entry.path(), out);
            } else {
                let name = entry.path().strip_prefix(root).unwrap().display().to_string();
                out.push((name, std::fs::read_to_string(entry.path()).unwrap()));
            }
        }
    }
    let mut out = Vec::new();
    walk(root, root, &mut out);
    out.sort();
    out
}

const OLD: [(&str, &str); 2] = [
    ("gen/api_definitions/a.json", "old a"),
    ("gen/control-plane/p.json", "old p"),
];
const NEW: [(&str, &str); 1] = [("gen/api_definitions/b.json", "new b")];

#[test]
fn a_lock_round_trips() {
    let lock = lock_over(&OLD, &["dev"]);
    let text = lock.to_text().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mgw.lock");
    assert_eq!(LockFile::load(&path).unwrap(), None);
    std::fs::write(&path, &text).unwrap();
    assert_eq!(LockFile::load(&path).unwrap(), Some(lock));
    std::fs::write(&path, text.replace("format = 1", "format = 2")).unwrap();
    assert!(matches!(LockFile::load(&path), Err(LockError::Format { found: 2, .. })));
    std::fs::write(&path, text.replace("sha256", "md5")).unwrap();
    assert!(matches!(LockFile::load(&path), Err(LockError::Parse { .. })));
}

#[test]
fn a_replacement_is_whole_wherever_it_is_cut() {
    for was_there in [false, true] {
        for cut in 0..=5 {
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout::new(folder.path());
            if was_there {
                stage(&layout, &OLD, &["dev"]).commit().unwrap();
            }
            let before = contents(folder.path());
            let transaction = stage(&layout, &NEW, &["prod"]);
            match cut {
                0 => drop(transaction),
                1 => transaction.killed_early(),
                cut => transaction.killed_after_marker(cut - 2),
            }
            recover(&layout).unwrap();
            if cut <= 1 {
                assert_eq!(contents(folder.path()), before, "cut {cut}");
            } else {
                let names: Vec<String> = contents(folder.path()).into_iter().map(|(name, _)| name).collect();
                assert_eq!(names, ["gen/api_definitions/b.json", "mgw.lock"], "cut {cut}");
                verify(&layout, &Selection::default()).unwrap();
            }
        }
    }
}

#[test]
fn two_pulls_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let first = Transaction::begin(&layout).unwrap();
    assert!(matches!(Transaction::begin(&layout), Err(LockError::Busy { .. })));
    drop(first);
    Transaction::begin(&layout).unwrap();
}

#[test]
fn every_difference_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let mut settings = Settings::new("shop");
    let write = |settings: &Settings| std::fs::write(layout.settings(), toml::to_string(settings).unwrap()).unwrap();
    write(&settings);
    verify(&layout, &Selection::default()).unwrap();
    settings.pull.labels = vec!["prod".into(), "dev".into()];
    write(&settings);
    assert!(matches!(
        verify(&layout, &Selection::default()),
        Err(LockError::Missing { .. })
    ));
    stage(&layout, &OLD, &["dev", "prod"]).commit().unwrap();
    verify(&layout, &Selection::default()).unwrap();

    settings.pull.labels = vec!["dev".into()];
    settings.pull.apis = vec!["Orders:1.0.0".into()];
    write(&settings);
    std::fs::write(folder.path().join(OLD[0].0), "edited").unwrap();
    std::fs::remove_file(folder.path().join(OLD[1].0)).unwrap();
    std::fs::write(folder.path().join("gen/api_definitions/x.json"), "").unwrap();
    match verify(&layout, &Selection::default()) {
        Err(LockError::OutOfDate { differences }) => assert_eq!(
            differences,
            [
                "mgw.toml wants the labels dev, pulled were dev, prod",
                "mgw.toml wants the APIs Orders:1.0.0, pulled were none",
                "gen/api_definitions/a.json was changed",
                "gen/api_definitions/x.json was not pulled",
                "gen/control-plane/p.json is missing",
            ]
        ),
        other => panic!("{other:?}"),
    }
}
