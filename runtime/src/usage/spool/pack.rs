//! Compresses closed files, on a thread of its own: it takes longer than lines may wait.

use super::current::whole_lines;
use super::folder::{Folder, private};
use super::lasting::MAY_BE_LOST;
use super::names::{Kind, PLAIN};
use super::room::wants_room;
use super::shared::Shared;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;
use zip::write::SimpleFileOptions;

/// Until a file is tried again that could not be compressed: most often the disk is full.
const AGAIN: Duration = Duration::from_secs(2);

/// The thread that compresses.
#[derive(Debug)]
pub(in crate::usage) struct Packer {
    /// Looks at what is closed; ends the thread when dropped.
    wake: Sender<()>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
}

impl Packer {
    /// Starts the thread, which begins with what is closed already.
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let (wake, woken) = channel();
        let (ending, ended) = channel();
        std::thread::Builder::new()
            .name("mgw-usage-pack".into())
            .spawn(move || {
                run(&shared, &woken);
                drop(ending);
            })?;
        Ok(Self { wake, ended })
    }

    /// Has it look at what is closed.
    pub(super) fn wake(&self) {
        // It never ends before this end does.
        let _ = self.wake.send(());
    }

    /// Ends the thread after the file at which it is, for which it has so long.
    pub(in crate::usage) fn finish(self, patience: Duration) {
        drop(self.wake);
        let _ = self.ended.recv_timeout(patience);
    }
}

fn run(shared: &Arc<Shared>, woken: &Receiver<()>) {
    loop {
        let is_done = pack_all(shared).unwrap_or_else(|error| {
            shared.trouble("usage records cannot be compressed", &error);
            false
        });
        let next = if is_done {
            woken.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            woken.recv_timeout(AGAIN)
        };
        if next == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Compresses every closed file, oldest first. `false`: some could not be, and are tried again.
fn pack_all(shared: &Arc<Shared>) -> io::Result<bool> {
    let mut is_done = true;
    for file in shared.folder.files()? {
        if file.kind != Kind::Closed {
            continue;
        }
        let Some(_busy) = shared.claim(&file.stem) else {
            continue;
        };
        // Before anything under this name can be uploaded: else it could be given again after a power cut.
        if let Err(error) = shared.noted_times().sync_data().and_then(|()| shared.folder.sync()) {
            shared.trouble(MAY_BE_LOST, &error);
        }
        let mut packed = pack(&shared.folder, &file.stem);
        if packed.as_ref().is_err_and(wants_room) && shared.relieve_disk() {
            packed = pack(&shared.folder, &file.stem);
        }
        match packed {
            Ok(is_torn) => shared.counters.dropped.torn.add(is_torn.into()),
            // Dropped meanwhile, for want of room.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                is_done = false;
                if wants_room(&error) {
                    shared.trouble("usage records cannot be compressed", &error);
                } else {
                    shared.unusable(&file.stem, &error);
                }
            }
        }
        shared.look();
    }
    Ok(is_done)
}

/// Compresses one closed file. At any moment either it or its compressed form is there as a whole.
/// Returns whether it ended with half a line, which a power cut leaves and which is left out.
pub(super) fn pack(folder: &Folder, stem: &str) -> io::Result<bool> {
    let closed = folder.file(stem);
    let part = folder.file(&Kind::Part.name(stem));
    let mut lines = File::open(&closed)?;
    let found = lines.metadata()?.len();
    let length = whole_lines(&mut lines, found)?;
    lines.seek(SeekFrom::Start(0))?;
    let written = (|| {
        let output = private().write(true).create(true).truncate(true).open(&part)?;
        let mut archive = zip::ZipWriter::new(output);
        archive.start_file(PLAIN, SimpleFileOptions::default().unix_permissions(0o600))?;
        io::copy(&mut lines.take(length), &mut archive)?;
        archive.finish()?.sync_all()?;
        std::fs::rename(&part, folder.file(&Kind::Packed.name(stem)))?;
        folder.sync()
    })();
    if written.is_err() {
        // Where it cannot be removed either, the next start does so.
        let _ = std::fs::remove_file(&part);
        return written.map(|()| false);
    }
    std::fs::remove_file(&closed)?;
    Ok(length < found)
}
