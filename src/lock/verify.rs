//! Whether files and settings are still those that were pulled.

use super::unchanged::list_files;
use super::{LockError, LockFile, steadily};
use crate::cloud::address::Address;
use crate::cloud::pull::Selection;
use crate::line_ends;
use crate::project::{Layout, Settings};
use crate::whole_file::{self, Unfit};
use mgw_bundle::Digest;
use std::collections::BTreeMap;
use std::path::Path;

/// Far more than any file that is pulled.
pub(super) const LARGEST: u64 = 256 << 20;

/// Checks the pulled files against the lock, and what the settings want pulled against what was.
///
/// `flags` are what the command line wants; where it names nothing, the settings count. A project that pulls nothing
/// needs no lock, but files in `gen/` that no lock vouches for may have been pulled, or be anybody's.
pub(crate) fn verify(layout: &Layout, flags: &Selection) -> Result<(), LockError> {
    steadily(layout, || verify_once(layout, flags))
}

fn verify_once(layout: &Layout, flags: &Selection) -> Result<(), LockError> {
    let (settings, plane) = Settings::load(&layout.settings())?
        .map(|settings| (settings.pull, settings.control_plane))
        .unwrap_or_default();
    let Some(lock) = LockFile::load(&layout.lock())? else {
        let mut unlocked = Vec::new();
        list_files(&layout.generated(), "gen", &mut unlocked)?;
        return if !flags.is_empty() || !settings.is_empty() || !unlocked.is_empty() {
            Err(LockError::Missing { path: layout.lock() })
        } else {
            Ok(())
        };
    };
    let mut differences = Vec::new();
    if plane.is_some_and(|plane| !is_at(&lock.source.url, &plane.url)) {
        // Its own is not repeated: it may hold what is none of a URL.
        let pulled = &lock.source.url;
        differences.push(format!(
            "mgw.toml names another control plane than {pulled}, which was pulled from"
        ));
    }
    if flags.is_empty() {
        match Selection::new(&settings) {
            Ok(wanted) => compare_selection("mgw.toml", &wanted, &lock, &mut differences),
            Err(error) => differences.push(format!("mgw.toml: {error}")),
        }
    } else {
        compare_selection("the command line", flags, &lock, &mut differences);
    }
    let of_files = file_differences(layout, &lock)?;
    differences.extend(of_files.texts);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(LockError::OutOfDate {
            line_ends: of_files.line_ends,
            differences,
        })
    }
}

/// Whether the control plane that was pulled from is the one that is named; pulls of a project take no other.
fn is_at(pulled: &str, named: &str) -> bool {
    match (Address::parse(pulled), Address::parse(named)) {
        (Ok(pulled), Ok(named)) => pulled == named,
        _ => pulled == named,
    }
}

/// A selection that names nothing leaves the choice to the lock, the only record of it then.
fn compare_selection(whose: &str, wanted: &Selection, lock: &LockFile, differences: &mut Vec<String>) {
    if wanted.is_empty() {
        return;
    }
    if wanted.all != lock.source.all {
        let what = |all| if all { "everything" } else { "a part" };
        let (wanted, pulled) = (what(wanted.all), what(lock.source.all));
        differences.push(format!("{whose} wants {wanted}, pulled was {pulled}"));
    }
    let apis = wanted.api_texts();
    for (what, wanted, pulled) in [
        ("labels", &wanted.labels, &lock.source.labels),
        ("tags", &wanted.tags, &lock.source.tags),
        ("APIs", &apis, &lock.source.apis),
    ] {
        if wanted != pulled {
            let (wanted, pulled) = (named(wanted), named(pulled));
            differences.push(format!("{whose} wants the {what} {wanted}, pulled were {pulled}"));
        }
    }
}

fn named(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Where the pulled files are not those that the lock vouches for.
#[derive(Debug, Default)]
pub(super) struct FileDifferences {
    /// Sentences without a full stop.
    pub(super) texts: Vec<String>,
    /// How many of them are about line ends alone.
    pub(super) line_ends: usize,
}

/// Compares the pulled files with those that the lock vouches for.
pub(super) fn file_differences(layout: &Layout, lock: &LockFile) -> Result<FileDifferences, LockError> {
    differences_in(&layout.generated(), lock)
}

/// The same for a `gen/` that may be in another place.
pub(super) fn differences_in(generated: &Path, lock: &LockFile) -> Result<FileDifferences, LockError> {
    let mut differences = Vec::new();
    let mut line_ends = 0;
    let mut locked: BTreeMap<String, Digest> = lock
        .all_files()
        .map(|(path, digest)| (path.to_owned(), digest))
        .collect();
    let mut found = Vec::new();
    list_files(generated, "gen", &mut found)?;
    for path in found {
        match locked.remove(&path) {
            Some(digest) => {
                let file = generated.join(path.strip_prefix("gen/").unwrap_or(&path));
                match whole_file::read_public(&file, LARGEST) {
                    Ok(bytes) if Digest::of(&bytes) == digest => {}
                    Ok(bytes) if line_ends::are_all_that_differs(&bytes, digest) => {
                        line_ends += 1;
                        differences.push(format!("{path} has CRLF at the ends of lines, where LF was pulled"));
                    }
                    Ok(_) => differences.push(format!("{path} was changed")),
                    // Neither was pulled: a link that leads nowhere, a pipe, something without an end.
                    Err(error) if Unfit::remedy(&error).is_some() => {
                        let what = error.to_string();
                        differences.push(format!("{path} {}", what.strip_prefix("it ").unwrap_or(&what)));
                    }
                    Err(source) => return Err(LockError::file("read", file, source)),
                }
            }
            None => differences.push(format!("{path} was not pulled")),
        }
    }
    differences.extend(locked.into_keys().map(|path| format!("{path} is missing")));
    Ok(FileDifferences {
        texts: differences,
        line_ends,
    })
}
