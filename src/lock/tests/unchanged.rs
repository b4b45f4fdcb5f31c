//! Files that are there already.

use super::*;

const P: (&str, &str) = OLD[1];

fn pull(layout: &Layout, files: &[(&str, &str)]) {
    stage(layout, files, &["dev"]).commit().unwrap();
}

#[cfg(unix)]
fn number(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).unwrap().ino()
}

#[cfg(unix)]
#[test]
fn what_is_in_place_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let numbers = || [layout.generated(), layout.lock(), folder.path().join(P.0)].map(|path| number(&path));
    pull(&layout, &OLD);
    let before = numbers();
    pull(&layout, &OLD);
    assert_eq!(numbers(), before);
    assert!(!layout.root().join(".mgw-pull").exists());
    // Another lock is another state.
    stage(&layout, &OLD, &["prod"]).commit().unwrap();
    let after = numbers();
    assert!(
        after.iter().zip(before).all(|(after, before)| *after != before),
        "{after:?}"
    );
    // What nobody pulled goes.
    std::fs::write(layout.generated().join("x"), "").unwrap();
    stage(&layout, &OLD, &["prod"]).commit().unwrap();
    verify(&layout, &Selection::default()).unwrap();
}

/// What is in place, without the lock.
fn texts(layout: &Layout) -> Vec<String> {
    let found = in_place(layout.root()).into_iter();
    found
        .filter(|(name, _)| name != "mgw.lock")
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn former_states_outlive_edits_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let a = |text| ("gen/api_definitions/a.json", text);
    let edit = || std::fs::write(folder.path().join(P.0), "edited").unwrap();
    let latest = || generations(&layout).unwrap().remove(0);
    pull(&layout, &OLD);
    pull(&layout, &[a("new a"), P]);
    edit();
    roll_back(&layout, &latest()).unwrap();
    assert_eq!(texts(&layout), [OLD[0].1, OLD[1].1]);

    // The state that was edited is lost, and no other is.
    pull(&layout, &[a("new a"), P]);
    let good = latest();
    edit();
    pull(&layout, &[a("newer a"), (P.0, "new p")]);
    assert!(matches!(roll_back(&layout, &latest()), Err(LockError::Damaged { .. })));
    roll_back(&layout, &good).unwrap();
    assert_eq!(texts(&layout), [OLD[0].1, OLD[1].1]);

    // Nor is the one that was edited, where a pull has brought the file again.
    edit();
    pull(&layout, &[a("new a"), P]);
    verify(&layout, &Selection::default()).unwrap();
    roll_back(&layout, &latest()).unwrap();
    assert_eq!(texts(&layout), [OLD[0].1, OLD[1].1]);
}

#[test]
fn edits_while_a_pull_is_under_way_are_not_put_under_its_lock() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let file = folder.path().join(P.0);
    for files in [OLD, [(OLD[0].0, "new a"), P]] {
        pull(&layout, &OLD);
        let transaction = stage(&layout, &files, &["dev"]);
        // As long as before.
        std::fs::write(&file, "edit.").unwrap();
        let before = contents(folder.path());
        let error = transaction.commit().unwrap_err();
        assert!(matches!(&error, LockError::Edited { path } if *path == file), "{error}");
        recover(&layout).unwrap();
        let mut after = before;
        after.retain(|(name, _)| !name.starts_with(".mgw-pull/"));
        assert_eq!(contents(folder.path()), after);
    }
}

/// Folders that nobody edits share their files: the one of them is dropped.
#[cfg(unix)]
#[test]
fn what_another_folder_has_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let [work, next] = ["work", "next"].map(|name| Layout::new(folder.path().join(name)));
    for layout in [&work, &next] {
        std::fs::create_dir(layout.root()).unwrap();
    }
    pull(&work, &OLD);
    let transaction = Transaction::begin_after(&work, &next).unwrap();
    let files = [(OLD[0].0, "new a"), P];
    for (path, text) in files {
        transaction.write(path, text.as_bytes()).unwrap();
    }
    transaction
        .write_lock(&lock_over(&files, &["dev"]).to_text().unwrap())
        .unwrap();
    transaction.commit().unwrap();
    verify(&next, &Selection::default()).unwrap();
    let numbers = |path: &str| [&work, &next].map(|layout| number(&layout.root().join(path)));
    assert_eq!(numbers(P.0)[0], numbers(P.0)[1]);
    assert_ne!(numbers(OLD[0].0)[0], numbers(OLD[0].0)[1]);
    assert_eq!(texts(&work), [OLD[0].1, OLD[1].1]);
}

#[test]
fn what_is_staged_twice_is_written_beside_what_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    pull(&layout, &OLD);
    for texts in [["old a", "new a"], ["new a", "old a"], ["newer", "new a"]] {
        let transaction = Transaction::begin(&layout).unwrap();
        for text in texts {
            transaction.write(OLD[0].0, text.as_bytes()).unwrap();
        }
        drop(transaction);
        assert_eq!(std::fs::read_to_string(folder.path().join(OLD[0].0)).unwrap(), "old a");
    }
}

/// Whatever has the name of a file may not be what is linked to.
#[cfg(unix)]
#[test]
fn links_and_folders_are_replaced_by_files() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let (a, p) = (folder.path().join(OLD[0].0), folder.path().join(P.0));
    pull(&layout, &OLD);
    let elsewhere = folder.path().join("elsewhere");
    std::fs::rename(&a, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &a).unwrap();
    std::fs::remove_file(&p).unwrap();
    std::fs::create_dir(&p).unwrap();
    pull(&layout, &OLD);
    assert!(std::fs::symlink_metadata(&a).unwrap().is_file());
    verify(&layout, &Selection::default()).unwrap();
}
