//! Usage records that wait for their upload.

use super::disk_space::size;
use crate::doctor::{Finding, Sight};
use mgw_runtime::usage::Folder;
use std::path::PathBuf;

/// Where the settings have usage records kept.
pub(super) fn folder(sight: &Sight) -> Option<PathBuf> {
    let usage = sight.settings()?.usage.as_ref()?;
    match &usage.folder {
        Some(folder) => Some(folder.clone()),
        None => Some(sight.data_dir().ok()?.join("api-usage-data")),
    }
}

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let usage = sight.settings().and_then(|config| config.usage.as_ref());
    let (Some(usage), Some(folder)) = (usage, folder(sight)) else {
        return vec![Finding::skipped("usage records are switched off")];
    };
    if !folder.exists() {
        return vec![Finding::ok("none yet")];
    }
    vec![match Folder::at(folder.clone()).archives() {
        Ok(archives) => {
            let waiting = archives.iter().map(|archive| archive.bytes).sum();
            decide(archives.len(), waiting, usage.spool_size)
        }
        Err(error) => Finding::of(&crate::failure::Failure::file("read", &folder, error)),
    }]
}

fn decide(files: usize, waiting: u64, room: u64) -> Finding {
    let text = format!(
        "{files} files with {} wait for their upload, of {}",
        size(waiting),
        size(room)
    );
    // Room is made by dropping the oldest.
    if waiting.saturating_mul(5) > room.saturating_mul(4) {
        return Finding::warning(
            format!("{text}: soon the oldest are dropped"),
            "See mgw usage status for why they are not uploaded, or take them away with mgw usage export.",
        );
    }
    Finding::ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn a_backlog_is_told_before_records_are_lost() {
        for (waiting, room, verdict) in [
            (0, 100, Verdict::Ok),
            (80, 100, Verdict::Ok),
            (81, 100, Verdict::Warning),
            (u64::MAX, u64::MAX, Verdict::Ok),
        ] {
            assert_eq!(decide(3, waiting, room).verdict, verdict, "{waiting} of {room}");
        }
    }
}
