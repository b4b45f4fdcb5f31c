//! The file to which lines are appended.

use super::folder::{Folder, private};
use super::names::CURRENT;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::Instant;

/// How much is read at a time when the end of the last whole line is looked for.
const WINDOW: u64 = 64 << 10;

/// The file to which lines are appended.
#[derive(Debug, Default)]
pub(super) struct Current {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: Arc<File>,
    /// Whole lines in it, in bytes.
    length: u64,
    /// When it got its first line, as far as this process knows.
    began: Instant,
    /// Since when there is something that a power cut would lose.
    unsynced: Option<Instant>,
}

/// What became of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::usage) enum Appended {
    Written,
    /// There is no room, in the spool or on the disk.
    NoRoom,
    DiskFailed,
}

impl Current {
    /// Opens the file, with what an earlier gateway left in it. Returns whether the end of it was half a line, which is cut.
    pub(super) fn open(&mut self, folder: &Folder) -> io::Result<bool> {
        if self.open.is_some() {
            return Ok(false);
        }
        let mut file = private()
            .read(true)
            .append(true)
            .create(true)
            .open(folder.file(CURRENT))?;
        let found = file.metadata()?.len();
        let length = whole_lines(&mut file, found)?;
        if length < found {
            file.set_len(length)?;
        }
        self.open = Some(Open {
            file: Arc::new(file),
            length,
            began: Instant::now(),
            unsynced: (found > 0).then(Instant::now),
        });
        Ok(length < found)
    }

    /// Bytes of whole lines in it.
    pub(super) fn length(&self) -> u64 {
        self.open.as_ref().map_or(0, |open| open.length)
    }

    /// Since when lines are in it; `None`: there are none.
    pub(super) fn began(&self) -> Option<Instant> {
        self.open.as_ref().filter(|open| open.length > 0).map(|open| open.began)
    }

    /// Since when there is something that a power cut would lose.
    pub(super) fn unsynced(&self) -> Option<Instant> {
        self.open.as_ref().and_then(|open| open.unsynced)
    }

    /// Appends whole lines, all or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let open = self.open.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        if open.length == 0 {
            open.began = Instant::now();
        }
        let written = (&*open.file).write_all(lines);
        if written.is_ok() {
            open.length += lines.len() as u64;
            open.unsynced.get_or_insert_with(Instant::now);
        } else if open.file.set_len(open.length).is_err() {
            // What is there now is seen when it is opened again.
            self.open = None;
        }
        written
    }

    /// Makes what was appended last.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        match self.open.as_mut().filter(|open| open.unsynced.is_some()) {
            Some(open) => {
                open.unsynced = None;
                open.file.sync_data()
            }
            None => Ok(()),
        }
    }

    /// Hands the file to somebody who makes what was appended last, and says whether he takes it.
    pub(super) fn sync_by(&mut self, flush: impl FnOnce(&Arc<File>) -> bool) {
        if let Some(open) = &mut self.open
            && flush(&open.file)
        {
            open.unsynced = None;
        }
    }

    /// Forgets the file, which is to be renamed.
    pub(super) fn close(&mut self) {
        self.open = None;
    }
}

/// Returns where the last whole line of a file ends.
pub(super) fn whole_lines(file: &mut File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut window = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(WINDOW);
        file.seek(SeekFrom::Start(start))?;
        window.clear();
        file.take(end - start).read_to_end(&mut window)?;
        if let Some(last) = memchr::memrchr(b'\n', &window) {
            return Ok(start + last as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_cut() -> io::Result<()> {
        let long = format!("a\n{}", "x".repeat(200_000));
        for (found, kept, is_torn) in [
            ("", "", false),
            ("a\nb\n", "a\nb\n", false),
            ("a\nb", "a\n", true),
            ("half", "", true),
            (long.as_str(), "a\n", true),
        ] {
            let place = tempfile::tempdir()?;
            let folder = Folder::at(place.path().to_owned());
            std::fs::write(place.path().join(CURRENT), found)?;
            let mut current = Current::default();
            assert_eq!(current.open(&folder)?, is_torn);
            assert_eq!(current.length(), kept.len() as u64);
            current.append(b"more\n")?;
            current.sync()?;
            assert_eq!(
                std::fs::read_to_string(place.path().join(CURRENT))?,
                format!("{kept}more\n")
            );
        }
        Ok(())
    }
}
