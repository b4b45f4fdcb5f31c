//! Killed at every step at which something on the disk changes: the whole project is there, or nothing of it.

use super::place_with;
use crate::support::{Outcome, Place, traced};

/// Far more steps of a kind than there are.
const MANY: u32 = 200;

/// The program, killed as it takes the given step of a kind; whether it was.
fn is_killed(place: &Place, words: &[&str], kind: &str, step: u32) -> bool {
    let (traced_calls, injected) = (
        format!("trace={kind}"),
        format!("inject={kind}:signal=SIGKILL:when={step}"),
    );
    let options = ["-o", "/dev/null", "-e", &traced_calls, "-e", &injected];
    let mut command = place.command(words);
    command.env("TMPDIR", temporary(place));
    let output = traced(&command, &options).output().expect("strace can be run");
    output.status.code().is_none_or(|code| code > 128)
}

/// Where drafts are.
fn temporary(place: &Place) -> std::path::PathBuf {
    let folder = place.path().join("temporary");
    std::fs::create_dir_all(&folder).expect("the folder is writable");
    folder
}

/// Whether there are drafts: that of a run that was killed goes with the next run.
fn has_drafts(place: &Place) -> bool {
    let mut entries = temporary(place).read_dir().expect("the folder is readable").flatten();
    entries.any(|entry| {
        entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.starts_with("mgw-work-"))
    })
}

/// The paths of the files below a folder.
fn files_of(place: &Place, name: &str) -> Vec<std::path::PathBuf> {
    let root = place.path().join(name);
    let files = place.files().into_iter();
    files
        .filter_map(|(path, _)| Some(path.strip_prefix(&root).ok()?.to_owned()))
        .collect()
}

#[test]
fn a_killed_replacement_leaves_the_old_project_or_the_new_one() {
    let place = place_with("ledger");
    place.mgw(&["migrate", "ledger", "whole"]).exits(8);
    place.mgw(&["init", "old"]).exits(0);
    let (old, new) = (files_of(&place, "old"), files_of(&place, "whole"));
    assert_ne!(old, new);
    let (mut kept, mut kills) = (0, 0);
    for kind in ["?rename,?renameat,?renameat2", "?unlink,?unlinkat,?rmdir"] {
        for step in 1..MANY {
            if files_of(&place, "shop") != old {
                place.mgw(&["init", "shop", "--force"]).exits(0);
            }
            let killed = is_killed(&place, &["migrate", "ledger", "shop", "--force"], kind, step);
            let there = files_of(&place, "shop");
            assert!(there == old || there == new, "{kind} {step}: {there:?}");
            if !killed {
                break;
            }
            kills += 1;
            kept += usize::from(there == old);
        }
    }
    assert!(kills > 3 && kept > 0, "{kills} {kept}");
}

#[test]
fn a_killed_migration_leaves_the_whole_project_or_nothing() {
    let place = place_with("ledger");
    place.mgw(&["migrate", "ledger", "whole"]).exits(8);
    let whole = files_of(&place, "whole");
    let (mut kills, mut drafts) = (0, 0);
    for kind in ["?rename,?renameat,?renameat2", "?mkdir,?mkdirat", "?openat"] {
        for step in 1..MANY {
            let target = "shop";
            let killed = is_killed(&place, &["migrate", "ledger", target], kind, step);
            let there = files_of(&place, target);
            assert!(there.is_empty() || there == whole, "{kind} {step}: {there:?}");
            if !there.is_empty() {
                std::fs::remove_dir_all(place.path().join(target)).expect("ours");
            }
            drafts += u32::from(has_drafts(&place));
            if !killed {
                break;
            }
            kills += 1;
        }
    }
    let mut command = place.command(&["migrate", "ledger", "again"]);
    command.env("TMPDIR", temporary(&place));
    Outcome::of(command).exits(8);
    assert!(!has_drafts(&place), "the next run removes them");
    assert!(kills > 10 && drafts > 0, "{kills} {drafts}");
}
