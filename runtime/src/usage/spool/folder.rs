//! The folder with the files, as everybody sees it who has to do with them.

use super::names::{self, Kind};
use super::times::SPREAD;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Largest compressed file that is read into memory.
const MAX_ARCHIVE: u64 = 128 << 20;
/// Longest line whose end is looked for.
const LINE: usize = 64 << 10;

/// A closed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolFile {
    /// Its name.
    pub name: String,
    /// The part of it that stays the same.
    pub stem: String,
    /// The time in its name, in milliseconds since the epoch: up to ten minutes before it was closed.
    pub closed_ms: u64,
    /// When it was written last, in milliseconds since the epoch.
    pub written_ms: u64,
    /// How far it has come.
    pub kind: Kind,
    /// Its size.
    pub bytes: u64,
}

/// A compressed file that waits for its upload, or for being taken elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The name under which it is uploaded.
    pub name: String,
    /// When it was closed, in milliseconds since the epoch.
    pub closed_ms: u64,
    /// Its size.
    pub bytes: u64,
    /// How far it has come.
    kind: Kind,
}

impl Archive {
    /// Whether a compressed file of a spool may have this name.
    pub fn is_name(name: &str) -> bool {
        matches!(names::read(name), Some((_, _, Kind::Packed)))
    }

    /// Whether no other gateway's file has this name, whatever its time.
    pub fn is_unique_name(name: &str) -> bool {
        names::read(name).is_some_and(|(stem, _, _)| names::is_unique(stem))
    }

    /// Another name for a file, with a time shortly before that in `name`; the same for the same `seed`.
    pub fn another_name(name: &str, seed: u64) -> Option<String> {
        let (_, closed_ms, _) = names::read(name)?;
        let earlier = closed_ms.saturating_sub(1 + seed % SPREAD);
        Some(Kind::Packed.name(&names::stem(earlier, None)))
    }

    /// Whether its upload was begun, or it was handed out to be uploaded from elsewhere.
    pub fn is_tried(&self) -> bool {
        self.kind == Kind::Tried
    }

    pub(in crate::usage) fn stem(&self) -> &str {
        names::read(&self.name).map_or(self.name.as_str(), |(stem, _, _)| stem)
    }

    /// Whether the service may have it, if it has a file of this name.
    pub(in crate::usage) fn may_be_there(&self) -> bool {
        self.is_tried() || Self::is_unique_name(&self.name)
    }

    /// The name of the file in its folder.
    fn file(&self) -> String {
        self.kind.name(self.stem())
    }
}

