//! The commands of a page of the documentation, run as they are written.
//!
//! In a block marked `console` every line is `$ curl … # STATUS`, for the gateway on its usual ports and with the case's
//! credentials as variables. What a block puts into a file (`file=NAME`) is that file of the case, which has no other.

use super::stage::Stage;
use crate::pages::files_of;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const PAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/how-to/security");

fn read(page: &str) -> String {
    let path = Path::new(PAGES).join(format!("{page}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files that a page shows, by name.
pub fn files(page: &str) -> BTreeMap<String, String> {
    files_of(page, &read(page))
}

/// Returns what does not hold.
pub fn run(page: &str, stage: &Stage) -> Vec<String> {
    let text = read(page);
    let mut problems = Vec::new();
    let commands = commands(&text);
    if commands.is_empty() {
        problems.push(format!("{page}: the page has no command"));
    }
    for command in commands {
        match command.rsplit_once(" # ") {
            Some((command, status)) if command.starts_with("curl ") => {
                let got = status_of(command, stage);
                if !status.starts_with(&got) {
                    problems.push(format!("{page}: {command}: expected {status}, got {got}"));
                }
            }
            _ => problems.push(format!("{page}: not `$ curl … # STATUS`: {command}")),
        }
    }
    problems
}

/// The commands of all `console` blocks.
fn commands(text: &str) -> Vec<&str> {
    let mut inside = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            commands.push(command);
        }
    }
    commands
}

fn status_of(command: &str, stage: &Stage) -> String {
    let here = stage.at_its_ports(command);
    let mut shell = Command::new("sh");
    shell
        .args([
            "-c",
            &format!("{here} --silent --output /dev/null --write-out '%{{http_code}}'"),
        ])
        .current_dir(stage.folder());
    for (name, value) in stage.credentials() {
        shell.env(name.to_uppercase().replace('-', "_"), value);
    }
    let output = shell.output().expect("sh and curl are there; ./test installs curl");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
