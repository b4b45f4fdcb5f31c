//! The way of records out of the request path: one bounded queue per core.
//!
//! A record has less than 4 KiB, mostly some 400 bytes: with 8,192 places a core's queue never holds more than 32 MiB.
//!
//! Each core has a queue of its own, so that no two write to the same memory. The writer looks from time to time instead of
//! being woken, because waking it would cost every request a system call.

use super::UsageRecord;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};

/// The end of a core's queue at which its requests are.
#[derive(Debug)]
pub(crate) struct UsageQueue {
    records: SyncSender<Box<UsageRecord>>,
    dropped: Arc<AtomicU64>,
}

/// The other end.
#[derive(Debug)]
pub(super) struct Records {
    records: Receiver<Box<UsageRecord>>,
    dropped: Arc<AtomicU64>,
}

impl UsageQueue {
    /// Makes a queue in which at most `capacity` records wait.
    pub(super) fn new(capacity: usize) -> (Self, Records) {
        let (sender, receiver) = sync_channel(capacity.max(1));
        let dropped = Arc::<AtomicU64>::default();
        let queue = Self {
            records: sender,
            dropped: Arc::clone(&dropped),
        };
        let records = Records {
            records: receiver,
            dropped,
        };
        (queue, records)
    }

    /// Hands a record over, or drops and counts it when there is no room. Never waits.
    pub(crate) fn offer(&self, record: Box<UsageRecord>) {
        if self.records.try_send(record).is_err() {
            self.dropped.fetch_add(1, Relaxed);
        }
    }
}

impl Records {
    /// Takes the oldest record. `Err`: none waits, and none will come any more.
    pub(super) fn take(&self) -> Result<Option<Box<UsageRecord>>, ()> {
        match self.records.try_recv() {
            Ok(record) => Ok(Some(record)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(()),
        }
    }

    /// The count of records that found no room, which goes on changing.
    pub(super) fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.dropped)
    }
}
