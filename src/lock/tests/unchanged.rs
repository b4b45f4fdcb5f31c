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
    assert!(after[0] != before[0] && after[1] != before[1], "{after:?}");
    assert_eq!(after[2], before[2]);
    // What nobody pulled goes.
    std::fs::write(layout.generated().join("x"), "").unwrap();
    stage(&layout, &OLD, &["prod"]).commit().unwrap();
    verify(&layout, &Selection::default()).unwrap();
}

#[cfg(unix)]
#[test]
fn only_what_is_new_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let file = folder.path().join(P.0);
    pull(&layout, &OLD);
    let before = number(&file);
    pull(&layout, &[("gen/api_definitions/a.json", "new a"), P]);
    assert_eq!(number(&file), before);
    assert_eq!(numbers(&layout), [1]);
    // Edited, and pulled again: another file, which mends the former states as well.
    std::fs::write(&file, "edited").unwrap();
    pull(&layout, &[("gen/api_definitions/a.json", "new a"), P]);
    assert_ne!(number(&file), before);
    verify(&layout, &Selection::default()).unwrap();
    roll_back(&layout, &generations(&layout).unwrap()[0]).unwrap();
    let texts: Vec<String> = in_place(folder.path()).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts[..2], [OLD[0].1, OLD[1].1]);
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
