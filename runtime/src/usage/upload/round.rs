//! One round: everything that waits, oldest first, until something speaks against going on.

use super::client::UploadClient;
use super::outcome::{Outcome, Service};
use crate::usage::spool::{Archive, FolderLock, Holder, Kind, Shared, now_ms};
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What a round needs.
#[derive(Debug)]
pub(in crate::usage) struct Round {
    pub(in crate::usage) shared: Arc<Shared>,
    pub(in crate::usage) client: UploadClient,
    pub(in crate::usage) service: Service,
    pub(in crate::usage) retention: Duration,
}

impl Round {
    /// Uploads what waits. Returns how the last upload went; `None`: there was none.
    ///
    /// # Errors
    ///
    /// The folder cannot be read or changed.
    pub(in crate::usage) async fn run(
        &self,
        password: &SecretString,
        token: Option<&HeaderValue>,
    ) -> io::Result<Option<Outcome>> {
        // Somebody exports files, or uploads them by hand.
        let Some(_lock) = FolderLock::take(&self.shared.folder, Holder::Taker)? else {
            return Ok(None);
        };
        let mut last = None;
        for archive in self.shared.folder.archives()? {
            let Some(_busy) = self.shared.claim(archive.stem()) else {
                continue;
            };
            let Some(bytes) = self.read(&archive).await? else {
                continue;
            };
            let outcome = self.client.upload(&archive.name, &bytes, password, token).await;
            self.settle(&archive, outcome)?;
            self.shared.counters.tried(outcome);
            last = Some(outcome);
            if !outcome.goes_on(self.service) {
                break;
            }
        }
        self.shared.folder.remove_uploaded(self.retention, now_ms())?;
        self.shared.look();
        Ok(last)
    }

    /// Reads a file where that does not hold up others; `None`: it is gone.
    async fn read(&self, archive: &Archive) -> io::Result<Option<Vec<u8>>> {
        let (folder, archive) = (self.shared.folder.clone(), archive.clone());
        let read = tokio::task::spawn_blocking(move || folder.read(&archive)).await;
        match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn settle(&self, archive: &Archive, outcome: Outcome) -> io::Result<()> {
        let folder = &self.shared.folder;
        match outcome {
            Outcome::Accepted if self.service == Service::ApiCloud => folder.becomes(&archive.name, Kind::Uploaded),
            Outcome::Accepted | Outcome::Duplicate => folder.remove(&archive.name),
            Outcome::Refused => {
                tracing::error!(
                    file = archive.name,
                    "a file with usage records is set aside: {}",
                    outcome.text()
                );
                folder.becomes(&archive.name, Kind::Refused)
            }
            Outcome::Credentials | Outcome::Unreached | Outcome::Failed => Ok(()),
        }
    }
}
