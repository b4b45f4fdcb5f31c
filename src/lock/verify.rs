//! Whether files and settings are still those that were pulled.

use super::{LockError, LockFile, recover};
use crate::cloud::pull::Selection;
use crate::project::{Layout, Settings};
use mgw_bundle::Digest;
use std::collections::BTreeMap;
use std::path::Path;

/// Checks the pulled files against the lock, and what the settings want pulled against what was.
///
/// A project that pulls nothing needs no lock.
pub(crate) fn verify(layout: &Layout) -> Result<(), LockError> {
    recover(layout)?;
    let settings = Settings::load(&layout.settings())?;
    let Some(lock) = LockFile::load(&layout.lock())? else {
        let pulls = settings.is_some_and(|settings| !settings.pull.labels.is_empty() || !settings.pull.apis.is_empty());
        return if pulls {
            Err(LockError::Missing { path: layout.lock() })
        } else {
            Ok(())
        };
    };
    let mut differences = Vec::new();
    if let Some(settings) = &settings {
        compare_settings(settings, &lock, &mut differences);
    }
    compare_files(layout, &lock, &mut differences)?;
    if differences.is_empty() {
        Ok(())
    } else {
        Err(LockError::OutOfDate { differences })
    }
}

/// Settings that name nothing leave the choice to the command line: the lock is the only record of it.
fn compare_settings(settings: &Settings, lock: &LockFile, differences: &mut Vec<String>) {
    if settings.pull.labels.is_empty() && settings.pull.apis.is_empty() {
        return;
    }
    match Selection::new(&settings.pull.labels, &settings.pull.apis) {
        Ok(wanted) => {
            if wanted.labels != lock.source.labels {
                differences.push(format!(
                    "mgw.toml wants the labels {}, pulled were {}",
                    named(&wanted.labels),
                    named(&lock.source.labels)
                ));
            }
            let apis = wanted.api_texts();
            if apis != lock.source.apis {
                differences.push(format!(
                    "mgw.toml wants the APIs {}, pulled were {}",
                    named(&apis),
                    named(&lock.source.apis)
                ));
            }
        }
        Err(error) => differences.push(format!("mgw.toml: {error}")),
    }
}

fn named(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn compare_files(layout: &Layout, lock: &LockFile, differences: &mut Vec<String>) -> Result<(), LockError> {
    let mut locked: BTreeMap<String, Digest> = lock
        .all_files()
        .map(|(path, digest)| (path.to_owned(), digest))
        .collect();
    let mut found = Vec::new();
    list_files(&layout.generated(), "gen", &mut found)?;
    for path in found {
        match locked.remove(&path) {
            Some(digest) => {
                let file = layout.root().join(&path);
                let bytes = std::fs::read(&file).map_err(|source| LockError::file("read", file, source))?;
                if Digest::of(&bytes) != digest {
                    differences.push(format!("{path} was changed"));
                }
            }
            None => differences.push(format!("{path} was not pulled")),
        }
    }
    differences.extend(locked.into_keys().map(|path| format!("{path} is missing")));
    Ok(())
}

fn list_files(folder: &Path, prefix: &str, found: &mut Vec<String>) -> Result<(), LockError> {
    let failed = |source| LockError::file("read", folder, source);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(failed(source)),
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().map_err(failed)?.is_dir() {
            list_files(&entry.path(), &path, found)?;
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}
