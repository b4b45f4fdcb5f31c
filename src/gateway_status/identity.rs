//! What the control plane knows a gateway by, kept in the gateway's data folder.

use super::shown::{Shown, VERSION};
use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

const FILE: &str = "gateway-identity.json";
/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 10;

/// What the control plane knows a gateway by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) id: String,
    /// See [`digest`]: where it is another one, the gateway is introduced anew.
    pub(super) told: String,
}

/// The file.
#[derive(Debug, Clone)]
pub(super) struct IdentityFile(PathBuf);

impl IdentityFile {
    pub(super) fn in_folder(data_dir: &Path) -> Self {
        Self(data_dir.join(FILE))
    }

    /// Reads it; `None`: there is none that can be read, and another one is asked for.
    pub(super) fn load(&self) -> Option<Identity> {
        let mut text = String::new();
        std::fs::File::open(&self.0)
            .ok()?
            .take(MAX_FILE)
            .read_to_string(&mut text)
            .ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Replaces it. After a crash there is the old one or the new one.
    pub(super) fn save(&self, identity: &Identity) -> io::Result<()> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // Temporary files are made with mode 0600.
        let mut temporary = tempfile::Builder::new().prefix(".identity").tempfile_in(folder)?;
        serde_json::to_writer(&mut temporary, identity)?;
        temporary.flush()?;
        temporary.as_file().sync_all()?;
        temporary.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The digest of what operators say about a gateway, and of where. What the machine, its environment and this program say is
/// left out: a new version, or a pod that moved, is the same gateway.
pub(super) fn digest(shown: &Shown, place: &str) -> String {
    let facts: Vec<_> = shown.env_metadata.keys().collect();
    let said: Vec<_> = shown
        .custom_metadata
        .iter()
        .filter(|(name, _)| *name != VERSION)
        .collect();
    // Plain data with text keys is always JSON.
    let text = serde_json::to_string(&(&shown.tenant, &shown.label, facts, said, place)).unwrap_or_default();
    Digest::of(text.as_bytes()).to_string()
}

/// Whether a text can be an identity: it goes along as a header.
pub(super) fn is_usable(id: &str) -> bool {
    (1..=512).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}
