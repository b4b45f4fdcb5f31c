//! Scripts of `mgw sandbox --script`: lines such as `after 10s down`.

use super::action::Change;
use crate::context::{Context, Environment};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::whole_file;
use clap::Parser;
use mgw_fixtures::simulator::{Action, Simulator};
use std::path::Path;
use std::time::Duration;

/// The longest script, in bytes.
const MAX_SCRIPT: u64 = 256 * 1024;
/// The most steps.
const MAX_STEPS: usize = 1000;
/// The longest wait before a step.
const MAX_WAIT: Duration = Duration::from_secs(86_400);

/// A step: how long after the one before, and what then.
#[derive(Debug)]
pub(super) struct Step {
    wait: Duration,
    line: String,
    action: Action,
}

/// A line without its time, read like the words behind `mgw sandbox`.
#[derive(Debug, clap::Parser)]
#[command(no_binary_name = true, disable_help_subcommand = true)]
struct Line {
    #[command(subcommand)]
    change: Change,
}

/// Reads a script. Empty lines and those that start with # are skipped.
pub(super) fn read(path: &Path, environment: &Environment) -> Result<Vec<Step>, Failure> {
    let text = whole_file::read_text(path, MAX_SCRIPT).map_err(|error| Failure::file("read", path, error))?;
    parse(&text, path, environment)
}

/// Reads the text of a script; `path` is for messages.
fn parse(text: &str, path: &Path, environment: &Environment) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let at = |reason: String| {
            Failure::new(
                ExitCode::Invalid,
                format!("{}:{}:1: {reason}", path.display(), index + 1),
            )
            .hint("A line is `after TIME COMMAND`, such as `after 10s down` or `after 500ms retire Orders:1.0.0`.")
        };
        if steps.len() >= MAX_STEPS {
            return Err(at(format!("a script has at most {MAX_STEPS} steps")));
        }
        let (wait, words) = timed(line).map_err(at)?;
        let parsed = Line::try_parse_from(words).map_err(|error| at(first_line(&error.to_string())))?;
        steps.push(Step {
            wait,
            line: line.to_owned(),
            action: parsed.change.action(environment)?,
        });
    }
    Ok(steps)
}

#[cfg(any(test, feature = "fuzzing"))]
/// Entry point of the fuzz targets: reads a script. No step waits longer than a day.
pub fn fuzz(bytes: &[u8]) -> String {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return String::new();
    };
    // Steps may name files of this machine.
    if text.contains('/') {
        return String::new();
    }
    match parse(text, Path::new("script"), &Environment::default()) {
        Ok(steps) => {
            assert!(steps.len() <= MAX_STEPS && steps.iter().all(|step| step.wait <= MAX_WAIT));
            String::new()
        }
        Err(failure) => format!("{failure:?}"),
    }
}

/// The time of a line, and the words after it.
fn timed(line: &str) -> Result<(Duration, Vec<&str>), String> {
    let mut words = line.split_whitespace();
    if words.next() != Some("after") {
        return Err("the line does not start with `after`".to_owned());
    }
    let time = words.next().unwrap_or_default();
    let wait =
        duration(time).ok_or_else(|| format!("\"{time}\" is not a time such as 500ms, 10s, 2m or 1h, up to a day"))?;
    Ok((wait, words.collect()))
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let wait = match &text[digits.len()..] {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.checked_mul(60)?),
        "h" => Duration::from_secs(number.checked_mul(3600)?),
        _ => return None,
    };
    (wait <= MAX_WAIT).then_some(wait)
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// Does the steps in their order; one that fails is told, and the others follow.
pub(super) async fn play(steps: Vec<Step>, simulator: &Simulator, context: &Context) {
    for step in steps {
        tokio::time::sleep(step.wait).await;
        match simulator.act(step.action).await {
            Ok(()) => context.ui.status("Script", &step.line),
            Err(error) => context.ui.warn(format_args!("{}: {error}", step.line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Result<Vec<Step>, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outage.txt");
        std::fs::write(&path, text).unwrap();
        read(&path, &Environment::default())
    }

    #[test]
    fn lines_are_times_and_commands() {
        let text = "# an outage\n\nafter 10s down\nafter 500ms heal\nafter 2m retire Orders:1.0.0\n\
                    after 0s fault 503@/token*2\nafter 1s block ip:192.0.2.9\nafter 24h heal\n";
        let steps = script(text).unwrap();
        let waits: Vec<_> = steps.iter().map(|step| step.wait.as_millis()).collect();
        assert_eq!(waits, [10_000, 500, 120_000, 0, 1000, 86_400_000]);
        assert_eq!((&steps[0].action, &steps[1].action), (&Action::Down, &Action::Heal));
        assert!(matches!(steps[2].action, Action::Edit(_)) && matches!(steps[3].action, Action::Fault(_)));
    }

    #[test]
    fn mistakes_have_their_line() {
        for (text, expected) in [
            ("down", "outage.txt:1:1: the line does not start with `after`"),
            ("\nafter soon down", "outage.txt:2:1: \"soon\" is not a time"),
            ("after 2d down", "is not a time"),
            ("after 25h down", "is not a time"),
            ("after 99999m down", "is not a time"),
            ("after 1s explode", "outage.txt:1:1: unrecognized subcommand 'explode'"),
            ("after 1s", "outage.txt:1:1:"),
            ("after 1s block moon", "invalid value 'moon'"),
        ] {
            let failure = script(text).unwrap_err();
            assert!(failure.message.contains(expected), "{text}: {}", failure.message);
            assert_eq!(failure.code, ExitCode::Invalid);
        }
        assert!(script(&"after 1s down\n".repeat(1001)).is_err());
    }
}
