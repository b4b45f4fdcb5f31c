//! Command lines as they were typed for micro-gw and its launcher, in today's words.
//!
//! Most of micro-gw's flags are flags here, or aliases of them. What is left are words that mean something else today:
//! `import`, which adds to what is there, where `pull` takes its place; `-v VERSION` of `import`, where `-v` is short for
//! `--verbose`; `--key=value` of the launcher, which overrode any setting, or named the file of them; and the launcher itself,
//! for those who call a link to this program `gateway`.

use super::Cli;
use crate::launcher::{self, Said, is_debug};
use clap::CommandFactory;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::path::Path;

/// Global options that take the next word as their value.
const GLOBAL_VALUES: [&str; 3] = ["--output", "--color", "--java.debug"];

/// Words of micro-gw and its launcher that have no like here, and what is done instead.
const GONE: [(&str, &str); 4] = [
    (
        "start",
        "`mgw run` stays in the foreground; have systemd, a container or a shell put it into the background",
    ),
    (
        "stop",
        "`mgw run` ends on SIGTERM, and answers what is under way before it does",
    ),
    (
        "restart",
        "`mgw run` takes over new settings and bundles on SIGHUP; whatever starts it restarts it",
    ),
    ("setup", "`mgw init` creates a project and `mgw import` fills it"),
];

/// Translates the words of a command line, the program's name first.
///
/// # Errors
///
/// For words that nothing here corresponds to, with what is done instead.
pub fn today(mut words: Vec<OsString>) -> Result<Vec<OsString>, clap::Error> {
    let name = words.first().and_then(|word| Path::new(word).file_stem()?.to_str());
    if name == Some("gateway") {
        launcher(&mut words)?;
    }
    let Some(place) = command(&words) else { return Ok(words) };
    match words[place].to_str().unwrap_or_default() {
        "import" => {
            // micro-gw wrote a file for each API, and removed none.
            words.insert(place + 1, "--adds".into());
            Ok(version_of_import(words, place))
        }
        // A build that names APIs imports them first.
        "pull" | "build" => Ok(version_of_import(words, place)),
        "run" => Ok(overrides(words, place)),
        word => match gone(word) {
            Some(error) => Err(error),
            None => Ok(words),
        },
    }
}

/// `gateway BUNDLE …` is `mgw run BUNDLE …`, `gateway version` is `mgw version`.
fn launcher(words: &mut Vec<OsString>) -> Result<(), clap::Error> {
    let first = words.get(1).and_then(|word| word.to_str()).unwrap_or_default();
    match first.trim_start_matches('-') {
        "version" => words[1] = "version".into(),
        "help" | "h" | "run" => {}
        word => {
            if let Some(error) = gone(word) {
                return Err(error);
            }
            words.insert(1, "run".into());
        }
    }
    // The word that says what is done with a bundle may follow it, too.
    let mut behind = words.iter().skip(2).filter_map(|word| word.to_str());
    if let Some(error) = behind.find_map(gone) {
        return Err(error);
    }
    // What the toolkit's script calls by its full name.
    for word in words.iter_mut().skip(2) {
        if let Some(rest) = word
            .to_str()
            .filter(|word| is_debug(word))
            .and_then(|word| word.strip_prefix("--debug"))
        {
            *word = format!("--java.debug{rest}").into();
        }
    }
    Ok(())
}

/// What is said to somebody who types a word that has no like here.
pub(crate) fn instead(word: &str) -> Option<String> {
    let (_, instead) = GONE.iter().find(|(gone, _)| *gone == word)?;
    Some(format!("there is no `{word}`: {instead}"))
}

fn gone(word: &str) -> Option<clap::Error> {
    Some(Cli::command().error(ErrorKind::InvalidSubcommand, instead(word)?))
}

/// Whether the next word is an option's value, where the option stands before the command.
pub(super) fn takes_value(word: &str) -> bool {
    GLOBAL_VALUES.contains(&word)
}

/// Where the command stands.
fn command(words: &[OsString]) -> Option<usize> {
    let mut is_value = false;
    for (place, word) in words.iter().enumerate().skip(1) {
        let word = word.to_str()?;
        if is_value {
            is_value = false;
        } else if word.starts_with('-') {
            is_value = takes_value(word);
        } else {
            return Some(place);
        }
    }
    None
}

/// `-a NAME -v VERSION`: with a name that has no version of its own, what follows `-v` is the version.
fn version_of_import(words: Vec<OsString>, place: usize) -> Vec<OsString> {
    if !names_api_without_version(&words[place..]) {
        return words;
    }
    let mut out = Vec::with_capacity(words.len());
    let mut words = words.into_iter().enumerate().peekable();
    while let Some((at, word)) = words.next() {
        let text = word.to_str().unwrap_or_default();
        let attached = text
            .strip_prefix("--version=")
            .or_else(|| text.strip_prefix("-v="))
            .or_else(|| {
                text.strip_prefix("-v")
                    .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            });
        let takes_next = (text == "-v" || text == "--version")
            && words
                .peek()
                .is_some_and(|(_, next)| !next.to_string_lossy().starts_with('-'));
        match attached {
            _ if at <= place => out.push(word),
            Some(version) => {
                let version = OsString::from(version);
                out.extend(["--api-version".into(), version]);
            }
            None if takes_next => out.push("--api-version".into()),
            None => out.push(word),
        }
    }
    out
}

fn names_api_without_version(words: &[OsString]) -> bool {
    let mut is_value = false;
    words.iter().any(|word| {
        let word = word.to_string_lossy();
        let name = match is_value {
            true => Some(&*word),
            false => ["--api-name=", "--api=", "-a="]
                .iter()
                .find_map(|prefix| word.strip_prefix(prefix)),
        };
        let found = name.is_some_and(|name| !name.contains(':'));
        is_value = !is_value && matches!(&*word, "-a" | "--api" | "--api-name");
        found
    })
}

/// `--key=value` of a setting is `--set key=value`.
fn overrides(words: Vec<OsString>, place: usize) -> Vec<OsString> {
    let mut out = Vec::with_capacity(words.len());
    let mut ended = false;
    for (at, word) in words.into_iter().enumerate() {
        ended = ended || at > place && word == "--";
        match word.to_str().filter(|_| at > place && !ended).and_then(launcher::read) {
            Some(Said::SettingsFile(file)) => out.extend(["--config".into(), file.into()]),
            Some(Said::Setting(setting)) => out.extend(["--set".into(), setting.into()]),
            None => out.push(word),
        }
    }
    out
}

#[cfg(test)]
mod tests;
