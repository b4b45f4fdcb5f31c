//! The thread that makes lines of records and appends them to the spool.

use super::format::Formatter;
use super::queue::Records;
use super::record::Ending;
use super::spool::Spool;
use super::status::Counters;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Text that is collected before it is written.
const CHUNK: usize = 64 * 1024;
/// How long the writer rests when there was something to do, and when there was not.
const SHORT_REST: Duration = Duration::from_millis(10);
const LONG_REST: Duration = Duration::from_millis(100);
/// How long the last records may take to be written, and the file under way to be compressed.
const LAST_RECORDS: Duration = Duration::from_secs(2);

/// The thread that writes.
#[derive(Debug)]
pub(super) struct Writer {
    stop: Arc<AtomicBool>,
    /// Nothing is ever sent; it is closed when the thread ends.
    ended: Receiver<()>,
}

impl Writer {
    pub(super) fn start(
        spool: Spool,
        formatter: Formatter,
        queues: Vec<Records>,
        counters: Arc<Counters>,
    ) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, (ending, ended)) = (Arc::clone(&stop), channel());
        std::thread::Builder::new().name("mgw-usage".into()).spawn(move || {
            write_all(spool, &formatter, &queues, &counters, &stopping);
            drop(ending);
        })?;
        Ok(Self { stop, ended })
    }

    /// Writes what is queued and ends the thread. A disk that does not take it is given up after a while, so that the
    /// gateway can stop.
    pub(super) fn finish(self) {
        self.stop.store(true, Ordering::Release);
        if self.ended.recv_timeout(LAST_RECORDS * 2) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("the last usage records may be lost: the disk does not take them in time");
        }
    }
}

fn write_all(mut spool: Spool, formatter: &Formatter, queues: &[Records], counters: &Counters, stop: &AtomicBool) {
    let mut text = String::with_capacity(CHUNK + 16 * 1024);
    loop {
        // Read before the queues: what was queued before the order to stop is still written.
        let is_last = stop.load(Ordering::Acquire);
        let mut is_over = true;
        let mut is_full = false;
        let mut count = [0; 3];
        for queue in queues {
            loop {
                if text.len() >= CHUNK {
                    (is_full, is_over) = (true, false);
                    break;
                }
                let record = match queue.take() {
                    Ok(Some(record)) => record,
                    Ok(None) => {
                        is_over = false;
                        break;
                    }
                    Err(()) => break,
                };
                if !formatter.write(&record, &mut text) {
                    counters.dropped.undated.add(1);
                    continue;
                }
                let [answered, throttled, failed] = &mut count;
                *match record.ending {
                    Ending::Answered(_) => answered,
                    Ending::Throttled(_) => throttled,
                    Ending::Failed(_) => failed,
                } += 1;
            }
        }
        let is_busy = !text.is_empty();
        if is_busy {
            spool.append(text.as_bytes(), count);
            text.clear();
        }
        if is_over || is_last && !is_full {
            return spool.finish(LAST_RECORDS);
        }
        spool.tend();
        if !is_full {
            std::thread::sleep(if is_busy { SHORT_REST } else { LONG_REST });
        }
    }
}