/// When a file was written last; nothing where the file system does not say.
fn written_ms(about: &Metadata) -> Option<u64> {
    let since = about.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Takes a folder that is there.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the files that wait for their upload, oldest first. A file that is still being compressed is not among them.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn archives(&self) -> io::Result<Vec<Archive>> {
        let files = self.files()?;
        let is_closed_too = |stem: &str| files.iter().any(|file| file.kind == Kind::Closed && file.stem == stem);
        let packed = files.iter().filter(|file| file.kind.waits());
        let finished = packed.filter(|file| !is_closed_too(&file.stem));
        Ok(finished
            .map(|file| Archive {
                name: Kind::Packed.name(&file.stem),
                closed_ms: file.closed_ms,
                bytes: file.bytes,
                kind: file.kind,
            })
            .collect())
    }

    /// Has files that were set aside wait again; returns how many.
    ///
    /// # Errors
    ///
    /// The folder cannot be read or changed.
    pub fn retry_refused(&self) -> io::Result<usize> {
        let mut count = 0;
        for file in self.files()?.iter().filter(|file| file.kind == Kind::Refused) {
            std::fs::rename(self.file(&file.name), self.file(&Kind::Tried.name(&file.stem)))?;
            count += 1;
        }
        self.sync()?;
        Ok(count)
    }

    /// Notes that files are handed out to be uploaded from elsewhere: the service may have them from now on. Returns them as
    /// they are then. Those that are not there any more need no note.
    ///
    /// # Errors
    ///
    /// A file cannot be renamed. All are as they were.
    pub fn hand_out(&self, archives: &[Archive]) -> io::Result<Vec<Archive>> {
        let mut handed = Vec::with_capacity(archives.len());
        let marked = archives.iter().try_for_each(|archive| {
            let mut archive = archive.clone();
            if !archive.is_tried() {
                let stem = archive.stem().to_owned();
                match self.renamed(&mut archive, &stem, Kind::Tried) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            handed.push(archive);
            Ok(())
        });
        match marked.and_then(|()| self.sync()) {
            Ok(()) => Ok(handed),
            Err(error) => {
                self.take_back(archives, &handed);
                Err(error)
            }
        }
    }

    /// Takes that back for files that went nowhere. One for which that fails counts as handed out.
    pub fn take_back(&self, before: &[Archive], handed: &[Archive]) {
        for (before, handed) in before.iter().zip(handed) {
            if before.kind != handed.kind {
                let _ = self.renamed(&mut handed.clone(), before.stem(), before.kind);
            }
        }
        let _ = self.sync();
    }

    /// Reads a compressed file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is larger than any that a gateway makes.
    pub fn read(&self, archive: &Archive) -> io::Result<Vec<u8>> {
        if archive.bytes > MAX_ARCHIVE {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                "the file is larger than 128 MiB",
            ));
        }
        std::fs::read(self.0.join(archive.file()))
    }

    /// Removes a compressed file. One that is not there any more is removed.
    ///
    /// # Errors
    ///
    /// It cannot be removed.
    pub fn remove_archive(&self, archive: &Archive) -> io::Result<()> {
        self.remove(&archive.file())
    }

    pub(in crate::usage) fn remove(&self, name: &str) -> io::Result<()> {
        match std::fs::remove_file(self.0.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// All closed files, oldest first. Other files in the folder are nobody's.
    pub(in crate::usage) fn files(&self) -> io::Result<Vec<SpoolFile>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((stem, closed_ms, kind)) = name.to_str().and_then(names::read) else {
                continue;
            };
            let about = match entry.metadata() {
                Ok(about) if about.is_file() => about,
                Ok(_) => continue,
                // Removed meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            files.push(SpoolFile {
                stem: stem.to_owned(),
                name: name.to_string_lossy().into_owned(),
                closed_ms,
                written_ms: written_ms(&about).unwrap_or(closed_ms),
                kind,
                bytes: about.len(),
            });
        }
        files.sort_by(|one, other| {
            (one.closed_ms, &one.stem, one.kind).cmp(&(other.closed_ms, &other.stem, other.kind))
        });
        Ok(files)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Moves a compressed file on.
    pub(in crate::usage) fn becomes(&self, archive: &mut Archive, kind: Kind) -> io::Result<()> {
        self.is_now(archive, archive.stem().to_owned().as_str(), kind)
    }

    /// Gives a compressed file that waits a new stem.
    pub(in crate::usage) fn rename(&self, archive: &mut Archive, stem: &str) -> io::Result<()> {
        self.is_now(archive, stem, Kind::Packed)
    }

    fn is_now(&self, archive: &mut Archive, stem: &str, kind: Kind) -> io::Result<()> {
        self.renamed(archive, stem, kind)?;
        self.sync()
    }

    /// As above, and lasts once the folder is flushed.
    fn renamed(&self, archive: &mut Archive, stem: &str, kind: Kind) -> io::Result<()> {
        std::fs::rename(self.0.join(archive.file()), self.0.join(kind.name(stem)))?;
        archive.name = Kind::Packed.name(stem);
        archive.kind = kind;
        Ok(())
    }

    /// Removes uploaded files that were closed longer ago than this.
    pub(in crate::usage) fn remove_uploaded(&self, retention: Duration, now_ms: u64) -> io::Result<()> {
        let oldest = now_ms.saturating_sub(u64::try_from(retention.as_millis()).unwrap_or(u64::MAX));
        for file in self.files()? {
            if file.kind == Kind::Uploaded && file.closed_ms < oldest {
                self.remove(&file.name)?;
            }
        }
        Ok(())
    }

    /// Makes renames last.
    pub(super) fn sync(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    /// Counts the records of a closed or compressed file; none in one that cannot be read.
    pub(super) fn records(&self, file: &SpoolFile) -> u64 {
        let Ok(opened) = File::open(self.0.join(&file.name)) else {
            return 0;
        };
        if file.kind == Kind::Closed {
            return lines(BufReader::with_capacity(LINE, opened));
        }
        let Ok(mut archive) = zip::ZipArchive::new(BufReader::new(opened)) else {
            return 0;
        };
        match archive.by_index(0) {
            Ok(entry) => lines(BufReader::with_capacity(LINE, entry)),
            Err(_) => 0,
        }
    }
}

fn lines(mut text: impl BufRead) -> u64 {
    let mut lines = 0;
    while let Ok(buffer) = text.fill_buf() {
        if buffer.is_empty() {
            break;
        }
        lines += memchr::memchr_iter(b'\n', buffer).count() as u64;
        let taken = buffer.len();
        text.consume(taken);
    }
    lines
}

/// How files of the spool are opened: by their owner only.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Milliseconds since the epoch.
pub(in crate::usage) fn now_ms() -> u64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
