//! What became of a replacement that failed or was interfered with.

use super::*;

#[test]
fn a_marker_that_is_not_on_the_disk_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    let before = contents(folder.path());
    let error = stage(&layout, &NEW, &["dev"]).fails_to_mark();
    assert!(matches!(error, LockError::File { .. }), "{error}");
    recover(&layout).unwrap();
    assert_eq!(contents(folder.path()), before);
}

#[test]
fn a_marker_that_cannot_be_taken_back_counts() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    let error = stage(&layout, &NEW, &["dev"]).finds_no_place_to_mark();
    assert!(matches!(error, LockError::Unfinished { .. }), "{error}");
    // What is in place already is not told as if nothing had been changed.
    let error = recover(&layout).unwrap_err();
    assert!(matches!(error, LockError::Unfinished { .. }), "{error}");
    // Said to be unfinished, it is finished as soon as that is possible.
    std::fs::remove_dir(folder.path().join(".mgw-pull/complete")).unwrap();
    std::fs::write(folder.path().join(".mgw-pull/complete"), "").unwrap();
    recover(&layout).unwrap();
    assert_eq!(in_place(folder.path())[0].0, NEW[0].0);
}

/// A project whose replacement of `OLD` by `NEW` was killed after the given number of steps.
fn killed(steps: u32) -> (tempfile::TempDir, Layout) {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    assert!(stage(&layout, &NEW, &["dev"]).killed_after_marker(steps));
    (folder, layout)
}

/// Takes the former files back as version control does: what else is there stays.
fn take_back(layout: &Layout, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = layout.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

#[test]
fn former_files_that_were_taken_back_stay() {
    // `gen/` is moved out; then the new one is in its place as well.
    for steps in [1, 2] {
        let (folder, layout) = killed(steps);
        if steps == 2 {
            std::fs::remove_dir_all(layout.generated()).unwrap();
        }
        take_back(&layout, &OLD);
        verify(&layout, &Selection::default()).unwrap();
        let names: Vec<String> = contents(folder.path()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, [OLD[0].0, OLD[1].0, "mgw.lock"], "{steps}");
        // And the next replacement is as any.
        stage(&layout, &NEW, &["dev"]).commit().unwrap();
        assert_eq!(numbers(&layout), [1]);
    }
}

#[test]
fn other_files_in_the_way_are_not_thrown_away() {
    let (folder, layout) = killed(1);
    take_back(&layout, &[(OLD[0].0, "edited")]);
    let before = contents(folder.path());
    for _ in 0..2 {
        let error = recover(&layout).unwrap_err();
        assert!(
            matches!(&error, LockError::InTheWay { path, differences } if *path == layout.generated()
            && *differences == ["gen/api_definitions/a.json was changed", "gen/control-plane/p.json is missing"]),
            "{error}"
        );
        assert!(matches!(Transaction::begin(&layout), Err(LockError::InTheWay { .. })));
    }
    assert_eq!(contents(folder.path()), before);
    // Both ways out that the message names.
    let aside = folder.path().join("aside");
    std::fs::rename(layout.generated(), &aside).unwrap();
    recover(&layout).unwrap();
    std::fs::remove_dir_all(aside).unwrap();
    assert_eq!(in_place(folder.path())[0].0, NEW[0].0);
    assert_eq!(numbers(&layout), [1]);

    let (_folder, layout) = killed(1);
    take_back(&layout, &[(OLD[0].0, "edited")]);
    take_back(&layout, &OLD);
    recover(&layout).unwrap();
    verify(&layout, &Selection::default()).unwrap();
}
