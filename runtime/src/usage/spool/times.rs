//! Times in names of files, none of which ever comes twice.

use super::folder::{Folder, now_ms, private};
use super::lock::Holder;
use super::names;
use aws_lc_rs::rand;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Names are spread over so many milliseconds, ten minutes, so that gateways which close files together do not name them alike.
pub(super) const SPREAD: u64 = 600_000;

/// The times of a folder's names. The last one is noted in the file of the gateway's lock: names of files that were uploaded and
/// deleted must not come again, whatever happens to the clock.
#[derive(Debug)]
pub(super) struct Times {
    /// Opened beside the lock, which it does not hold.
    file: Arc<File>,
    last_ms: u64,
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
        Ok(Self {
            file: Arc::new(file),
            last_ms: last_ms.max(text.parse().unwrap_or(0)),
            uuid_names,
        })
    }

    /// Returns the stem of a new file. Its time is noted, and lasts once [`Self::file`] has been flushed.
    pub(super) fn next(&mut self) -> io::Result<String> {
        let mut random = [0; 8];
        // Without random numbers names of several gateways are alike more often, which costs another attempt.
        let _ = rand::fill(&mut random);
        let ms = after(self.last_ms, now_ms(), u64::from_le_bytes(random));
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

/// The time for a name: one of the last ten minutes, but in any case after the last name's.
fn after(last_ms: u64, now_ms: u64, random: u64) -> u64 {
    let first = (last_ms + 1).max(now_ms.saturating_sub(SPREAD - 1));
    match now_ms.checked_sub(first) {
        Some(room) => first + random % (room + 1),
        None => first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_new_and_spread() {
        for (last, now, random, expected) in [
            (0, 1_000_000, 0, 400_001),
            (0, 1_000_000, SPREAD - 1, 1_000_000),
            (0, 1_000_000, u64::MAX, 400_001 + u64::MAX % SPREAD),
            // Closed shortly after the one before.
            (999_998, 1_000_000, 3, 1_000_000),
            (999_999, 1_000_000, 3, 1_000_000),
            // The clock was set back, or nothing is left of the time.
            (1_000_000, 1_000_000, 7, 1_000_001),
            (9_000_000, 1_000_000, 7, 9_000_001),
        ] {
            assert_eq!(after(last, now, random), expected, "{last} {now} {random}");
        }
    }
}
