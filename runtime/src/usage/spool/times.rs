//! Times in names of files, none of which ever comes twice.

use super::folder::{Folder, now_ms, private};
use super::lock::Holder;
use super::names;
use aws_lc_rs::rand;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Gateways spread over the milliseconds of a second, so that those which close files together do not name them alike.
const SPREAD: u64 = 1000;

/// The times of a folder's names. The last one is noted in the file of the gateway's lock: names of files that were uploaded and
/// deleted must not come again, whatever happens to the clock.
#[derive(Debug)]
pub(super) struct Times {
    /// Opened beside the lock, which it does not hold.
    file: Arc<File>,
    last_ms: u64,
    /// This gateway's place in a second.
    place: u64,
    uuid_names: bool,
}

impl Times {
    /// Takes up the times of a folder, whose files have none later than `last_ms`.
    pub(super) fn open(folder: &Folder, last_ms: u64, uuid_names: bool) -> io::Result<Self> {
        let path = folder.file(Holder::Gateway.file());
        let mut file = private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut text = String::new();
        (&mut file).take(13).read_to_string(&mut text)?;
        let mut random = [0; 2];
        // Without random numbers names of several gateways are alike more often, which costs another attempt.
        let _ = rand::fill(&mut random);
        Ok(Self {
            file: Arc::new(file),
            last_ms: last_ms.max(text.parse().unwrap_or(0)),
            place: u64::from(u16::from_le_bytes(random)) % SPREAD,
            uuid_names,
        })
    }

    /// Returns the stem of a new file. Its time is noted, and lasts once [`Self::file`] has been flushed.
    pub(super) fn next(&mut self) -> io::Result<String> {
        let ms = after(self.last_ms, now_ms(), self.place);
        let mut file = &*self.file;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(format!("{ms:013}").as_bytes())?;
        self.last_ms = ms;
        Ok(names::stem(ms, self.uuid_names.then(Uuid::new_v4)))
    }

    /// The file in which times are noted.
    pub(super) fn file(&self) -> Arc<File> {
        Arc::clone(&self.file)
    }
}

/// The time for a name: not later than now, at this gateway's place in a second, but in any case after the last.
fn after(last_ms: u64, now_ms: u64, place: u64) -> u64 {
    let since = now_ms.saturating_sub(place) % SPREAD;
    now_ms.saturating_sub(since).max(last_ms + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_new_and_spread() {
        for (last, now, place, expected) in [
            (0, 5_999, 123, 5_123),
            (0, 5_122, 123, 4_123),
            (0, 5_123, 123, 5_123),
            // Closed twice in a second.
            (5_123, 5_200, 123, 5_124),
            // The clock was set back.
            (9_000, 5_200, 123, 9_001),
        ] {
            assert_eq!(after(last, now, place), expected, "{last} {now}");
        }
    }
}
