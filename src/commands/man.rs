//! `mgw man`

use super::version::TOOL;
use crate::cli::Cli;
use crate::context::Context;
use crate::exit::ExitCode;
use crate::failure::Failure;
use clap::CommandFactory;
use std::path::PathBuf;

/// Arguments of `mgw man`.
#[derive(Debug, clap::Args)]
pub struct ManArgs {
    /// Write one page per command into this folder instead of printing the main page.
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

/// Prints the manual page, or writes all of them.
pub fn run(args: ManArgs, context: &Context) -> Result<ExitCode, Failure> {
    let command = Cli::command();
    let Some(directory) = args.directory else {
        context.ui.bytes(&page(command)?);
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
    let mut page = Vec::new();
    // Every page comes from the same program, whatever its command is called.
    clap_mangen::Man::new(command)
        .source(TOOL)
        .render(&mut page)
        .map_err(|error| Failure::new(ExitCode::Internal, "cannot lay out the manual page").because(error))?;
    Ok(page)
}
