//! The name under which a profile's client is registered. Servers issue the same token again for the same client and
//! user, so profiles, and machines, that shared a client would end each other's sessions when one signs out.

use super::{SessionError, SessionStore};
use crate::whole_file::read_text;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// Beside the session files; no profile has a name that starts with a dot.
const FILE: &str = ".installation";

/// Digits that tell configuration folders apart.
const DIGITS: usize = 8;

/// The largest file that is looked at.
const LARGEST: u64 = 1024;

/// The client of sessions that are stored nowhere. There is one per user, so that clients do not pile up: such sessions
/// never revoke what another one may use.
pub(crate) const PIPELINE_CLIENT: &str = "mgw-pipeline";

impl SessionStore {
    /// The name of this profile's client: that of the profile, and digits of this configuration folder.
    pub(crate) fn client_name(&self) -> Result<String, SessionError> {
        self.make_folder()?;
        let path = self.folder().join(FILE);
        let digits = self.installation(&path).map_err(|source| SessionError::File {
            action: "write",
            path,
            source,
        })?;
        Ok(format!("mgw-{}-{digits}", self.profile()))
    }

    fn installation(&self, path: &Path) -> std::io::Result<String> {
        let present = read(path)?;
        if let Some(digits) = present.as_deref().filter(|text| is_valid(text)) {
            return Ok(digits.to_owned());
        }
        let mut bytes = [0; DIGITS / 2];
        aws_lc_rs::rand::fill(&mut bytes).map_err(std::io::Error::other)?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut temporary = tempfile::Builder::new().prefix(".session").tempfile_in(self.folder())?;
        temporary.write_all(digits.as_bytes())?;
        let written = match present {
            // What is no such name is replaced.
            Some(_) => temporary.persist(path),
            None => temporary.persist_noclobber(path),
        };
        match written {
            Ok(_) => Ok(digits),
            // Another process was faster.
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                read(path)?.filter(|text| is_valid(text)).ok_or(error.error)
            }
            Err(error) => Err(error.error),
        }
    }
}

fn is_valid(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn read(path: &Path) -> std::io::Result<Option<String>> {
    match read_text(path, LARGEST) {
        Ok(text) => Ok(Some(text.to_string())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_by_profile_and_folder_and_stay() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store =
            |folder: &tempfile::TempDir, profile: &str| SessionStore::new(folder.path(), profile.parse().unwrap());
        let name = store(&one, "work").client_name().unwrap();
        assert!(name.starts_with("mgw-work-") && name.len() == 17, "{name}");
        assert_eq!(store(&one, "work").client_name().unwrap(), name);
        assert_ne!(store(&one, "home").client_name().unwrap(), name);
        assert_ne!(store(&two, "work").client_name().unwrap(), name);
        std::fs::write(one.path().join("sessions").join(FILE), "torn").unwrap();
        let again = store(&one, "work").client_name().unwrap();
        assert_eq!(store(&one, "work").client_name().unwrap(), again);
    }

    #[test]
    fn an_empty_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let store = SessionStore::new(folder.path(), "work".parse().unwrap());
        store.make_folder().unwrap();
        std::fs::write(folder.path().join("sessions").join(FILE), "").unwrap();
        assert_eq!(store.client_name().unwrap(), store.client_name().unwrap());
    }
}
