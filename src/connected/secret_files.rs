//! Files that bring another password, or another secret of the client, while the gateway runs.

use crate::commands::secrets::secret_of_file;
use crate::watched_file::WatchedFile;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// A file with a secret that somebody may replace.
#[derive(Debug)]
pub(super) struct SecretFile(WatchedFile);

impl SecretFile {
    /// Whatever is in it is compared with what is known, from the first look on.
    pub(super) fn new(path: PathBuf) -> Self {
        Self(WatchedFile::unseen(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The secret in it, where that is not the known one any more. A file that cannot be used is told once and changes nothing.
    pub(super) fn another(&mut self, known: Option<&SecretString>) -> Option<SecretString> {
        if !self.0.settled() {
            return None;
        }
        match secret_of_file(self.path()) {
            Ok(secret) => {
                let is_known = known.is_some_and(|known| known.expose_secret() == secret.expose_secret());
                (!is_known).then_some(secret)
            }
            Err(failure) => {
                let reason = super::attempt::Missed::of_failure(&failure).reason;
                tracing::warn!(reason, "the secret is not taken over; the former one goes on");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_usable_secret_is_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        let mut file = SecretFile::new(path.clone());
        let known = SecretString::from("former");
        let mut taken = |text: &str| {
            std::fs::write(&path, text).expect("written");
            // Two looks: it has to have settled.
            let first = file.another(Some(&known));
            assert!(first.is_none(), "{text}");
            let secret = file.another(Some(&known));
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(taken("former\n"), None);
        assert_eq!(taken(""), None);
        assert_eq!(taken("two\nlines\n"), None);
        assert_eq!(taken("canary\n").as_deref(), Some("canary"));
    }
}
