//! Standard error of a program that stays: lines are queued, and a thread writes them.
//!
//! Whoever reads standard error may stop doing so: a pipe whose reader hangs, a terminal that was paused. A gateway must not
//! stop with them. Lines wait in a bounded queue; what does not fit is counted, and told as soon as somebody reads again.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes that wait at most, beside those that are being written.
const ROOM: usize = 1 << 20;
/// How long the last lines may take: whoever should read them may have stopped doing so.
const LAST_LINES: Duration = Duration::from_secs(2);
/// The same for what is said in a panic, after which the program may not go on.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The end that everybody holds who has something to say.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    lost: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Lines have been taken out and not been written yet.
    is_writing: bool,
}

/// Waits for the last lines when it goes.
#[derive(Debug)]
pub(crate) struct LastLines(Lines);

impl Lines {
    /// Starts the thread that writes. Where none can be had, nothing is queued.
    pub(super) fn start() -> io::Result<(Self, LastLines)> {
        // Not the shared handle, whose lock would be held while the thread waits for a reader.
        let output = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        Self::to(output)
    }

    fn to(output: impl Write + Send + 'static) -> io::Result<(Self, LastLines)> {
        let lines = Self { shared: Arc::default() };
        let shared = Arc::clone(&lines.shared);
        std::thread::Builder::new()
            .name("mgw-stderr".into())
            .spawn(move || shared.write_all(output))?;
        let last = LastLines(lines.clone());
        Ok((lines, last))
    }

    /// Queues a line or more, line ends included, or counts them as lost.
    pub(crate) fn say(&self, text: Vec<u8>) {
        let mut waiting = self.shared.waiting();
        if waiting.bytes.saturating_add(text.len()) > ROOM {
            // With the queue held: what is lost is lost behind what is in it.
            self.shared.lost.fetch_add(count(&text), Ordering::Relaxed);
            return;
        }
        waiting.bytes += text.len();
        waiting.lines.push_back(text);
        drop(waiting);
        self.shared.changed.notify_all();
    }

    /// How many lines were lost so far.
    pub(crate) fn lost(&self) -> &Arc<AtomicU64> {
        &self.shared.lost
    }

    /// Has panics told here as well: the program's own way would wait for a reader.
    pub(crate) fn tell_panics(&self) {
        let lines = self.clone();
        std::panic::set_hook(Box::new(move |panic| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("<unnamed>");
            let trace = std::backtrace::Backtrace::capture();
            let mut text = format!("thread '{name}' {panic}\n");
            if trace.status() == std::backtrace::BacktraceStatus::Captured {
                text.push_str(&format!("{trace}\n"));
            }
            lines.say(text.into_bytes());
            lines.wait(LAST_WORDS);
        }));
    }

    /// Waits until everything is written, and no longer than that.
    fn wait(&self, at_most: Duration) {
        let deadline = Instant::now() + at_most;
        let mut waiting = self.shared.waiting();
        while waiting.is_writing || !waiting.lines.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let woken = self.shared.changed.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        self.0.wait(LAST_LINES);
    }
}

/// Log events come here whole: each is one write.
impl Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.say(text.to_vec());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes for as long as the program runs.
    fn write_all(&self, mut output: impl Write) {
        let mut told = 0;
        loop {
            let mut waiting = self.waiting();
            while waiting.lines.is_empty() {
                waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            let lines = std::mem::take(&mut waiting.lines);
            waiting.bytes = 0;
            waiting.is_writing = true;
            let lost = self.lost.load(Ordering::Relaxed);
            drop(waiting);
            for line in lines {
                if output.write_all(&line).is_err() {
                    self.lost.fetch_add(count(&line), Ordering::Relaxed);
                }
            }
            if lost > told && output.write_all(note(lost - told).as_bytes()).is_ok() {
                told = lost;
            }
            self.waiting().is_writing = false;
            self.changed.notify_all();
        }
    }
}

fn note(lost: u64) -> String {
    let are = if lost == 1 {
        "line of this output is"
    } else {
        "lines of this output are"
    };
    format!("warning: {lost} {are} lost: nobody read it\n")
}

fn count(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count().max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::Command;

    /// A pipe: where it is read from, and where it is written to.
    fn pipe(folder: &std::path::Path) -> (File, File) {
        let path = folder.join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        // With both ends, opening waits for nobody.
        let reader = File::options().read(true).write(true).open(&path).unwrap();
        let writer = File::options().write(true).open(&path).unwrap();
        (reader, writer)
    }

    #[test]
    fn nobody_waits_for_a_reader_who_does_not_read_and_what_is_lost_is_told_later() {
        const SAID: u64 = 100_000;
        let folder = tempfile::tempdir().unwrap();
        let (reader, writer) = pipe(folder.path());
        let (lines, last) = Lines::to(writer).unwrap();
        for number in 0..SAID {
            lines.say(format!("{number:040}\n").into_bytes());
        }
        let lost = lines.lost().load(Ordering::Relaxed);
        assert!(lost > SAID / 2, "{lost}");
        // Whoever reads now gets all that waited, in order, then how much there was besides.
        let mut read = BufReader::new(reader).lines().map(Result::unwrap);
        let mut kept = 0;
        let note = loop {
            let line = read.next().unwrap();
            match line.parse::<u64>() {
                Ok(number) => assert_eq!(number, kept),
                Err(_) => break line,
            }
            kept += 1;
        };
        assert_eq!(kept, SAID - lost);
        assert_eq!(
            note,
            format!("warning: {lost} lines of this output are lost: nobody read it")
        );
        // What is said from now on arrives.
        lines.say(b"again\n".to_vec());
        assert_eq!(read.next().unwrap(), "again");
        drop(last);
    }

    #[test]
    fn the_last_lines_are_waited_for_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let (lines, last) = Lines::to(File::create(&path).unwrap()).unwrap();
        for _ in 0..1000 {
            lines.say(b"a line\n".to_vec());
        }
        drop(last);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1000);
        let (reader, writer) = pipe(folder.path());
        let (lines, last) = Lines::to(writer).unwrap();
        lines.say(vec![b'x'; ROOM]);
        drop(last);
        drop(reader);
    }

    #[test]
    fn an_output_that_takes_nothing_loses_lines_and_counts_them() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (lines, last) = Lines::to(Closed).unwrap();
        lines.say(b"one\ntwo\n".to_vec());
        drop(last);
        assert_eq!(lines.lost().load(Ordering::Relaxed), 2);
    }
}
