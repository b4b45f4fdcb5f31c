//! The queue of the access log and the thread at its end.

use super::line::{Format, Record, Stamp};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, channel, sync_channel};
use std::time::Duration;

/// Text that is collected before it is written.
const CHUNK: usize = 64 * 1024;
/// How long the writer rests when there was something to do, and when there was not.
const SHORT_REST: Duration = Duration::from_millis(10);
const LONG_REST: Duration = Duration::from_millis(100);
/// How long the last lines may take to be written: whoever should read them may have stopped doing so.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Where lines go.
#[derive(Debug, Clone)]
pub(crate) enum AccessLogTarget {
    /// Standard output.
    Console,
    /// A file, appended to.
    File(PathBuf),
}

/// The access log could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("access log {} could not be opened", path.display())]
pub struct AccessLogError {
    /// The file.
    pub path: PathBuf,
    /// Cause.
    #[source]
    source: io::Error,
}

impl AccessLogTarget {
    /// Finds what would keep the log from being opened, and makes no file.
    pub(crate) fn rehearse(&self) -> Result<(), AccessLogError> {
        let Self::File(path) = self else { return Ok(()) };
        let failed = |path: &Path, source| AccessLogError {
            path: path.to_owned(),
            source,
        };
        match OpenOptions::new().append(true).open(path) {
            Ok(_) => Ok(()),
            // The start would make it, in a folder that is there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let found = folder.map_or(Ok(()), |folder| folder.metadata().map(drop));
                found.map_err(|error| failed(folder.unwrap_or(path), error))
            }
            Err(error) => Err(failed(path, error)),
        }
    }
}

/// The end that request threads hold.
#[derive(Debug, Clone)]
pub(crate) struct AccessLog {
    queue: SyncSender<Box<Record>>,
    dropped: Arc<AtomicU64>,
}

/// The thread that writes.
#[derive(Debug)]
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    /// Nothing is ever sent; it is closed when the thread ends.
    ended: Receiver<()>,
}

impl AccessLog {
    /// Opens the target and starts the writer. At most `waiting` records wait for it.
    pub(crate) fn start(
        target: &AccessLogTarget,
        format: Format,
        waiting: usize,
    ) -> Result<(Self, Writer), AccessLogError> {
        let output = match target {
            AccessLogTarget::Console => Output::Console,
            AccessLogTarget::File(path) => {
                let opened = OpenOptions::new().append(true).create(true).open(path);
                Output::File(opened.map_err(|source| AccessLogError {
                    path: path.clone(),
                    source,
                })?)
            }
        };
        let (queue, records) = sync_channel(waiting);
        let log = Self {
            queue,
            dropped: Arc::default(),
        };
        let stop = Arc::new(AtomicBool::new(false));
        let (dropped, stopping) = (Arc::clone(&log.dropped), Arc::clone(&stop));
        let (ending, ended) = channel();
        let thread = std::thread::Builder::new()
            .name("mgw-access-log".into())
            .spawn(move || {
                write_all(output, format, &records, &dropped, &stopping);
                drop(ending);
            });
        thread.map_err(|source| AccessLogError {
            path: PathBuf::from("-"),
            source,
        })?;
        Ok((log, Writer { stop, ended }))
    }

    /// Hands a record over, or counts it as dropped.
    pub(crate) fn log(&self, record: Box<Record>) {
        if self.queue.try_send(record).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Lines dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Writer {
    /// Writes what is queued and ends the thread. When nobody takes the lines, they are given up after a while, so that the
    /// gateway can stop.
    pub(crate) fn finish(self) {
        self.stop.store(true, Ordering::Release);
        if self.ended.recv_timeout(LAST_LINES) == Err(RecvTimeoutError::Timeout) {
            tracing::error!("the last lines of the access log are lost: nobody takes them");
        }
    }
}

#[derive(Debug)]
enum Output {
    Console,
    File(File),
}

impl Output {
    fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Console => {
                let mut console = io::stdout().lock();
                console.write_all(text)?;
                console.flush()
            }
            Self::File(file) => file.write_all(text),
        }
    }
}

fn write_all(
    mut output: Output,
    format: Format,
    records: &Receiver<Box<Record>>,
    dropped: &AtomicU64,
    stop: &AtomicBool,
) {
    let mut text = Vec::with_capacity(CHUNK + 4096);
    let mut stamp = Stamp::default();
    let mut failed = false;
    loop {
        // Read before the queue: what was queued before the order to stop is still written.
        let last = stop.load(Ordering::Acquire);
        let mut lines = 0;
        let ended = loop {
            match records.try_recv() {
                Ok(record) => record.write(format, &mut stamp, &mut text),
                Err(TryRecvError::Empty) => break false,
                Err(TryRecvError::Disconnected) => break true,
            }
            lines += 1;
            if text.len() >= CHUNK {
                break false;
            }
        };
        let full = text.len() >= CHUNK;
        if lines > 0 {
            if let Err(error) = output.write(&text) {
                dropped.fetch_add(lines, Ordering::Relaxed);
                if !failed {
                    tracing::error!(%error, "the access log cannot be written");
                }
                failed = true;
            } else {
                failed = false;
            }
            text.clear();
        }
        if ended || last && !full {
            return;
        }
        if !full {
            std::thread::sleep(if lines > 0 { SHORT_REST } else { LONG_REST });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Record;
    use super::*;
    use http::{HeaderValue, Method, StatusCode, Uri, Version};

    fn record() -> Box<Record> {
        Box::new(Record {
            client: [127, 0, 0, 1].into(),
            unix_ms: 0,
            method: Method::GET,
            uri: Uri::from_static("/"),
            version: Version::HTTP_2,
            status: Some(StatusCode::NO_CONTENT),
            bytes: 0,
            duration: Duration::ZERO,
            phase: "route",
            referer: None,
            agent: None,
            id: HeaderValue::from_static("1"),
            api: None,
            caller: None,
            failure: None,
        })
    }

    #[test]
    fn nobody_waits_for_ever_for_a_reader_who_does_not_read() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status()?.success());
        // With both ends, opening waits for nobody.
        let reader = File::options().read(true).write(true).open(&path)?;
        let (log, writer) = AccessLog::start(&AccessLogTarget::File(path), Format::Combined, 10_000)?;
        // Far more than a pipe takes.
        for _ in 0..10_000 {
            log.log(record());
        }
        writer.finish();
        drop(reader);
        Ok(())
    }

    #[test]
    fn everything_queued_is_written_before_the_end() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("access.log");
        let (log, writer) = AccessLog::start(&AccessLogTarget::File(path.clone()), Format::Combined, 1000)?;
        for _ in 0..1000 {
            log.log(record());
        }
        writer.finish();
        assert_eq!(std::fs::read_to_string(&path)?.lines().count(), 1000);
        assert_eq!(log.dropped(), 0);
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_named() {
        let path = PathBuf::from("/nowhere/access.log");
        assert!(matches!(
            AccessLog::start(&AccessLogTarget::File(path.clone()), Format::Combined, 1000),
            Err(AccessLogError { path: named, .. }) if named == path
        ));
    }
}
