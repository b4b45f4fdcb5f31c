//! From words and variables to a command.

use super::{Cli, mistake};
use crate::context::Environment;
use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches};
use std::ffi::{OsStr, OsString};

/// Reads a command line. A variable that is set to nothing counts as not set.
///
/// # Errors
///
/// What the parser says about words and variables that are none of the command's.
pub fn parse(words: Vec<OsString>, environment: &Environment) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    if environment
        .iter()
        .any(|(name, value)| value.is_empty() && name.starts_with("MGW_"))
    {
        command = without_empty(command, environment);
    }
    let texts: Vec<String> = words
        .iter()
        .filter_map(|word| word.to_str().map(str::to_owned))
        .collect();
    match command.try_get_matches_from_mut(words) {
        Ok(mut matches) => Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command)),
        Err(error) => Err(mistake::clearer(error, &texts, command)),
    }
}

/// The same command, which asks for no variable that is set to nothing.
fn without_empty(command: clap::Command, environment: &Environment) -> clap::Command {
    let is_empty = |name: &OsStr| name.to_str().and_then(|name| environment.get_even_empty(name)) == Some("");
    command
        .mut_args(|argument| match argument.get_env().is_some_and(is_empty) {
            true => argument.env(Resettable::Reset),
            false => argument,
        })
        .mut_subcommands(|inner| without_empty(inner, environment))
}

/// Reads what a variable in the place of a switch says; nothing is no.
pub(super) fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "t" | "on" | "1" => Ok(true),
        "" | "false" | "no" | "n" | "f" | "off" | "0" => Ok(false),
        _ => Err("write true, yes, on or 1, or else false, no, off or 0"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_words_for_yes_and_no() {
        for (text, expected) in [
            ("1", Some(true)),
            ("TRUE", Some(true)),
            ("on", Some(true)),
            ("No", Some(false)),
            ("0", Some(false)),
            ("", Some(false)),
            ("maybe", None),
            ("2", None),
            (" true", None),
        ] {
            assert_eq!(yes_or_no(text).ok(), expected, "{text:?}");
        }
    }
}
