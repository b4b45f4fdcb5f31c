//! Whether sessions and private keys are their owner's alone.

use crate::cloud::session::SessionStore;
use crate::doctor::{Finding, Sight};
use crate::failure::Failure;
use crate::private_file::{is_exposed, mode};
use crate::signing::KeyStore;
use std::path::{Path, PathBuf};

pub(in crate::doctor) fn look(sight: &Sight) -> Vec<Finding> {
    let Ok(folder) = sight.environment.config_dir() else {
        return vec![Finding::skipped("there is no user folder")];
    };
    let sessions = SessionStore::profiles(&folder).unwrap_or_default();
    let sessions = sessions
        .into_iter()
        .map(|profile| SessionStore::new(&folder, profile).path());
    let store = KeyStore::new(&folder);
    let own = sight.data_dir().ok().into_iter().flat_map(|folder| key_files(&folder));
    let files: Vec<(PathBuf, u32)> = sessions
        .chain(store.private_files())
        .chain(own)
        .filter_map(|path| Some((path.clone(), mode(&path)?)))
        .collect();
    let unusable = match store.list() {
        Ok(listed) => listed.unusable,
        Err(error) => vec![error],
    };
    let unusable = unusable.into_iter().map(Failure::from);
    // Commands that need another key go on.
    let unusable = unusable.map(|failure| Finding::of(&failure).at_most_a_warning());
    decide(&files).into_iter().chain(unusable).collect()
}

/// Private keys that a gateway made itself.
fn key_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.to_str().is_some_and(|name| name.ends_with("key.pem")))
        .collect()
}

fn decide(files: &[(PathBuf, u32)]) -> Vec<Finding> {
    let exposed = files.iter().filter(|(_, mode)| is_exposed(*mode));
    let findings: Vec<Finding> = exposed
        .map(|(path, mode)| {
            let path = path.display();
            Finding::problem(
                format!("others can read {path} (mode {mode:o})"),
                format!("Run `chmod 600 {path}`, and end the session or replace the key: it may have been read."),
            )
        })
        .collect();
    match files.len() {
        _ if !findings.is_empty() => findings,
        0 => vec![Finding::skipped("there are no sessions and no private keys")],
        1 => vec![Finding::ok("the one there is can be read by its owner alone")],
        count => vec![Finding::ok(format!("all {count} can be read by their owner alone"))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn whatever_others_can_read_is_named() {
        let file = |mode| (PathBuf::from(format!("/c/{mode:o}")), mode);
        assert_eq!(decide(&[])[0].verdict, Verdict::Skipped);
        assert_eq!(decide(&[file(0o600), file(0o400)])[0].verdict, Verdict::Ok);
        let findings = decide(&[file(0o600), file(0o640), file(0o604)]);
        let texts: Vec<&str> = findings.iter().map(|finding| finding.text.as_str()).collect();
        assert_eq!(
            texts,
            ["others can read /c/640 (mode 640)", "others can read /c/604 (mode 604)"]
        );
        assert!(findings.iter().all(|finding| finding.verdict == Verdict::Problem));
    }
}
