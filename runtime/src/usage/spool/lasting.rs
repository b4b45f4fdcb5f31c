//! Makes lines last, on a thread of its own: a disk that takes its time must not hold up the thread that empties the queues.

use super::shared::Shared;
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

/// The thread that flushes; ends when this is dropped.
#[derive(Debug)]
pub(super) struct Flusher(SyncSender<Arc<File>>);

impl Flusher {
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Self> {
        let (files, work) = sync_channel::<Arc<File>>(1);
        std::thread::Builder::new()
            .name("mgw-usage-sync".into())
            .spawn(move || {
                for file in work {
                    if let Err(error) = file.sync_data() {
                        shared.trouble(MAY_BE_LOST, &error);
                    }
                }
            })?;
        Ok(Self(files))
    }

    /// Has a file flushed; `false`: the disk is still at earlier ones.
    pub(super) fn flush(&self, file: &Arc<File>) -> bool {
        self.0.try_send(Arc::clone(file)).is_ok()
    }
}

/// What is told when something could not be flushed.
pub(super) const MAY_BE_LOST: &str = "usage records may not survive a power cut";
