//! What a pull writes and syncs, counted by `strace`.

use super::state;
use crate::pull::Case;
use crate::support::traced;
use std::collections::BTreeSet;

/// What was done to files of the project.
#[derive(Debug, Default)]
struct Done {
    /// Files and folders that were synced.
    synced: BTreeSet<String>,
    /// Files that were written to.
    written: BTreeSet<String>,
}

/// Runs a command and notes what it does below the project.
fn done_by(case: &Case, words: &[&str]) -> Done {
    let project = case.place.path().join("shop").display().to_string();
    let log = case.place.config_dir().join("trace");
    let into = log.display().to_string();
    let options = ["-y", "-s", "0", "-e", "trace=write,fsync,fdatasync", "-o", &into];
    let mut command = traced(&case.command(words), &options);
    let output = command.output().expect("strace can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut done = Done::default();
    for line in std::fs::read_to_string(&log).expect("a trace").lines() {
        let Some((call, rest)) = line.split_once('(') else {
            continue;
        };
        let path = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        let Some(below) = path.and_then(|(path, _)| path.strip_prefix(&project)) else {
            continue;
        };
        let below = below.strip_prefix("/.mgw-pull").unwrap_or(below).to_owned();
        if call.ends_with("write") {
            done.written.insert(below);
        } else {
            done.synced.insert(below);
        }
    }
    done
}

#[test]
fn what_has_not_changed_is_neither_written_nor_synced() {
    let case = Case::signed_in();
    let first = done_by(&case, &["pull", "shop", "--label", "dev"]);
    let definitions = |paths: &BTreeSet<String>| {
        let paths = paths.iter().filter(|path| path.ends_with(".json"));
        paths.filter(|path| path.contains("/api_definitions/")).count()
    };
    assert_eq!((definitions(&first.written), definitions(&first.synced)), (4, 4));
    let before = state(&case);

    let again = done_by(&case, &["pull", "shop"]);
    assert!(again.synced.is_empty() && again.written.is_empty(), "{again:?}");
    assert_eq!(state(&case), before);

    // One API less: all that stays is written beside the former state, so that either can be edited.
    let less = done_by(&case, &["pull", "shop", "--api", "Orders:1.0.0", "--prune"]);
    assert_eq!(
        (definitions(&less.written), definitions(&less.synced)),
        (1, 1),
        "{less:?}"
    );
    assert!(
        less.synced.contains("/mgw.lock") && less.synced.contains("/gen"),
        "{less:?}"
    );

    // A file that somebody edited is written, and no other.
    let file = case.place.path().join("shop/gen/api_definitions");
    let file = std::fs::read_dir(file)
        .expect("a folder")
        .flatten()
        .next()
        .expect("a file")
        .path();
    let whole = std::fs::read(&file).expect("a file");
    std::fs::write(&file, "edited").expect("a file");
    let mended = done_by(&case, &["pull", "shop", "--api", "Orders:1.0.0"]);
    assert_eq!(
        (definitions(&mended.written), definitions(&mended.synced)),
        (1, 1),
        "{mended:?}"
    );
    assert_eq!(std::fs::read(&file).expect("a file"), whole);
}
