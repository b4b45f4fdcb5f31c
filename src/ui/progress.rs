//! Progress of long work.

use super::Lines;
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Where nothing can be drawn over, a line is written after so many things, or so long after the last one.
const THINGS: usize = 500;
const TIME: Duration = Duration::from_secs(5);

/// How progress shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Show {
    /// A line that is drawn over and over.
    Spinner,
    /// A plain line now and then.
    Lines,
    /// Not at all.
    Nothing,
}

/// A piece of work that is going on; the display goes away when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// When the next plain line is due; absent: none is written.
    pace: Option<Mutex<Pace>>,
    /// Takes plain lines where nobody is to wait for their reader.
    lines: Option<Lines>,
}

impl Progress {
    pub(super) fn start(text: &str, show: Show, lines: Option<Lines>) -> Self {
        let bar = ProgressBar::new_spinner();
        if show == Show::Spinner {
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_message(text.to_owned());
        let pace = (show == Show::Lines).then(|| Mutex::new(Pace::begin(Instant::now())));
        Self { bar, pace, lines }
    }

    /// Work that nobody watches.
    pub fn hidden() -> Self {
        Self::start("", Show::Nothing, None)
    }

    /// Replaces the text.
    pub fn update(&self, text: impl Into<String>) {
        let text = text.into();
        self.line(&text, |pace| pace.is_due(Instant::now()));
        self.bar.set_message(text);
    }

    /// Replaces the text by `what`, and how many of `total` things are done.
    pub fn count(&self, what: &str, done: usize, total: usize) {
        let text = format!("{what}, {done} of {total}");
        self.line(&text, |pace| pace.is_due_at(Instant::now(), done));
        self.bar.set_message(text);
    }

    fn line(&self, text: &dyn Display, is_due: impl FnOnce(&mut Pace) -> bool) {
        if let Some(pace) = &self.pace
            && is_due(&mut pace.lock().unwrap_or_else(PoisonError::into_inner))
        {
            if let Some(lines) = &self.lines {
                return lines.say(format!("{text} …\n").into_bytes());
            }
            // Nobody reads it any more: no reason to end the work.
            let _ = writeln!(std::io::stderr().lock(), "{text} …");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// When the last plain line was written, and how far things were.
#[derive(Debug)]
struct Pace {
    at: Instant,
    done: usize,
}

impl Pace {
    fn begin(now: Instant) -> Self {
        Self { at: now, done: 0 }
    }

    /// Whether a line is to be written now; if so, the next one is due later.
    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = now.saturating_duration_since(self.at) >= TIME;
        if is_due {
            self.at = now;
        }
        is_due
    }

    /// The same, with so many things done.
    fn is_due_at(&mut self, now: Instant, done: usize) -> bool {
        let is_due = self.is_due(now) || done >= self.done.saturating_add(THINGS);
        if is_due {
            self.at = now;
            self.done = done;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_after_many_things_or_a_while() {
        let begin = Instant::now();
        let mut pace = Pace::begin(begin);
        let after = |seconds| begin + Duration::from_secs(seconds);
        for (seconds, done, due) in [
            (0, 1, false),
            (1, 499, false),
            (1, 500, true),
            (5, 501, false),
            (6, 502, true),
            (7, 1001, false),
            (7, 1002, true),
            (11, 1003, false),
            (12, 1003, true),
        ] {
            assert_eq!(pace.is_due_at(after(seconds), done), due, "{done} after {seconds} s");
        }
        assert!(!pace.is_due(after(16)) && pace.is_due(after(17)) && !pace.is_due(after(17)));
    }
}
