//! When the bundle to serve is looked at again: when its file is another one, and where it was refused for what is not its own
//! fault.

use super::BundleSource;
use crate::connected::reason;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::signing::TrustedKeys;
use crate::ui::Ui;
use crate::watched_file::WatchedFile;
use crate::whole_file::Unfit;
use mgw_bundle::Bundle;
use mgw_runtime::FileStamp;
use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

/// How long a bundle waits that could not be looked at.
const RETRY: Duration = Duration::from_secs(5);

/// Where the bundle to serve comes from, and what is known of it.
#[derive(Debug)]
pub(crate) struct WatchedSource {
    source: BundleSource,
    trusted: TrustedKeys,
    /// Absent for a project, which is looked at when somebody asks for it.
    file: Option<WatchedFile>,
    /// The files of the trusted keys as they were when a bundle was looked at last.
    keys: Vec<Option<FileStamp>>,
    refused: Option<Refused>,
}

/// What was read last is not served.
#[derive(Debug)]
struct Refused {
    reason: String,
    /// When it is tried again; `None`: not before something changes.
    again: Option<Instant>,
}

/// Why a bundle is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is another one, or somebody asks for it.
    New,
    /// It was refused, which may have passed.
    Again,
}

impl WatchedSource {
    /// Its file is known as it is now: what comes while it is loaded is another one.
    pub(crate) fn new(source: BundleSource, trusted: TrustedKeys) -> Self {
        let file = match &source {
            BundleSource::Project(_) => None,
            BundleSource::File(path) => Some(WatchedFile::new(path.clone())),
        };
        Self {
            source,
            trusted,
            file,
            keys: Vec::new(),
            refused: None,
        }
    }

    /// Reads and checks the bundle, as [`BundleSource::load`] does.
    pub(crate) fn load(&mut self, ui: &Ui) -> Result<Bundle, Failure> {
        self.keys = self.key_stamps();
        let bundle = self.source.load(&self.trusted, ui)?;
        self.refused = None;
        Ok(bundle)
    }

    /// Notes that what was loaded is not served; whether nothing else was said the last time.
    pub(crate) fn refuse(&mut self, failure: &Failure, now: Instant) -> bool {
        let refused = Refused {
            reason: reason(failure),
            again: is_passing(failure).then(|| now + RETRY),
        };
        let former = self.refused.replace(refused);
        former.map(|former| former.reason) == self.refused.as_ref().map(|refused| refused.reason.clone())
    }

    /// Somebody asks for it: that it is another file now is no reason to look at it once more.
    pub(crate) fn asked_for(&mut self) {
        if let Some(file) = &mut self.file {
            file.know_now();
        }
    }

    /// Whether the bundle has to be looked at, and why.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Look> {
        let file = self.file.as_mut()?;
        if file.settled() {
            return Some(Look::New);
        }
        let refused = self.refused.as_ref().filter(|_| !file.is_settling())?;
        let is_time = refused.again.is_some_and(|again| again <= now);
        (is_time || self.keys != self.key_stamps()).then_some(Look::Again)
    }

    fn key_stamps(&self) -> Vec<Option<FileStamp>> {
        let files = self.trusted.files();
        files.iter().map(|file| FileStamp::at(file)).collect()
    }
}

/// Whether the cause is outside of the bundle, so that the same file may be served later: the system had nothing left to open
/// it with, or a key was away.
fn is_passing(failure: &Failure) -> bool {
    let source = failure.source.as_deref();
    let error = source.and_then(|source| (source as &(dyn Error + 'static)).downcast_ref::<io::Error>());
    let is_unfit = error.is_some_and(|error| Unfit::remedy(error).is_some());
    // A name that is no key's is a mistake of whoever runs a command, and of nobody while a gateway serves.
    matches!(failure.code, ExitCode::Environment | ExitCode::Usage) && !is_unfit
}

#[cfg(test)]
#[path = "watched_source_tests.rs"]
mod tests;
