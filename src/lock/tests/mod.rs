//! Locks, their verification, and replacements that are cut short.

mod mending;
mod steady;
mod unchanged;
mod unlocked;

use super::*;
use crate::cloud::pull::Selection;
use crate::project::{ControlPlaneSettings, Layout, Settings};
use mgw_bundle::Digest;
use std::path::Path;

fn lock_over(files: &[(&str, &str)], labels: &[&str]) -> LockFile {
    let source = LockedSource {
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        all: false,
        ..LockedSource::sample()
    };
    let api = |(path, text): &(&str, &str)| LockedApi {
        last_updated: Some("2017-02-20T13:57:16.229".into()),
        path: (*path).to_owned(),
        ..LockedApi::sample(path, "1", text.as_bytes())
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
pub(crate) fn contents(root: &Path) -> Vec<(String, String)> {
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
    for was_there in [0, 1, 6] {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        pull_often(&layout, was_there);
        let (before, kept) = (in_place(folder.path()), numbers(&layout).len());
        drop(stage(&layout, &NEW, &["prod"]));
        stage(&layout, &NEW, &["prod"]).killed_early();
        recover(&layout).unwrap();
        assert_eq!(in_place(folder.path()), before);

        let (mut steps, mut was_killed) = (0, true);
        while was_killed {
            was_killed = stage(&layout, &NEW, &["prod"]).killed_after_marker(steps);
            recover(&layout).unwrap();
            let names: Vec<String> = in_place(folder.path()).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["gen/api_definitions/b.json", "mgw.lock"], "cut {steps}");
            verify(&layout, &Selection::default()).unwrap();
            let expected = if was_there == 0 { 0 } else { (kept + 1).min(5) };
            assert_eq!(numbers(&layout).len(), expected, "cut {steps}");
            for generation in generations(&layout).unwrap() {
                for (path, digest) in generation.lock.as_ref().unwrap().all_files() {
                    let kept = std::fs::read(generation.path.join(path)).unwrap();
                    assert_eq!(Digest::of(&kept), digest, "cut {steps}: {path}");
                }
            }
            // Once more from the same start.
            let _ = std::fs::remove_dir_all(layout.root().join(".mgw"));
            let _ = std::fs::remove_dir_all(layout.generated());
            let _ = std::fs::remove_file(layout.lock());
            pull_often(&layout, was_there);
            steps += 1;
        }
        assert!(steps >= 3, "{steps} steps");
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
fn another_control_plane_is_a_difference() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    let pulled = LockedSource::sample().url;
    for (url, is_it) in [
        (pulled.clone(), true),
        (format!("{pulled}/"), true),
        (pulled.to_uppercase(), true),
        ("https://other.example".to_owned(), false),
        (format!("{pulled}/t"), false),
        ("https://u:c4nary@other.example".to_owned(), false),
    ] {
        let settings = Settings {
            control_plane: Some(ControlPlaneSettings {
                url: url.clone(),
                kind: None,
            }),
            ..Settings::new("shop")
        };
        std::fs::write(layout.settings(), toml::to_string(&settings).unwrap()).unwrap();
        match verify(&layout, &Selection::default()) {
            Ok(()) => assert!(is_it, "{url}"),
            Err(LockError::OutOfDate { differences, .. }) => {
                assert!(!is_it, "{url}: {differences:?}");
                let told = "mgw.toml names another control plane than";
                assert!(
                    differences.len() == 1 && differences[0].starts_with(told),
                    "{differences:?}"
                );
            }
            Err(error) => panic!("{url}: {error}"),
        }
    }
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
    // What was pulled by flags alone has nothing in the settings that asks for a lock.
    write(&Settings::new("shop"));
    verify(&layout, &Selection::default()).unwrap();
    let lock = std::fs::read(layout.lock()).unwrap();
    std::fs::remove_file(layout.lock()).unwrap();
    assert!(matches!(
        verify(&layout, &Selection::default()),
        Err(LockError::Missing { .. })
    ));
    std::fs::write(layout.lock(), lock).unwrap();

    settings.pull.labels = vec!["dev".into()];
    settings.pull.apis = vec!["Orders:1.0.0".into()];
    write(&settings);
    std::fs::write(folder.path().join(OLD[0].0), "edited").unwrap();
    std::fs::remove_file(folder.path().join(OLD[1].0)).unwrap();
    std::fs::write(folder.path().join("gen/api_definitions/x.json"), "").unwrap();
    match verify(&layout, &Selection::default()) {
        Err(LockError::OutOfDate { differences, .. }) => assert_eq!(
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

/// Pulls something else each time.
fn pull_often(layout: &Layout, times: usize) {
    for round in 0..times {
        let text = round.to_string();
        let files = [("gen/api_definitions/a.json", text.as_str()), OLD[1]];
        stage(layout, &files, &["dev"]).commit().unwrap();
    }
}

/// Without former states.
fn in_place(root: &Path) -> Vec<(String, String)> {
    let mut found = contents(root);
    found.retain(|(name, _)| !name.starts_with(".mgw/"));
    found
}

fn numbers(layout: &Layout) -> Vec<u64> {
    let found = generations(layout).unwrap();
    found.iter().map(|generation| generation.number).collect()
}

#[test]
fn what_was_replaced_is_kept_and_returned_to() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    let old = in_place(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    assert!(numbers(&layout).is_empty(), "the same files again are no generation");
    stage(&layout, &NEW, &["dev"]).commit().unwrap();
    let new = in_place(folder.path());
    assert_eq!(numbers(&layout), [1]);
    // There and back again.
    roll_back(&layout, &generations(&layout).unwrap()[0]).unwrap();
    assert_eq!(in_place(folder.path()), old);
    assert_eq!(numbers(&layout), [2, 1]);
    roll_back(&layout, &generations(&layout).unwrap()[0]).unwrap();
    assert_eq!(in_place(folder.path()), new);
    // A generation that somebody edited is refused.
    let edited = generations(&layout).unwrap().pop().unwrap();
    std::fs::write(edited.path.join(OLD[0].0), "edited").unwrap();
    assert!(matches!(roll_back(&layout, &edited), Err(LockError::Damaged { .. })));
    assert_eq!(in_place(folder.path()), new);
}

#[test]
fn few_generations_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    pull_often(&layout, 9);
    assert_eq!(numbers(&layout), [8, 7, 6, 5, 4]);
    let oldest = generations(&layout).unwrap().pop().unwrap();
    assert_eq!(
        std::fs::read_to_string(oldest.path.join("gen/api_definitions/a.json")).unwrap(),
        "3"
    );
}
