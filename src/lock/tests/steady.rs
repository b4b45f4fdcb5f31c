//! Readers while others pull.

use super::*;
use std::sync::atomic::{AtomicBool, Ordering};

/// The text of every file of a state, and its lock, read one after another.
fn read_all(layout: &Layout) -> Result<Vec<String>, LockError> {
    let mut texts = Vec::new();
    for path in ["gen/a", "gen/b", "gen/c", "mgw.lock"] {
        let path = layout.root().join(path);
        // Gives whoever pulls every opportunity.
        std::thread::yield_now();
        let text = std::fs::read_to_string(&path).map_err(|source| LockError::file("read", path, source))?;
        texts.push(text);
    }
    Ok(texts)
}

#[test]
fn a_reader_sees_one_state_while_others_are_put_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let states = ["one", "two"].map(|text| {
        let files = [("gen/a", text), ("gen/b", text), ("gen/c", text)];
        stage(&layout, &files, &["dev"]).commit().unwrap();
        (files, read_all(&layout).unwrap())
    });
    let stop = AtomicBool::new(false);
    let (mut whole, mut moved, mut given_up) = (0, 0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (files, _) in states.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                stage(&layout, files, &["dev"]).commit().unwrap();
            }
        });
        let mut last = None;
        while whole < 100 || moved < 10 {
            match steadily(&layout, || read_all(&layout)) {
                Ok(texts) => {
                    let found = states.iter().position(|(_, state)| *state == texts);
                    assert!(found.is_some(), "neither state: {texts:?}");
                    whole += 1;
                    moved += usize::from(last.is_some() && last != found);
                    last = found;
                }
                Err(LockError::Unsteady { .. }) => given_up += 1,
                Err(error) => panic!("{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(given_up < 100 * whole, "{given_up} of {whole}");
}

#[test]
fn a_project_that_never_rests_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    let mut readings = 0;
    let read = || {
        readings += 1;
        let text = readings.to_string();
        stage(&layout, &[("gen/a", text.as_str())], &["dev"]).commit()
    };
    let error = steadily(&layout, read).unwrap_err();
    assert!(matches!(error, LockError::Unsteady { readings: 3, .. }), "{error}");
    assert_eq!(readings, 3);
}

#[test]
fn what_is_being_put_in_place_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    let half_way = stage(&layout, &NEW, &["dev"]).stopped_half_way();
    assert!(!layout.generated().exists());
    let names = || -> Result<_, LockError> { Ok(in_place(folder.path())) };
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| steadily(&layout, names));
        // Whoever reads has to wait: nothing is there that it may return.
        let mut is_over = false;
        for _ in 0..1000 {
            is_over |= reader.is_finished();
            std::thread::yield_now();
        }
        assert!(!is_over);
        half_way.go_on().unwrap();
        let found = reader.join().unwrap().unwrap();
        assert_eq!(found[0], (NEW[0].0.to_owned(), NEW[0].1.to_owned()));
    });
}

/// A folder that nobody may write to is read, with what a killed pull staged in it as well.
#[cfg(unix)]
#[test]
fn a_read_only_project_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let layout = Layout::new(folder.path());
    stage(&layout, &OLD, &["dev"]).commit().unwrap();
    stage(&layout, &NEW, &["dev"]).killed_early();
    let allow = |mode| std::fs::set_permissions(layout.root(), std::fs::Permissions::from_mode(mode)).unwrap();
    allow(0o555);
    let verified = verify(&layout, &Selection::default());
    allow(0o755);
    verified.unwrap();
}
