//! What is expected at the end of a command line.

use super::values::Wanted;
use crate::cli::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::collections::BTreeMap;

/// What is expected.
#[derive(Debug)]
pub(super) struct Expected {
    /// What of the current word stays as it is.
    pub(super) prefix: String,
    pub(super) wanted: Wanted,
    /// Values that were given already, by the ids of their arguments.
    pub(super) arguments: BTreeMap<String, Vec<String>>,
}

/// Walks along the words before the current one.
struct Walk {
    command: Command,
    path: Vec<String>,
    arguments: BTreeMap<String, Vec<String>>,
    positionals: usize,
    /// The option whose value comes next.
    open: Option<Arg>,
    only_positionals: bool,
}

pub(super) fn expected(before: &[String], current: &str) -> Expected {
    let mut root = Cli::command();
    root.build();
    let mut walk = Walk {
        command: root,
        path: Vec::new(),
        arguments: BTreeMap::new(),
        positionals: 0,
        open: None,
        only_positionals: false,
    };
    for word in before {
        walk.step(word);
    }
    walk.end(current)
}

impl Walk {
    fn step(&mut self, word: &str) {
        if let Some(option) = self.open.take() {
            self.note(&option, word);
            return;
        }
        if self.only_positionals || !word.starts_with('-') || word == "-" {
            self.step_positional(word);
        } else if word == "--" {
            self.only_positionals = true;
        } else if let Some(long) = word.strip_prefix("--") {
            match long.split_once('=') {
                Some((name, value)) => {
                    if let Some(option) = self.long(name) {
                        self.note(&option, value);
                    }
                }
                None => match self.long(long) {
                    Some(option) if takes_value(&option) => self.open = Some(option),
                    Some(flag) => self.note(&flag, ""),
                    None => {}
                },
            }
        } else {
            self.step_short(&word[1..]);
        }
    }

    fn step_positional(&mut self, word: &str) {
        let subcommand = (self.positionals == 0 && !self.only_positionals)
            .then(|| self.command.find_subcommand(word).cloned())
            .flatten();
        if let Some(subcommand) = subcommand {
            self.path.push(subcommand.get_name().to_owned());
            self.command = subcommand;
            return;
        }
        if let Some(argument) = self.positional() {
            self.note(&argument, word);
        }
        self.positionals += 1;
    }

    /// Flags may be joined, and the value of an option follow at once.
    fn step_short(&mut self, letters: &str) {
        for (at, letter) in letters.char_indices() {
            let Some(option) = self.short(letter) else { return };
            if takes_value(&option) {
                let value = &letters[at + letter.len_utf8()..];
                if value.is_empty() {
                    self.open = Some(option);
                } else {
                    self.note(&option, value.trim_start_matches('='));
                }
                return;
            }
        }
    }

    fn end(self, current: &str) -> Expected {
        let (prefix, wanted) = self.wanted(current);
        Expected {
            prefix,
            wanted,
            arguments: self.arguments,
        }
    }

    fn wanted(&self, current: &str) -> (String, Wanted) {
        if let Some(option) = &self.open {
            return self.value(option, "", current);
        }
        if !self.only_positionals && current.starts_with('-') {
            if let Some((name, value)) = current.strip_prefix("--").and_then(|long| long.split_once('=')) {
                return match self.long(name).filter(takes_value) {
                    Some(option) => self.value(&option, &format!("--{name}="), value),
                    None => (String::new(), Wanted::Nothing),
                };
            }
            return (String::new(), Wanted::Options(self.options()));
        }
        let subcommands = match self.positionals {
            0 if !self.only_positionals => self.subcommands(),
            _ => Vec::new(),
        };
        let (settled, wanted) = match self.positional() {
            Some(argument) => self.value(&argument, "", current),
            None => (String::new(), Wanted::Nothing),
        };
        match (subcommands.is_empty(), wanted) {
            (true, wanted) => (settled, wanted),
            (false, Wanted::Code) => (String::new(), Wanted::WordsOrCode(subcommands)),
            (false, Wanted::ProjectOrBundle) => (String::new(), Wanted::WordsOrBundle(subcommands)),
            (false, _) => (String::new(), Wanted::Words(subcommands)),
        }
    }

    /// The value of an argument, behind what of it is settled.
    fn value(&self, argument: &Arg, before: &str, typed: &str) -> (String, Wanted) {
        let delimiter = argument.get_value_delimiter();
        let settled = delimiter
            .and_then(|delimiter| Some(&typed[..=typed.rfind(delimiter)?]))
            .unwrap_or("");
        (format!("{before}{settled}"), Wanted::of(&self.path, argument))
    }

    fn note(&mut self, argument: &Arg, value: &str) {
        let values = self.arguments.entry(argument.get_id().to_string()).or_default();
        values.push(value.to_owned());
    }

    fn long(&self, name: &str) -> Option<Arg> {
        let mut arguments = self.command.get_arguments();
        let found = arguments.find(|argument| {
            let aliases = argument.get_all_aliases().unwrap_or_default();
            argument.get_long() == Some(name) || aliases.contains(&name)
        });
        found.cloned()
    }

    fn short(&self, letter: char) -> Option<Arg> {
        let mut arguments = self.command.get_arguments();
        arguments.find(|argument| argument.get_short() == Some(letter)).cloned()
    }

    /// The positional that comes next; the last one may take several.
    fn positional(&self) -> Option<Arg> {
        let all: Vec<&Arg> = self.command.get_positionals().collect();
        let last = all.last().filter(|argument| is_repeated(argument)).copied();
        all.get(self.positionals).copied().or(last).cloned()
    }

    fn subcommands(&self) -> Vec<(String, String)> {
        let all = self.command.get_subcommands();
        // Groups of commands have a parser-made `help`; the program has its own.
        let shown =
            all.filter(|command| !command.is_hide_set() && (self.path.is_empty() || command.get_name() != "help"));
        shown
            .map(|command| {
                (
                    command.get_name().to_owned(),
                    command.get_about().map(ToString::to_string).unwrap_or_default(),
                )
            })
            .collect()
    }

    /// Options that have not been given, or may be again.
    fn options(&self) -> Vec<(String, String)> {
        let options = self
            .command
            .get_arguments()
            .filter(|argument| !argument.is_positional() && !argument.is_hide_set());
        let free = options
            .filter(|argument| is_repeated(argument) || !self.arguments.contains_key(argument.get_id().as_str()));
        free.filter_map(|argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            Some((format!("--{}", argument.get_long()?), help))
        })
        .collect()
    }
}

fn takes_value(argument: &Arg) -> bool {
    matches!(argument.get_action(), ArgAction::Set | ArgAction::Append)
}

fn is_repeated(argument: &Arg) -> bool {
    let many = argument.get_num_args().is_some_and(|range| range.max_values() > 1);
    many || matches!(argument.get_action(), ArgAction::Append)
}
