//! What the writer, the packer and the uploads have in common.

use super::folder::{Folder, SpoolFile};
use super::names::Kind;
use super::room::first_to_go;
use super::times::Times;
use super::trouble::Troubles;
use crate::usage::status::Counters;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Between two times that waiting files are given up because the disk is full: somebody else may fill whatever they leave.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the writer, the packer and the uploads have in common.
#[derive(Debug)]
pub(in crate::usage) struct Shared {
    pub(in crate::usage) folder: Folder,
    pub(in crate::usage) counters: Arc<Counters>,
    /// Stems of files that somebody is at.
    busy: Mutex<HashSet<String>>,
    /// Stems of files that were told to be unusable.
    unusable: Mutex<HashSet<String>>,
    times: Mutex<Times>,
    /// When a file was given up last because the disk is full.
    gave_up: Mutex<Option<Instant>>,
    troubles: Troubles,
}

/// A file that nobody else may drop, until this is dropped.
#[derive(Debug)]
pub(in crate::usage) struct Busy {
    shared: Arc<Shared>,
    stem: String,
}

impl Shared {
    pub(super) fn new(folder: Folder, counters: &Arc<Counters>, times: Times) -> Arc<Self> {
        Arc::new(Self {
            folder,
            counters: Arc::clone(counters),
            busy: Mutex::default(),
            unusable: Mutex::default(),
            times: Mutex::new(times),
            gave_up: Mutex::default(),
            troubles: Troubles::default(),
        })
    }

    /// Claims a file; `None`: somebody else is at it.
    pub(in crate::usage) fn claim(self: &Arc<Self>, stem: &str) -> Option<Busy> {
        let is_new = held(&self.busy).insert(stem.to_owned());
        is_new.then(|| self.claimed(stem))
    }

    fn claimed(self: &Arc<Self>, stem: &str) -> Busy {
        Busy {
            shared: Arc::clone(self),
            stem: stem.to_owned(),
        }
    }

    /// Returns the stem of a new file.
    pub(in crate::usage) fn next_stem(&self) -> io::Result<String> {
        held(&self.times).next()
    }

    /// The file in which times of names are noted.
    pub(super) fn noted_times(&self) -> Arc<File> {
        held(&self.times).file()
    }

    /// Looks at the closed files, for the counters.
    pub(in crate::usage) fn look(&self) -> Vec<SpoolFile> {
        let files = self.folder.files().unwrap_or_else(|error| {
            self.trouble("the folder with usage records cannot be read", &error);
            Vec::new()
        });
        self.counters.saw(&files);
        files
    }

    /// Gives up the file that goes first; `false`: there is none.
    pub(super) fn give_up_one(self: &Arc<Self>, files: &[SpoolFile]) -> io::Result<bool> {
        let (file, _busy) = {
            let mut busy = held(&self.busy);
            let Some(file) = first_to_go(files, |stem| busy.contains(stem)) else {
                return Ok(false);
            };
            busy.insert(file.stem.clone());
            (file, self.claimed(&file.stem))
        };
        // Counting takes a while, and nobody waits for it but whoever wants room.
        let lost = match file.kind {
            Kind::Uploaded => 0,
            _ => self.folder.records(file),
        };
        self.folder.remove(&file.name)?;
        if lost > 0 {
            tracing::warn!(
                file = file.name,
                records = lost,
                "the oldest usage records are dropped: there is no room for newer ones"
            );
        }
        self.counters.dropped.spool.add(lost);
        Ok(true)
    }

    /// Makes room on a disk that is full: uploaded files go, or else the oldest one. Returns whether anything went.
    pub(super) fn relieve_disk(self: &Arc<Self>) -> bool {
        let files = self.look();
        let mut has_given = false;
        for file in files.iter().filter(|file| file.kind == Kind::Uploaded) {
            match self.give_up_one(std::slice::from_ref(file)) {
                Ok(is_gone) => has_given |= is_gone,
                Err(error) => self.trouble(NO_ROOM, &error),
            }
        }
        if !has_given && self.may_give_up() {
            has_given = self.give_up_one(&files).unwrap_or_else(|error| {
                self.trouble(NO_ROOM, &error);
                false
            });
        }
        self.look();
        has_given
    }

    fn may_give_up(&self) -> bool {
        let mut last = held(&self.gave_up);
        let may = last.is_none_or(|last| last.elapsed() >= PATIENCE);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    /// Notes a file that cannot be read or changed. It is told and counted once; others behind it go on.
    pub(in crate::usage) fn unusable(&self, stem: &str, error: &io::Error) {
        if held(&self.unusable).insert(stem.to_owned()) {
            self.counters.unusable.add(1);
            tracing::error!(folder = %self.folder.path().display(), file = stem, %error, "a file with usage records cannot be used");
        }
    }

    /// Tells of a trouble, but not again and again.
    pub(in crate::usage) fn trouble(&self, what: &'static str, error: &io::Error) {
        if self.troubles.is_news(what, error, Instant::now()) {
            tracing::error!(folder = %self.folder.path().display(), %error, "{what}");
        }
    }
}

/// What is told when files that should go do not.
pub(super) const NO_ROOM: &str = "no room can be made for usage records";

impl Drop for Busy {
    fn drop(&mut self) {
        held(&self.shared.busy).remove(&self.stem);
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
