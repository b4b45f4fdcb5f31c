//! The folder of sessions and keys.

use crate::doctor::{Finding, Sight};
use crate::failure::Failure;
use std::path::Path;

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let folder = match sight.environment.config_dir() {
        Ok(folder) => folder,
        Err(failure) => return vec![Finding::of(&failure)],
    };
    // The folder comes into being with the first session; what counts is that it can.
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    if let Err(error) = tempfile::NamedTempFile::new_in(existing) {
        return vec![Finding::of(&Failure::file("write to", &folder, error))];
    }
    vec![match facts(&folder) {
        Some(facts) => decide(&folder, facts),
        None => Finding::ok(folder.display().to_string()),
    }]
}

/// Whose a folder is, and what others may.
#[derive(Debug, Clone, Copy)]
struct Facts {
    owner: u32,
    mode: u32,
    user: Option<u32>,
}

#[cfg(unix)]
fn facts(folder: &Path) -> Option<Facts> {
    use std::os::unix::fs::MetadataExt;
    let metadata = folder.metadata().ok()?;
    Some(Facts {
        owner: metadata.uid(),
        mode: metadata.mode() & 0o777,
        user: super::process::user(),
    })
}

#[cfg(not(unix))]
fn facts(_folder: &Path) -> Option<Facts> {
    None
}

fn decide(folder: &Path, Facts { owner, mode, user }: Facts) -> Finding {
    let shown = folder.display();
    if user.is_some_and(|user| user != owner) {
        return Finding::warning(
            format!("{shown} belongs to another user (id {owner})"),
            "Take it over with chown, or set MGW_CONFIG_DIR to a folder of your own: a session made with sudo is root's.",
        );
    }
    if mode & 0o022 != 0 {
        return Finding::warning(
            format!("others can write to {shown} (mode {mode:o})"),
            format!("Run `chmod go-w {shown}`: who writes there replaces your session and keys."),
        );
    }
    Finding::ok(shown.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn others_must_not_write_there() {
        for (owner, mode, user, verdict) in [
            (1000, 0o700, Some(1000), Verdict::Ok),
            (1000, 0o755, Some(1000), Verdict::Ok),
            (1000, 0o755, None, Verdict::Ok),
            (0, 0o700, Some(1000), Verdict::Warning),
            (1000, 0o770, Some(1000), Verdict::Warning),
            (1000, 0o702, Some(1000), Verdict::Warning),
        ] {
            let finding = decide(Path::new("/home/ana/mgw"), Facts { owner, mode, user });
            assert_eq!(finding.verdict, verdict, "{owner} {mode:o} {user:?}");
        }
    }
}
