//! What interrupted work has left behind.

use crate::doctor::{Finding, Sight};
use crate::project::shown;
use crate::ui::count::Counted;
use std::path::Path;

/// What a project has left, before anything looked at it: reading a project ends what was interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::doctor) enum Leftover {
    /// Everything was staged, and is to be put in its place.
    Complete,
    /// A part was staged.
    Part,
}

pub(in crate::doctor) fn find(root: &Path) -> Option<Leftover> {
    let stage = root.join(".mgw-pull");
    if !stage.exists() {
        None
    } else if stage.join("complete").exists() {
        Some(Leftover::Complete)
    } else {
        Some(Leftover::Part)
    }
}

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    if !sight.is_project() {
        return vec![Finding::skipped("there is no project")];
    }
    let is_still_there = find(sight.layout.root()).is_some();
    let of_pull = decide(sight.leftover, is_still_there);
    of_builds(&sight.layout.target()).into_iter().chain([of_pull]).collect()
}

/// What builds that were ended stage beside what they replace.
fn of_builds(target: &Path) -> Option<Finding> {
    let is_staged = |name: &str| name.starts_with(".gen-") || name.starts_with(".mgw-");
    let entries = std::fs::read_dir(target).into_iter().flatten().flatten();
    let count = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_staged))
        .count();
    (count > 0).then(|| {
        Finding::warning(
            format!(
                "builds were interrupted, or one goes on now: {} in {} (.gen-…, .mgw-…)",
                Counted(count, "file or folder is left", "files and folders are left"),
                shown(target)
            ),
            "Remove them when no build goes on; nothing reads them.",
        )
    })
}

fn decide(leftover: Option<Leftover>, is_still_there: bool) -> Finding {
    let what = match leftover {
        None => return Finding::ok("nothing was interrupted"),
        Some(Leftover::Complete) => "a pull was interrupted when everything was there",
        Some(Leftover::Part) => "a pull was interrupted, or goes on now",
    };
    if is_still_there {
        Finding::warning(
            format!("{what} (.mgw-pull)"),
            "Run mgw pull again; if another process is pulling, wait for it.",
        )
    } else {
        Finding::ok(format!("{what}; it has been brought to its end"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn what_is_left_is_told_until_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(find(folder.path()), None);
        std::fs::create_dir(folder.path().join(".mgw-pull")).unwrap();
        assert_eq!(find(folder.path()), Some(Leftover::Part));
        std::fs::write(folder.path().join(".mgw-pull/complete"), "").unwrap();
        assert_eq!(find(folder.path()), Some(Leftover::Complete));
        assert_eq!(of_builds(&folder.path().join("target")), None);
        std::fs::create_dir_all(folder.path().join("target/gen")).unwrap();
        assert_eq!(of_builds(&folder.path().join("target")), None);
        std::fs::create_dir(folder.path().join("target/.gen-abc")).unwrap();
        std::fs::write(folder.path().join("target/.mgw-abc"), "").unwrap();
        let told = of_builds(&folder.path().join("target")).expect("they are there");
        assert_eq!(told.verdict, Verdict::Warning);
        assert!(told.text.contains("2 files and folders are left"), "{}", told.text);
        assert_eq!(decide(None, false).verdict, Verdict::Ok);
        assert_eq!(decide(Some(Leftover::Part), true).verdict, Verdict::Warning);
        assert_eq!(decide(Some(Leftover::Complete), false).verdict, Verdict::Ok);
    }
}
