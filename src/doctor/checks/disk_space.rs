//! Room on the file systems that a gateway writes to.

use crate::doctor::{Finding, Sight};
use std::path::{Path, PathBuf};

/// Less than this is told; less than the second is a problem.
const LITTLE: u64 = 512 << 20;
const TOO_LITTLE: u64 = 32 << 20;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let spool = super::usage_spool::folder(sight);
    let places: Vec<(&str, PathBuf)> = [
        ("bundles", sight.is_project().then(|| sight.layout.target())),
        ("the gateway's data", sight.data_dir().ok()),
        ("state", sight.environment.get("MGW_STATE_DIR").map(PathBuf::from)),
        ("usage records", spool),
    ]
    .into_iter()
    .filter_map(|(what, path)| Some((what, path?)))
    .collect();
    let findings: Vec<Finding> = places
        .iter()
        .filter_map(|(what, path)| Some(decide(what, path, free(path)?)))
        .collect();
    if findings.is_empty() {
        return vec![Finding::skipped("it cannot be told here")];
    }
    // Usually they share a file system that has plenty; then one line says it.
    if findings
        .iter()
        .all(|finding| finding.verdict == crate::doctor::Verdict::Ok)
    {
        let texts: Vec<String> = findings.into_iter().map(|finding| finding.text).collect();
        return vec![Finding::ok(texts.join("; "))];
    }
    findings
}

/// Bytes that this user may still write, and inodes, where there is such a thing.
#[derive(Debug, Clone, Copy)]
struct Free {
    bytes: u64,
    files: Option<u64>,
}

#[cfg(unix)]
fn free(path: &Path) -> Option<Free> {
    let existing = path.ancestors().find(|path| path.exists())?;
    let system = rustix::fs::statvfs(existing).ok()?;
    // Such as /proc, which holds no files of anybody.
    (system.f_blocks > 0).then_some(Free {
        bytes: system.f_bavail.saturating_mul(system.f_frsize),
        files: (system.f_files > 0).then_some(system.f_favail),
    })
}

#[cfg(not(unix))]
fn free(_path: &Path) -> Option<Free> {
    None
}

fn decide(what: &str, path: &Path, free: Free) -> Finding {
    let shown = path.display();
    let remedy = "Free some space, or put the folder elsewhere.";
    if free.files == Some(0) {
        return Finding::problem(format!("no more files fit for {what} ({shown})"), remedy);
    }
    let text = format!("{} free for {what} ({shown})", size(free.bytes));
    match free.bytes {
        ..TOO_LITTLE => Finding::problem(format!("only {text}"), remedy),
        TOO_LITTLE..LITTLE => Finding::warning(format!("only {text}"), remedy),
        _ => Finding::ok(text),
    }
}

/// Bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0x4000_0000.. => format!("{} GiB", bytes >> 30),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_holds_no_files_of_anybody_has_no_room_to_tell() {
        assert!(free(Path::new("/proc/x/gateway")).is_none());
        assert!(free(Path::new("/")).is_some());
    }

    #[test]
    fn little_room_is_told() {
        for (bytes, files, verdict, words) in [
            (10 << 30, Some(1000), Verdict::Ok, "10 GiB free for state (/s)"),
            (10 << 30, None, Verdict::Ok, "10 GiB"),
            (100 << 20, None, Verdict::Warning, "only 100 MiB free"),
            (1 << 20, None, Verdict::Problem, "only 1 MiB free"),
            (10 << 30, Some(0), Verdict::Problem, "no more files fit"),
        ] {
            let finding = decide("state", Path::new("/s"), Free { bytes, files });
            assert_eq!(finding.verdict, verdict);
            assert!(finding.text.contains(words), "{finding:?}");
        }
    }
}
