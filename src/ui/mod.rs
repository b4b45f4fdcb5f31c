//! Terminal output and input; nothing else in the toolkit prints or asks.
//!
//! Standard output carries data, standard error carries conversation. [`Ui`] knows what `--output`, `--quiet`, `-v`,
//! `--color` and `--no-input` mean, and whether anybody is there to answer a prompt.

mod background;
pub(crate) mod count;
mod held;
mod progress;
mod prompt;
mod style;
mod text;

pub(crate) use background::{LastLines, Lines};
pub(crate) use held::Held;
use held::Said;
pub use progress::Progress;
use progress::Show;
pub use prompt::Prompt;
pub use style::ColorChoice;
use text::visible_lines;
pub(crate) use text::{push_line, table, visible};

use crate::exit::ExitCode;
use crate::failure::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, OnceLock};
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
    /// Why data for standard output was lost, shared by all copies.
    lost: Arc<OnceLock<String>>,
    /// Takes what is said on standard error, in a program that must not wait for its reader.
    lines: Option<Lines>,
    /// Keeps everything that is printed; absent: it is printed at once.
    held: Option<Held>,
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
    /// `NO_COLOR` is set and not empty, or `TERM` is `dumb`.
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
            lost: Arc::default(),
            held: None,
            lines: None,
        }
    }

    /// The same terminal for a program that stays: nothing waits until somebody reads what it says. The lines that are
    /// said last are waited for where the second part goes.
    pub(crate) fn in_background(&self) -> (Self, Option<LastLines>) {
        // Without a thread there is the way of all other commands.
        let (lines, last) = Lines::start().ok().unzip();
        (Self { lines, ..self.clone() }, last)
    }

    /// Where standard error is written in the background.
    pub(crate) fn lines(&self) -> Option<&Lines> {
        self.lines.as_ref()
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

    /// The same terminal for commands that run beside each other: what they print is kept until it is
    /// [released](Self::release).
    pub(crate) fn holding(&self) -> (Self, Held) {
        let held = Held::default();
        let ui = Self {
            interactive: false,
            terminal: false,
            lines: None,
            held: Some(held.clone()),
            ..self.clone()
        };
        (ui, held)
    }

    /// Prints what was kept, and returns the results that are JSON documents instead.
    pub(crate) fn release(&self, held: &Held) -> Vec<serde_json::Value> {
        let mut results = Vec::new();
        for said in held.take() {
            match said {
                Said::Line(text) => self.raw(text),
                Said::Data(bytes) => self.bytes(&bytes),
                Said::Result(document) => results.push(document),
            }
        }
        results
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

    /// Whether every detail is to be told.
    pub fn is_verbose(&self) -> bool {
        self.verbosity == Verbosity::Verbose
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
            OutputFormat::Json => match &self.held {
                Some(held) => held.keep(Said::Result(serde_json::to_value(json).unwrap_or_default())),
                None => match serde_json::to_string_pretty(json) {
                    Ok(document) => self.data(document),
                    Err(error) => self.say(&self.style.error("error"), error),
                },
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
        if let Some(held) = &self.held {
            return held.keep(Said::Data(format!("{line}\n").into_bytes()));
        }
        let mut out = std::io::stdout().lock();
        self.written(writeln!(out, "{line}").and_then(|()| out.flush()));
    }

    /// Writes bytes to standard output as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        if self.narrating {
            return self.line(String::from_utf8_lossy(bytes));
        }
        if let Some(held) = &self.held {
            return held.keep(Said::Data(bytes.to_vec()));
        }
        let mut out = std::io::stdout().lock();
        self.written(out.write_all(bytes).and_then(|()| out.flush()));
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
        for detail in failure.details.iter().filter(|detail| !detail.text.is_empty()) {
            self.raw(&detail.text);
        }
        self.say(&self.style.error("error:"), &failure.message);
        for cause in causes(failure) {
            self.raw(format_args!("  caused by: {}", visible_lines(&cause)));
        }
        for hint in &failure.hints {
            self.say(&self.style.hint("  hint:"), hint);
        }
        if !failure.reported {
            self.failure_document(failure);
        }
    }

    /// With `--output json`: writes an error as a document on standard output.
    pub fn failure_document(&self, failure: &Failure) {
        #[derive(Serialize)]
        struct Document<'a> {
            error: &'a str,
            exit_code: u8,
            causes: Vec<String>,
            hints: &'a [String],
            #[serde(skip_serializing_if = "Vec::is_empty")]
            diagnostics: Vec<&'a serde_json::Value>,
        }
        if self.is_json() {
            self.result(
                "",
                &Document {
                    error: &failure.message,
                    exit_code: failure.code as u8,
                    causes: causes(failure),
                    hints: &failure.hints,
                    diagnostics: failure.details.iter().map(|detail| &detail.json).collect(),
                },
            );
        }
    }

    /// Tells what a command came to, and what of it was lost on its way to standard output; the graver code counts.
    pub fn end(&self, outcome: Result<ExitCode, Failure>) -> ExitCode {
        let code = outcome.unwrap_or_else(|failure| {
            self.failure(&failure);
            failure.code
        });
        let Some(why) = self.lost.get() else {
            return code;
        };
        let mut lost = Failure::new(
            ExitCode::Environment,
            "the result could not be written to standard output",
        )
        .because(why.clone())
        .hint("Check where the output is redirected to; what the command did otherwise is done.");
        // A document in the place of the lost one would hide that there was one.
        lost.reported = true;
        self.failure(&lost);
        ExitCode::gravest([code, lost.code])
    }

    /// Notes what came of writing to standard output, by this or by something else.
    /// A reader that closed its pipe had enough; that is no error.
    pub(crate) fn written(&self, result: std::io::Result<()>) {
        if let Err(error) = result
            && error.kind() != std::io::ErrorKind::BrokenPipe
        {
            // The first error tells why; later ones follow from it.
            let _ = self.lost.set(error.to_string());
        }
    }

    /// Starts a piece of long work: a spinner on a terminal, plain lines now and then elsewhere.
    pub fn progress(&self, text: impl Display) -> Progress {
        let show = match (self.is_quiet() || self.held.is_some(), self.terminal) {
            (true, _) => Show::Nothing,
            (false, true) => Show::Spinner,
            (false, false) => Show::Lines,
        };
        if show == Show::Lines {
            self.raw(format_args!("{text} …"));
        }
        Progress::start(&text.to_string(), show, self.lines.clone())
    }

    /// Names in the text may come from anywhere: whatever is in them, it is shown and not obeyed.
    fn say(&self, label: &str, text: impl Display) {
        self.raw(format_args!("{label} {}", visible_lines(&text.to_string())));
    }

    fn raw(&self, text: impl Display) {
        if let Some(held) = &self.held {
            return held.keep(Said::Line(text.to_string()));
        }
        if let Some(lines) = &self.lines {
            return lines.say(format!("{text}\n").into_bytes());
        }
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }
}

/// The chain of causes, each once.
fn causes(failure: &Failure) -> Vec<String> {
    let source = failure.source.as_deref();
    source.map(|error| crate::cause::chain(error)).unwrap_or_default()
}
