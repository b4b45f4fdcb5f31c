//! `mgw man`

use super::version::TOOL;
use crate::cli::Cli;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use clap::{ArgAction, CommandFactory};
use std::path::PathBuf;

/// Arguments of `mgw man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write one page per command into this folder instead of printing the main page.
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// The main page with `--output json`.
#[derive(Debug, serde::Serialize)]
struct Shown {
    page: String,
}

/// The files with `--output json`.
#[derive(Debug, serde::Serialize)]
struct Written {
    written: Vec<PathBuf>,
}

/// Prints the manual page, or writes all of them.
pub fn run(args: ManArgs, context: &Context) -> Result<ExitCode, Failure> {
    let command = Cli::command();
    let Some(directory) = args.directory else {
        let page = page(command)?;
        if context.ui.is_json() {
            let page = String::from_utf8_lossy(&page).into_owned();
            context.ui.result("", &Shown { page });
        } else {
            context.ui.bytes(&page);
        }
        return Ok(ExitCode::Success);
    };
    std::fs::create_dir_all(&directory).map_err(|error| Failure::file("create", &directory, error))?;
    let mut written = Vec::new();
    for (name, page) in pages(command)? {
        let path = directory.join(format!("{name}.1"));
        std::fs::write(&path, page).map_err(|error| Failure::file("write", &path, error))?;
        written.push(path);
    }
    context.ui.status(
        "Wrote",
        format_args!("{} manual pages to {}", written.len(), directory.display()),
    );
    context.ui.result("", &Written { written });
    Ok(ExitCode::Success)
}

/// The main page and one per command, by file stem.
fn pages(mut command: clap::Command) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    command.build();
    let mut pages = Vec::new();
    collect(&command, "mgw".to_owned(), &mut pages)?;
    Ok(pages)
}

fn collect(command: &clap::Command, name: String, pages: &mut Vec<(String, Vec<u8>)>) -> Result<(), Failure> {
    // Groups of commands have a parser-made `help`; the program has its own.
    let is_own = |command: &&clap::Command| !command.is_hide_set() && (name == "mgw" || command.get_name() != "help");
    for subcommand in command.get_subcommands().filter(is_own) {
        collect(subcommand, format!("{name}-{}", subcommand.get_name()), pages)?;
    }
    pages.push((name, page(command.clone())?));
    Ok(())
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let values: Vec<(String, String)> = command.get_arguments().filter_map(value_of).collect();
    let mut page = Vec::new();
    // Every page comes from the same program, whatever its command is called.
    clap_mangen::Man::new(command)
        .source(TOOL)
        .render(&mut page)
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot lay out the manual page").because(error))?;
    let page = String::from_utf8(page)
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot lay out the manual page").because(error))?;
    Ok(with_values(&page, &values).into_bytes())
}

/// An option as the page has it, and the same with its value behind it; `None`: it takes none.
fn value_of(argument: &clap::Arg) -> Option<(String, String)> {
    let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let long = argument.get_long().filter(|_| takes_value)?;
    let hyphens = |text: &str| text.replace('-', "\\-");
    let option = format!("\\fB\\-\\-{}\\fR", hyphens(long));
    let names: Vec<&str> = argument.get_value_names()?.iter().map(|name| name.as_str()).collect();
    let with_value = format!("{option} \\fI{}\\fR", hyphens(&names.join(" ")));
    Some((option, with_value))
}

/// The page with the values of options in its synopsis, where the library has the options alone.
fn with_values(page: &str, values: &[(String, String)]) -> String {
    const SYNOPSIS: &str = ".SH SYNOPSIS\n";
    let Some((before, rest)) = page.split_once(SYNOPSIS) else {
        return page.to_owned();
    };
    let (synopsis, after) = rest.split_at(rest.find(".SH ").unwrap_or(rest.len()));
    let synopsis = values
        .iter()
        .fold(synopsis.to_owned(), |synopsis, (option, with_value)| {
            synopsis.replace(option, with_value)
        });
    format!("{before}{SYNOPSIS}{synopsis}{after}")
}
