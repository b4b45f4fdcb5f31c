//! The part of a project that goes into its bundle, so that a gateway that has nothing but the bundle can pull and compile
//! again: what is pulled from where, what was pulled last, and the policies that somebody wrote.
//!
//! All of it is written anew from values. Comments of the project's files stay where they are, and with them whatever
//! somebody wrote there.

use crate::audit::AuditSettings;
use crate::cloud::address::Address;
use crate::lock::{LockError, LockFile};
use crate::project::{Layout, Settings, SettingsError};
use mgw_bundle::config::Policies;
use mgw_bundle::{Bundle, names};
use std::collections::BTreeMap;
use std::path::Path;

const SETTINGS: &str = "mgw.toml";
const LOCK: &str = "mgw.lock";
const POLICIES: &str = "policies.json";

/// Why the project part could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ProjectEntriesError {
    /// The settings or the lock.
    #[error("the project's settings cannot be packed")]
    Toml(#[from] toml::ser::Error),
    /// The policies.
    #[error("the project's policies cannot be packed")]
    Json(#[from] serde_json::Error),
    /// The lock.
    #[error(transparent)]
    Lock(#[from] LockError),
}

/// Why the project part of a bundle cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowedError {
    /// There is none.
    #[error("the bundle pulls nothing from a control plane")]
    Nothing,
    /// It was damaged, or written by a newer version.
    #[error("{} of the bundle cannot be used: {problem}", names::PROJECT)]
    Unreadable {
        /// What is wrong.
        problem: String,
    },
}

/// What a bundle follows: where it pulls what from, and what it pulled last.
#[derive(Debug, Clone)]
pub(crate) struct Followed {
    /// Settings of the project: its name, and what it pulls.
    pub(crate) settings: Settings,
    /// What was pulled last.
    pub(crate) lock: LockFile,
    /// The same as it stands in the bundle.
    settings_text: String,
    lock_text: String,
}

/// The project part of a bundle.
#[derive(Debug)]
pub(super) struct ProjectEntries {
    /// The entries.
    pub(super) entries: BTreeMap<String, Vec<u8>>,
    /// What was pulled.
    pub(super) lock: LockFile,
}

/// Returns the entries of a project that has pulled.
pub(super) fn project_entries(
    name: &str,
    settings: Option<Settings>,
    lock: &[u8],
    policies: &Policies,
) -> Result<ProjectEntries, ProjectEntriesError> {
    let lock = LockFile::parse(&String::from_utf8_lossy(lock), Path::new(LOCK))?;
    let mut settings = settings.unwrap_or_else(|| Settings::new(name));
    name.clone_into(&mut settings.name);
    // What was agreed to in an audit is for those who look at the project.
    settings.audit = AuditSettings::default();
    // An address that is none may hold anything.
    settings.control_plane = settings
        .control_plane
        .filter(|plane| Address::parse(&plane.url).is_ok());
    let mut policies = serde_json::to_vec_pretty(policies)?;
    policies.push(b'\n');
    let entries = [
        (SETTINGS, toml::to_string(&settings)?.into_bytes()),
        (LOCK, lock.to_text()?.into_bytes()),
        (POLICIES, policies),
    ];
    Ok(ProjectEntries {
        entries: entries.map(|(name, bytes)| (entry(name), bytes)).into(),
        lock,
    })
}

fn entry(name: &str) -> String {
    format!("{}{name}", names::PROJECT)
}

fn text(bundle: &Bundle, name: &str) -> Result<String, FollowedError> {
    let bytes = bundle.entries.get(&entry(name)).ok_or(FollowedError::Nothing)?;
    String::from_utf8(bytes.clone()).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> FollowedError {
    FollowedError::Unreadable {
        problem: error.to_string(),
    }
}

/// Returns the policies that somebody wrote.
pub(super) fn own_policies(bundle: &Bundle) -> Result<Policies, FollowedError> {
    serde_json::from_str(&text(bundle, POLICIES)?).map_err(unreadable)
}

impl Followed {
    /// Reads it from a bundle that has been checked.
    ///
    /// # Errors
    ///
    /// When the project of the bundle never pulled, or a newer version of the program packed it.
    pub(crate) fn of_bundle(bundle: &Bundle) -> Result<Self, FollowedError> {
        let (settings_text, lock_text) = (text(bundle, SETTINGS)?, text(bundle, LOCK)?);
        let settings = Settings::parse(&settings_text, Path::new(SETTINGS));
        Ok(Self {
            settings: settings.map_err(|error: SettingsError| unreadable(error))?,
            lock: LockFile::parse(&lock_text, Path::new(LOCK)).map_err(unreadable)?,
            settings_text,
            lock_text,
        })
    }

    /// The files of a project that pulls the same: path and contents. What was pulled is not among them.
    pub(crate) fn files(&self, layout: &Layout) -> [(std::path::PathBuf, &str); 2] {
        [
            (layout.settings(), &self.settings_text),
            (layout.lock(), &self.lock_text),
        ]
    }
}
