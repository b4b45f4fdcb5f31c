//! The command surface in a file that is read by people: whatever is added, renamed or removed shows in review.
//!
//! `docs/src/reference/commands.md` has the same with every text, and changes with every text. This file changes only when a
//! script or a habit of somebody may break.

use super::Cli;
use clap::{Arg, ArgAction, Command, CommandFactory};
use std::collections::BTreeSet;
use std::path::Path;

const FILE: &str = "tests/command-surface.txt";
const HEADER: &str = "\
# Every command, option, value and variable of mgw, a line each, sorted. A line that goes or changes breaks somebody's script:
# say so in CHANGELOG.md, or keep the old name as an alias. UPDATE_DOCS=1 cargo test -p mgw --lib cli writes the file anew.
";

#[test]
fn the_command_surface_is_the_one_that_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let now = surface();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let text: String = now.iter().map(|line| format!("{line}\n")).collect();
        // Whole at any time: another test reads it meanwhile.
        let new = path.with_extension("new");
        std::fs::write(&new, format!("{HEADER}{text}")).expect("the file is writable");
        std::fs::rename(&new, &path).expect("the file is writable");
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let reviewed: BTreeSet<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let gone: Vec<&String> = reviewed.difference(&now).collect();
    let new: Vec<&String> = now.difference(&reviewed).collect();
    assert!(
        gone.is_empty() && new.is_empty(),
        "the command surface has changed.\n\nGone, which breaks those who use it:\n{gone:#?}\n\nNew:\n{new:#?}\n\n\
         If it is meant: UPDATE_DOCS=1 cargo test -p mgw --lib cli, and commit {FILE} with a word in CHANGELOG.md"
    );
}

#[test]
fn the_file_is_sorted_and_says_everything_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let text = std::fs::read_to_string(path).expect("the file is there");
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(lines.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(lines.contains(&"mgw run --set <KEY=VALUE>..."), "{lines:#?}");
    assert!(lines.contains(&"mgw --output <text|json> [env: MGW_OUTPUT] [default: text]"));
    assert!(lines.contains(&"mgw pull (also: import)"));
}

/// One line each.
fn surface() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    // Not built: what is built repeats the global options everywhere.
    collect(&Cli::command(), "mgw", &mut lines);
    lines
}

fn collect(command: &Command, path: &str, lines: &mut BTreeSet<String>) {
    let aliases: Vec<&str> = command.get_all_aliases().collect();
    let hidden = if command.is_hide_set() { " [hidden]" } else { "" };
    lines.insert(format!("{path}{}{hidden}", also(&aliases)));
    for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
        lines.insert(format!("{path} {}", describe(argument)));
    }
    // Who changes their order changes what they mean.
    for (number, argument) in (1..).zip(command.get_positionals()) {
        lines.insert(format!("{path} {number}:{}", describe(argument)));
    }
    for subcommand in command.get_subcommands() {
        collect(subcommand, &format!("{path} {}", subcommand.get_name()), lines);
    }
}

fn also(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        names => format!(" (also: {})", names.join(", ")),
    }
}

fn describe(argument: &Arg) -> String {
    let mut text = match (argument.get_long(), argument.get_short()) {
        (Some(long), Some(short)) => format!("--{long}, -{short}"),
        (Some(long), None) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => String::new(),
    };
    let takes_values = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    if takes_values {
        let many = argument.get_num_args().is_some_and(|range| range.max_values() > 1);
        let dots = if many || matches!(argument.get_action(), ArgAction::Append) {
            "..."
        } else {
            ""
        };
        let value = format!("<{}>{dots}", values(argument));
        text = if text.is_empty() {
            value
        } else {
            format!("{text} {value}")
        };
    }
    if argument.is_required_set() {
        text.push_str(" [required]");
    }
    text.push_str(&also(&argument.get_all_aliases().unwrap_or_default()));
    if let Some(variable) = argument.get_env() {
        text.push_str(&format!(" [env: {}]", variable.to_string_lossy()));
    }
    let defaults: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if takes_values && !defaults.is_empty() {
        text.push_str(&format!(" [default: {}]", defaults.join(",")));
    }
    if argument.is_hide_set() {
        text.push_str(" [hidden]");
    }
    text
}

/// The values that are possible, else what stands for them.
fn values(argument: &Arg) -> String {
    let possible: Vec<String> = argument
        .get_possible_values()
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect();
    if !possible.is_empty() {
        return possible.join("|");
    }
    match argument.get_value_names() {
        Some(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        None => argument.get_id().as_str().to_uppercase(),
    }
}
