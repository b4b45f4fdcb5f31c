//! Progress of long work.

use indicatif::{ProgressBar, ProgressDrawTarget};
use std::time::Duration;

/// A piece of work that is going on; the display goes away when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn start(text: &str, visible: bool) -> Self {
        let bar = ProgressBar::new_spinner();
        if visible {
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_message(text.to_owned());
        Self { bar }
    }

    /// Work that nobody watches.
    pub fn hidden() -> Self {
        Self::start("", false)
    }

    /// Replaces the text.
    pub fn update(&self, text: impl Into<String>) {
        self.bar.set_message(text.into());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
