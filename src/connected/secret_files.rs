//! Files that bring another password, or another secret of the client, while the gateway runs.

use crate::commands::secrets::secret_of_file;
use crate::watched_file::WatchedFile;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};

/// A file with a secret that somebody may replace.
#[derive(Debug)]
pub(super) struct SecretFile(WatchedFile);

impl SecretFile {
    /// Whatever is in it is compared with what is known, from the first look on. `None`: it is no file that somebody may
    /// replace, as what a shell has opened, which is read once and empty then.
    pub(super) fn of(path: PathBuf) -> Option<Self> {
        let may_come = path.metadata().is_ok_and(|metadata| metadata.is_file());
        may_come.then(|| Self(WatchedFile::unseen(path)))
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

    #[cfg(unix)]
    #[test]
    fn what_a_shell_has_opened_is_not_watched() {
        let (reader, _writer) = std::io::pipe().expect("a pipe");
        let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reader));
        assert!(SecretFile::of(path.into()).is_none());
        assert!(SecretFile::of("/dev/null".into()).is_none());
    }

    #[test]
    fn only_another_usable_secret_is_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        std::fs::write(&path, "former\n").expect("written");
        let mut file = SecretFile::of(path.clone()).expect("a file");
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
