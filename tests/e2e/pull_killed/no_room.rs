//! Pulls, and ways back, that find no room on the disk.

use super::{Files, both, state};
use crate::pull::Case;
use crate::support::limited;

#[test]
fn a_pull_without_room_changes_nothing() {
    let case = Case::signed_in();
    let states = both(&case, ["prod", "dev"]);
    changes_nothing(&case, &["pull", "shop", "--label", "prod"], &states[1]);
    case.mgw(&["pull", "shop", "--label", "prod"]).exits(0);
}

#[test]
fn a_rollback_without_room_changes_nothing() {
    let case = Case::signed_in();
    let states = both(&case, ["prod", "dev"]);
    changes_nothing(&case, &["rollback", "shop"], &states[1]);
    case.mgw(&["rollback", "shop"]).exits(0);
    assert_eq!(state(&case), states[0]);
}

fn changes_nothing(case: &Case, words: &[&str], before: &Files) {
    // Files of more than so many blocks cannot be written: first none, then a few, then all but the largest.
    for blocks in [0, 1, 2, 4] {
        let mut command = limited(&case.command(words), &format!("ulimit -f {blocks}"));
        let output = command.output().expect("bash can be run");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(7), "{blocks}: {told}");
        assert!(told.contains("cannot write"), "{blocks}: {told}");
        assert!(told.contains("Free some space"), "{blocks}: {told}");
        assert!(told.contains("Nothing was changed."), "{blocks}: {told}");
        assert_eq!(&state(case), before, "{blocks}");
        assert!(!case.place.path().join("shop/.mgw-pull").exists(), "{blocks}");
    }
}
