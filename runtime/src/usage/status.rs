//! What is known about usage records, for metrics and for people.

use super::spool::{Kind, SpoolFile};
use super::upload::Outcome;
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// A number that is written where requests are not waiting.
#[derive(Debug, Default)]
pub(super) struct Number(AtomicU64);

impl Number {
    pub(super) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Relaxed);
    }

    pub(super) fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Records that were dropped, by reason.
#[derive(Debug, Default)]
pub(super) struct DropCounters {
    pub(super) disk: Number,
    pub(super) spool: Number,
    pub(super) no_room: Number,
    pub(super) torn: Number,
    pub(super) undated: Number,
}

/// What threads count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    written: [Number; 3],
    pub(super) dropped: DropCounters,
    uploads: [Number; Outcome::PLACES],
    /// Bytes of lines in the file that grows.
    pub(super) current: Number,
    /// Bytes of all other files.
    pub(super) closed_bytes: Number,
    /// Files that wait for their upload.
    waiting: Number,
    /// Uploaded files that are kept.
    uploaded: Number,
    /// Files that were set aside.
    refused: Number,
    /// Files that could not be read or changed.
    pub(super) unusable: Number,
    /// The oldest file that waits.
    oldest: Mutex<Option<OldestFile>>,
    /// What each core had no room for.
    queues: Vec<Arc<AtomicU64>>,
}

/// How it goes with usage records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageStatus {
    /// Records that were written since the start: of answered, throttled and failed requests.
    pub written: [u64; 3],
    /// Records that were dropped since the start.
    pub dropped: Dropped,
    /// Bytes of all files.
    pub spool_bytes: u64,
    /// Bytes that they may have.
    pub spool_limit: u64,
    /// Files that wait for their upload, not counting the one that grows.
    pub files_waiting: u64,
    /// Uploaded files that are kept for a while.
    pub files_uploaded: u64,
    /// Files that the service does not take, set aside.
    pub files_refused: u64,
    /// Files that could not be read or changed since the start.
    #[serde(default)]
    pub files_unusable: u64,
    /// The oldest file that waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<OldestFile>,
    /// Attempts to upload files since the start; `None`: files are not uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploads: Option<UploadCounts>,
}

/// Records that were dropped, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// The writer could not keep up.
    pub queue: u64,
    /// The disk took no more.
    pub disk: u64,
    /// The oldest, to make room for newer ones.
    pub spool: u64,
    /// New ones, because nothing could be dropped for them.
    pub no_room: u64,
    /// Half a line, left by a gateway that was killed.
    pub torn: u64,
    /// Without the time of the request.
    pub undated: u64,
}

/// The oldest file that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OldestFile {
    /// When it was closed, in milliseconds since the epoch.
    pub closed_ms: u64,
}

/// Attempts to upload a file, by what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadCounts {
    /// Taken.
    pub accepted: u64,
    /// Taken earlier already.
    pub duplicate: u64,
    /// The service does not take the file under its name.
    pub refused: u64,
    /// The service does not take files of this size.
    #[serde(default)]
    pub too_large: u64,
    /// The service had a file of this name already, of another gateway: it was renamed.
    #[serde(default)]
    pub collided: u64,
    /// The service does not take the credentials.
    pub credentials: u64,
    /// The service could not be reached in time.
    pub unreached: u64,
    /// Any other answer.
    pub failed: u64,
}

impl Counters {
    /// Counts for so many cores' queues.
    pub(super) fn new(queues: Vec<Arc<AtomicU64>>) -> Arc<Self> {
        Arc::new(Self {
            queues,
            ..Self::default()
        })
    }

    pub(super) fn written(&self, count: [u64; 3]) {
        self.written
            .iter()
            .zip(count)
            .for_each(|(number, count)| number.add(count));
    }

    pub(super) fn tried(&self, outcome: Outcome) {
        if let Some(number) = self.uploads.get(outcome.place()) {
            number.add(1);
        }
    }

    /// Notes what files there are.
    pub(super) fn saw(&self, files: &[SpoolFile]) {
        let count = |wanted: &[Kind]| files.iter().filter(|file| wanted.contains(&file.kind)).count() as u64;
        self.closed_bytes.set(files.iter().map(|file| file.bytes).sum());
        self.waiting.set(count(&[Kind::Packed, Kind::Tried, Kind::Closed]));
        self.uploaded.set(count(&[Kind::Uploaded]));
        self.refused.set(count(&[Kind::Refused]));
        let waiting = files
            .iter()
            .filter(|file| file.kind.waits() || file.kind == Kind::Closed);
        // Times in names are spread over ten minutes, so that files of several gateways are told apart.
        let oldest = waiting.map(|file| file.written_ms).min();
        *self.oldest.lock().unwrap_or_else(PoisonError::into_inner) = oldest.map(|closed_ms| OldestFile { closed_ms });
    }

    pub(super) fn status(&self, spool_limit: u64, are_uploaded: bool) -> UsageStatus {
        let [
            accepted,
            duplicate,
            collided,
            refused,
            too_large,
            credentials,
            unreached,
            failed,
        ] = self.uploads.each_ref().map(Number::get);
        let [answered, throttled, faulty] = &self.written;
        UsageStatus {
            written: [answered.get(), throttled.get(), faulty.get()],
            dropped: Dropped {
                queue: self.queues.iter().map(|dropped| dropped.load(Relaxed)).sum(),
                disk: self.dropped.disk.get(),
                spool: self.dropped.spool.get(),
                no_room: self.dropped.no_room.get(),
                torn: self.dropped.torn.get(),
                undated: self.dropped.undated.get(),
            },
            spool_bytes: self.closed_bytes.get() + self.current.get(),
            spool_limit,
            files_waiting: self.waiting.get(),
            files_uploaded: self.uploaded.get(),
            files_refused: self.refused.get(),
            files_unusable: self.unusable.get(),
            oldest: *self.oldest.lock().unwrap_or_else(PoisonError::into_inner),
            uploads: are_uploaded.then_some(UploadCounts {
                accepted,
                duplicate,
                refused,
                too_large,
                collided,
                credentials,
                unreached,
                failed,
            }),
        }
    }
}
