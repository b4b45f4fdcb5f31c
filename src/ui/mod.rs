//! Terminal output and input; nothing else in the toolkit prints or asks.
//!
//! Standard output carries data, standard error carries conversation. [`Ui`] knows what `--output`, `--quiet`, `-v`,
//! `--color` and `--no-input` mean, and whether anybody is there to answer a prompt.

mod progress;
mod prompt;
mod style;

pub use progress::Progress;
pub use prompt::Prompt;
pub use style::ColorChoice;

use crate::failure::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use style::Style;

/// What standard output carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// Text for people.
    Text,
    /// One JSON document for programs.
    Json,
}

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Errors only.
    Quiet,
    /// Progress, warnings and hints.
    Normal,
    /// Also every request and decision.
    Verbose,
}

/// The terminal as the commands see it.
#[derive(Debug, Clone)]
pub struct Ui {
    format: OutputFormat,
    verbosity: Verbosity,
    interactive: bool,
    terminal: bool,
    style: Style,
    narrating: bool,
}

/// The settings that decide how [`Ui`] behaves.
#[derive(Debug, Clone, Copy)]
pub struct UiSettings {
    /// `--output`.
    pub format: OutputFormat,
    /// `--quiet` and `-v`.
    pub verbosity: Verbosity,
    /// `--color`.
    pub color: ColorChoice,
    /// `--no-input`.
    pub no_input: bool,
    /// `CI` is set.
    pub ci: bool,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
}

impl Ui {
    /// Looks at the terminal once and fixes the behaviour.
    pub fn new(settings: UiSettings) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let interactive = terminal && std::io::stdin().is_terminal() && !settings.ci && !settings.no_input;
        let color = match settings.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && !settings.no_color,
        };
        Self {
            format: settings.format,
            verbosity: settings.verbosity,
            interactive,
            terminal: terminal && !settings.ci,
            style: Style::new(color),
            narrating: false,
        }
    }

    /// The same terminal for commands that run as steps of another one: what they print is conversation, in text.
    #[must_use]
    pub fn narrating(&self) -> Self {
        Self {
            format: OutputFormat::Text,
            interactive: false,
            narrating: true,
            ..self.clone()
        }
    }

    /// Whether somebody is there to answer.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Whether standard output is to carry JSON.
    pub fn is_json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Whether standard error is for errors only.
    pub fn is_quiet(&self) -> bool {
        self.verbosity == Verbosity::Quiet
    }

    /// Whether colours are used on standard error.
    pub fn has_color(&self) -> bool {
        self.style.is_on()
    }

    /// Ends the command with its result: the text or the JSON document, on standard output.
    pub fn result(&self, text: impl Display, json: &impl Serialize) {
        match self.format {
            OutputFormat::Text => {
                let text = text.to_string();
                if !text.is_empty() {
                    self.data(text);
                }
            }
            OutputFormat::Json => match serde_json::to_string_pretty(json) {
                Ok(document) => self.data(document),
                Err(error) => self.say(&self.style.error("error"), error),
            },
        }
    }

    /// Tells programs that something long-running has got somewhere: with `--output json` a document on one line.
    pub fn event(&self, json: &impl Serialize) {
        if self.is_json() {
            match serde_json::to_string(json) {
                Ok(document) => self.data(document),
                Err(error) => self.say(&self.style.error("error"), error),
            }
        }
    }

    /// Writes a line of data to standard output. A closed pipe ends the output quietly.
    pub fn data(&self, line: impl Display) {
        if self.narrating {
            return self.line(line);
        }
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    }

    /// Writes bytes to standard output as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        if self.narrating {
            return self.line(String::from_utf8_lossy(bytes));
        }
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Tells what was done: a verb that stands out, and the rest of the sentence.
    pub fn status(&self, verb: &str, rest: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.say(&self.style.verb(verb), rest);
        }
    }

    /// Writes a plain line of conversation.
    pub fn line(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.raw(text);
        }
    }

    /// Tells a detail that only `-v` shows.
    pub fn detail(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Verbose {
            self.say(&self.style.dim("detail:"), text);
        }
    }

    /// Warns about something that went on all the same.
    pub fn warn(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.say(&self.style.warning("warning:"), text);
        }
    }

    /// Suggests what to do next.
    pub fn hint(&self, text: impl Display) {
        if self.verbosity >= Verbosity::Normal {
            self.say(&self.style.hint("hint:"), text);
        }
    }

    /// Writes text that has been laid out already (diagnostics with source snippets).
    pub fn block(&self, text: impl Display) {
        self.raw(text);
    }

    /// Tells an error with its causes and remedies; with `--output json` also as a document on standard output.
    pub fn failure(&self, failure: &Failure) {
        self.say(&self.style.error("error:"), &failure.message);
        let mut causes = Vec::new();
        let mut cause = failure.source.as_deref().map(|e| e as &dyn std::error::Error);
        while let Some(error) = cause {
            let text = error.to_string();
            if causes.last() != Some(&text) {
                self.raw(format_args!("  caused by: {text}"));
                causes.push(text);
            }
            cause = error.source();
        }
        for hint in &failure.hints {
            self.say(&self.style.hint("  hint:"), hint);
        }
        if self.is_json() && !failure.reported {
            #[derive(Serialize)]
            struct Document<'a> {
                error: &'a str,
                exit_code: u8,
                causes: Vec<String>,
                hints: &'a [String],
            }
            self.result(
                "",
                &Document {
                    error: &failure.message,
                    exit_code: failure.code as u8,
                    causes,
                    hints: &failure.hints,
                },
            );
        }
    }

    /// Starts a piece of long work: a spinner on a terminal, a plain line elsewhere.
    pub fn progress(&self, text: impl Display) -> Progress {
        let visible = self.verbosity >= Verbosity::Normal;
        if visible && !self.terminal {
            self.raw(format_args!("{text} …"));
        }
        Progress::start(&text.to_string(), visible && self.terminal)
    }

    fn say(&self, label: &str, text: impl Display) {
        self.raw(format_args!("{label} {text}"));
    }

    fn raw(&self, text: impl Display) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }
}
