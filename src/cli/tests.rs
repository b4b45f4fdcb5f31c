//! The command surface is frozen in `docs/src/reference/commands.md`, so that any change to it shows in review.

use super::Cli;
use clap::CommandFactory;
use std::fmt::Write;
use std::path::Path;

#[test]
fn definitions_are_consistent() {
    Cli::command().debug_assert();
}

/// `UPDATE_DOCS=1 cargo test -p mgw --lib cli` writes the page anew.
#[test]
fn the_reference_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/reference/commands.md");
    let page = reference_page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).expect("the page is writable");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/src/reference/commands.md is out of date; write it with UPDATE_DOCS=1 cargo test -p mgw --lib cli"
    );
}

fn reference_page() -> String {
    let mut command = Cli::command().term_width(100).color(clap::ColorChoice::Never);
    command.build();
    let mut page = String::from(
        "# Commands\n\n\
         <!-- Generated from the command line's definition; a test keeps it current. -->\n\n\
         Data goes to standard output, conversation to standard error. Every command takes the global options.\n\n",
    );
    sections(&mut page, &mut command, "mgw");
    page
}

/// A command, then those below it.
fn sections(page: &mut String, command: &mut clap::Command, title: &str) {
    section(page, &mut command.clone(), title);
    for subcommand in command
        .get_subcommands_mut()
        // Groups of commands have a parser-made one; the program has its own.
        .filter(|command| !command.is_hide_set() && (title == "mgw" || command.get_name() != "help"))
    {
        let title = format!("{title} {}", subcommand.get_name());
        sections(page, subcommand, &title);
    }
}

fn section(page: &mut String, command: &mut clap::Command, title: &str) {
    let help = command.render_long_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let _ = write!(page, "## `{title}`\n\n```text\n{}\n```\n\n", help.join("\n").trim_end());
}
