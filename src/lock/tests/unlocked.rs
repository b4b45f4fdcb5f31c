//! What is in `gen/` without a lock is a state to return to.

use super::*;
use crate::lock::rollback;

const FOUND: [(&str, &str); 2] = [
    ("gen/api_definitions/a.json", "of another program"),
    ("gen/other.txt", "of anybody"),
];

/// A project whose `gen/` another program filled.
fn filled(files: &[(&str, &str)]) -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    std::fs::create_dir_all(layout.pulled_definitions()).unwrap();
    for (path, text) in files {
        std::fs::write(folder.path().join(path), text).unwrap();
    }
    (folder, layout)
}

#[test]
fn it_is_kept_and_returned_to_wherever_that_is_cut() {
    let (mut steps, mut was_killed) = (0, true);
    while was_killed {
        let (folder, layout) = filled(&FOUND);
        let found = in_place(folder.path());
        was_killed = stage(&layout, &NEW, &["dev"]).killed_after_marker(steps);
        recover(&layout).unwrap();
        let pulled = in_place(folder.path());
        verify(&layout, &Selection::default()).unwrap();
        assert_eq!(numbers(&layout), [1], "cut {steps}");
        // There, with the lock gone, and back again.
        let kept = generations(&layout).unwrap().remove(0);
        assert!(kept.lock.is_none());
        was_killed |= rollback::stage(&layout, &kept).unwrap().killed_after_marker(steps);
        recover(&layout).unwrap();
        assert_eq!(in_place(folder.path()), found, "cut {steps}");
        assert_eq!(numbers(&layout), [2, 1], "cut {steps}");
        let kept = generations(&layout).unwrap().remove(0);
        was_killed |= rollback::stage(&layout, &kept).unwrap().killed_after_marker(steps);
        recover(&layout).unwrap();
        assert_eq!(in_place(folder.path()), pulled, "cut {steps}");
        assert_eq!(numbers(&layout), [3, 2, 1], "cut {steps}");
        steps += 1;
    }
    assert!(steps >= 5, "{steps} steps");
}

#[test]
fn what_is_pulled_just_so_or_holds_nothing_is_no_state_to_return_to() {
    for files in [&NEW[..], &[]] {
        let (_folder, layout) = filled(files);
        stage(&layout, &NEW, &["dev"]).commit().unwrap();
        assert_eq!(numbers(&layout), [0_u64; 0], "{files:?}");
    }
}
