//! One fenced block of a page, and what it asks for.

use std::fmt;

/// A block that is executed.
#[derive(Debug, PartialEq)]
pub struct Block {
    /// Where its fence opens.
    pub line: usize,
    pub kind: Kind,
}

#[derive(Debug, PartialEq)]
pub enum Kind {
    /// A session at a terminal.
    Console {
        terminal: String,
        steps: Vec<Step>,
        /// How the last step ends.
        ending: Ending,
    },
    /// Something that the reader puts into a file.
    File { path: String, text: String, append: bool },
}

/// How a step ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Ending {
    Success,
    Code(i32),
    /// With success and what is shown, once it has been done often enough.
    Eventually,
    /// Not at all: it is up when it has printed what is shown.
    Stays,
}

impl Ending {
    /// How the steps end that are not the last one of their block.
    pub fn of_others(self) -> Self {
        match self {
            Self::Eventually => self,
            Self::Success | Self::Code(_) | Self::Stays => Self::Success,
        }
    }
}

/// A key that is pressed on a terminal in which something runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-\: what runs is gone at once, without a chance to tidy up.
    Quit,
}

/// What is done, and what is shown then.
#[derive(Debug, PartialEq)]
pub enum Step {
    Command { text: String, shown: Vec<String> },
    Key { key: Key, shown: Vec<String> },
}

impl Step {
    pub fn shown(&self) -> &[String] {
        let (Self::Command { shown, .. } | Self::Key { shown, .. }) = self;
        shown
    }

    fn shown_mut(&mut self) -> &mut Vec<String> {
        let (Self::Command { shown, .. } | Self::Key { shown, .. }) = self;
        shown
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command { text, .. } => write!(f, "$ {text}"),
            Self::Key {
                key: Key::Interrupt, ..
            } => f.write_str("^C"),
            Self::Key { key: Key::Quit, .. } => f.write_str("^\\"),
        }
    }
}

/// The block with this info string and these lines; `None` when it is only to be read.
pub fn block(line: usize, info: &str, lines: &[&str]) -> Result<Option<Block>, String> {
    let mut words = info.split_whitespace();
    let is_console = words.next() == Some("console");
    let mut terminal = super::FIRST.to_owned();
    let mut ending = Ending::Success;
    let mut file = None;
    for word in words {
        match word.split_once('=').unwrap_or((word, "")) {
            ("example", "") => return Ok(None),
            ("terminal", name) if is_console && !name.is_empty() => name.clone_into(&mut terminal),
            ("stays", "") if is_console => ending = Ending::Stays,
            ("eventually", "") if is_console => ending = Ending::Eventually,
            ("exits", code) if is_console => ending = Ending::Code(code.parse().map_err(|_| word.to_owned())?),
            (name @ ("file" | "append"), path) if !is_console && !path.is_empty() => {
                file = Some((path.to_owned(), name == "append"));
            }
            _ => return Err(format!("{word} means nothing")),
        }
    }
    let kind = match file {
        Some((path, append)) => {
            let text = lines.iter().flat_map(|line| [line, "\n"]).collect();
            Kind::File { path, text, append }
        }
        None if is_console => {
            let steps = steps(lines)?;
            let is_shown = |step: &Step| step.shown().iter().any(|line| line.trim() != "…");
            if ending == Ending::Stays && !steps.last().is_some_and(is_shown) {
                return Err("what stays shows when it is up".to_owned());
            }
            Kind::Console {
                terminal,
                steps,
                ending,
            }
        }
        None => return Ok(None),
    };
    Ok(Some(Block { line, kind }))
}

fn steps(lines: &[&str]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = lines.iter();
    while let Some(line) = lines.next() {
        let shown = Vec::new();
        if let Some(text) = line.strip_prefix("$ ") {
            let mut text = text.to_owned();
            while text.ends_with('\\') {
                text.push('\n');
                text.push_str(lines.next().ok_or("the last line goes on")?);
            }
            steps.push(Step::Command { text, shown });
        } else if *line == "^C" {
            steps.push(Step::Key {
                key: Key::Interrupt,
                shown,
            });
        } else if *line == "^\\" {
            steps.push(Step::Key { key: Key::Quit, shown });
        } else {
            let step = steps.last_mut().ok_or("output without a command")?;
            step.shown_mut().push((*line).to_owned());
        }
    }
    if steps.is_empty() {
        return Err("nothing is done".to_owned());
    }
    Ok(steps)
}

#[test]
fn a_block_says_what_is_done_where_and_how_it_ends() {
    let lines = ["$ mgw run \\", "    shop", "Serving …", "^C", "Stopped"];
    let text = "mgw run \\\n    shop".to_owned();
    let steps = vec![
        Step::Command {
            text,
            shown: vec!["Serving …".to_owned()],
        },
        Step::Key {
            key: Key::Interrupt,
            shown: vec!["Stopped".to_owned()],
        },
    ];
    let kind = Kind::Console {
        terminal: "gateway".to_owned(),
        steps,
        ending: Ending::Code(7),
    };
    let expected = Block { line: 3, kind };
    assert_eq!(block(3, "console terminal=gateway exits=7", &lines), Ok(Some(expected)));
    let kind = Kind::File {
        path: "a/b.toml".to_owned(),
        text: "a = 1\n".to_owned(),
        append: true,
    };
    assert_eq!(
        block(3, "toml append=a/b.toml", &["a = 1"]),
        Ok(Some(Block { line: 3, kind }))
    );
    assert_eq!(block(3, "toml", &["a = 1"]), Ok(None));
    assert_eq!(block(3, "console example", &["$ reboot"]), Ok(None));
    for (info, lines) in [
        ("console stay", &["$ true"][..]),
        ("console exits=no", &["$ true"]),
        ("console file=x", &["$ true"]),
        ("toml eventually", &["a = 1"]),
        ("console", &["output"]),
        ("console", &["$ true \\"]),
        ("console", &[]),
        ("console stays", &["$ mgw run", "…"]),
    ] {
        assert!(block(3, info, lines).is_err(), "{info} {lines:?}");
    }
}
