//! Compresses closed files, on a thread of its own: it takes longer than lines may wait.

use super::folder::{Folder, private};
use super::names::{Kind, PLAIN};
use super::whole::Shared;
use std::fs::File;
use std::io;
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

fn run(shared: &Shared, woken: &Receiver<()>) {
    loop {
        let pause = match pack_all(shared) {
            Ok(()) => Duration::MAX,
            Err(error) => {
                shared.trouble("usage records cannot be compressed", &error);
                AGAIN
            }
        };
        let next = match pause {
            Duration::MAX => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
            pause => woken.recv_timeout(pause),
        };
        if next == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Compresses every closed file, oldest first.
fn pack_all(shared: &Shared) -> io::Result<()> {
    for file in shared.folder.files()? {
        if file.kind != Kind::Closed {
            continue;
        }
        let Some(_busy) = shared.claim(&file.stem) else {
            continue;
        };
        match pack(&shared.folder, &file.stem) {
            // Dropped meanwhile, for want of room.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
        shared.look();
    }
    Ok(())
}

/// Compresses one closed file. At any moment either it or its compressed form is there as a whole.
pub(super) fn pack(folder: &Folder, stem: &str) -> io::Result<()> {
    let closed = folder.file(stem);
    let part = folder.file(&Kind::Part.name(stem));
    let mut lines = File::open(&closed)?;
    let written = (|| {
        let output = private().write(true).create(true).truncate(true).open(&part)?;
        let mut archive = zip::ZipWriter::new(output);
        archive.start_file(PLAIN, SimpleFileOptions::default().unix_permissions(0o600))?;
        io::copy(&mut lines, &mut archive)?;
        archive.finish()?.sync_all()?;
        std::fs::rename(&part, folder.file(&Kind::Packed.name(stem)))?;
        folder.sync()
    })();
    if written.is_err() {
        // Where it cannot be removed either, the next start does so.
        let _ = std::fs::remove_file(&part);
        return written;
    }
    std::fs::remove_file(&closed)
}
