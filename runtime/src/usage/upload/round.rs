//! One round: everything that waits, oldest first, until something speaks against going on.
//!
//! Only uploads themselves are awaited here; whatever has to do with the disk happens on threads that may wait for it.

use super::client::UploadClient;
use super::outcome::{Outcome, Service};
use crate::usage::spool::{Archive, Busy, FolderLock, Holder, Kind, Shared, now_ms};
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How often files are renamed in a round because other gateways have named theirs alike.
const MAX_RENAMES: usize = 16;

/// What a round needs.
#[derive(Debug)]
pub(in crate::usage) struct Round {
    pub(in crate::usage) shared: Arc<Shared>,
    pub(in crate::usage) client: UploadClient,
    pub(in crate::usage) service: Service,
    pub(in crate::usage) retention: Duration,
}

/// A file that is being uploaded.
struct Ready {
    archive: Archive,
    bytes: Vec<u8>,
    /// The service may have had it before.
    may_be_there: bool,
    _busy: Busy,
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
        let begun = self.aside(|shared| {
            let lock = FolderLock::take(&shared.folder, Holder::Taker)?;
            lock.map(|lock| Ok((lock, VecDeque::from(shared.folder.archives()?))))
                .transpose()
        });
        // Else somebody exports files, or uploads them by hand.
        let Some((_lock, mut waiting)) = begun.await? else {
            return Ok(None);
        };
        let (mut last, mut renames) = (None, 0);
        while let Some(archive) = waiting.pop_front() {
            let Some(ready) = self.aside(|shared| Ok(prepare(shared, archive))).await? else {
                continue;
            };
            let name = &ready.archive.name;
            let answer = self.client.upload(name, &ready.bytes, password, token).await;
            let outcome = match answer.at(self.service) {
                Outcome::Duplicate if !ready.may_be_there => Outcome::Collided,
                outcome => outcome,
            };
            self.shared.counters.tried(outcome);
            let service = self.service;
            let renamed = self.aside(move |shared| Ok(settle(shared, ready, outcome, service)));
            if let Some(renamed) = renamed.await?
                && renames < MAX_RENAMES
            {
                renames += 1;
                waiting.push_front(renamed);
            }
            last = Some(outcome);
            if !outcome.goes_on(service) {
                break;
            }
        }
        let retention = self.retention;
        self.aside(move |shared| {
            shared.folder.remove_uploaded(retention, now_ms())?;
            shared.look();
            Ok(())
        })
        .await?;
        Ok(last)
    }

    /// Does something where it holds up nobody.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Arc<Shared>) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        done.unwrap_or_else(|error| Err(io::Error::other(error)))
    }
}

/// Reads a file and notes that its upload begins; `None`: others have it, it is gone, or it cannot be used.
fn prepare(shared: &Arc<Shared>, mut archive: Archive) -> Option<Ready> {
    let busy = shared.claim(archive.stem())?;
    let may_be_there = archive.may_be_there();
    let read = shared.folder.read(&archive).and_then(|bytes| {
        // Noted before a byte is sent: afterwards nobody could tell whether the service has this file or another's.
        if !may_be_there {
            shared.folder.becomes(&mut archive, Kind::Tried)?;
        }
        Ok(bytes)
    });
    match read {
        Ok(bytes) => Some(Ready {
            archive,
            bytes,
            may_be_there,
            _busy: busy,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            shared.unusable(archive.stem(), &error);
            None
        }
    }
}

/// Does what follows from an upload; returns a file that was renamed, which is tried again.
fn settle(shared: &Arc<Shared>, ready: Ready, outcome: Outcome, service: Service) -> Option<Archive> {
    let (folder, mut archive) = (&shared.folder, ready.archive);
    let mut renamed = None;
    let done = match outcome {
        Outcome::Accepted if service == Service::ApiCloud => folder.becomes(&mut archive, Kind::Uploaded),
        // Most likely an upload whose answer was lost. Where it is not, the records are still here.
        Outcome::Duplicate if !Archive::is_unique_name(&archive.name) => {
            tracing::warn!(
                file = archive.name,
                "an upload that was broken off counts as done, because the service has a file of that name; the file is kept"
            );
            folder.becomes(&mut archive, Kind::Uploaded)
        }
        Outcome::Accepted | Outcome::Duplicate => folder.remove_archive(&archive),
        Outcome::Collided => {
            let name = archive.name.clone();
            let done = shared.next_stem().and_then(|stem| folder.rename(&mut archive, &stem));
            if done.is_ok() {
                tracing::warn!(file = name, now = archive.name, "{}; it is renamed", outcome.text());
                renamed = Some(archive.clone());
            }
            done
        }
        Outcome::Refused | Outcome::TooLarge => {
            tracing::error!(
                file = archive.name,
                "a file with usage records is set aside: {}; `mgw usage retry` has it tried again",
                outcome.text()
            );
            folder.becomes(&mut archive, Kind::Refused)
        }
        Outcome::Credentials | Outcome::Unreached { .. } | Outcome::Failed => {
            if outcome.may_be_there() || ready.may_be_there {
                Ok(())
            } else {
                folder.becomes(&mut archive, Kind::Packed)
            }
        }
    };
    if let Err(error) = done {
        shared.unusable(archive.stem(), &error);
    }
    renamed
}

#[cfg(test)]
mod tests;
