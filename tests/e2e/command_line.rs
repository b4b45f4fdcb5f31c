//! The command line itself: help, version, completions, manual pages, usage errors.

use crate::support::Place;

#[test]
fn version_is_data() {
    let place = Place::new();
    let text = place.mgw(&["version"]).exits(0);
    assert_eq!(text.stdout, format!("mgw {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(text.stderr, "");
    let json = place.mgw(&["version", "--output", "json"]).exits(0).json();
    assert_eq!(json["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["bundle_format"], 1);
}

#[test]
fn a_mistyped_command_is_a_usage_error_with_a_suggestion() {
    let outcome = Place::new().mgw(&["versoin"]).exits(2).says("version");
    assert_eq!(outcome.stdout, "");
}

#[test]
fn without_arguments_help_is_shown() {
    Place::new().mgw(&[]).exits(2).says("Usage: mgw");
}

#[test]
fn every_shell_gets_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = place.mgw(&["completions", shell]).exits(0);
        assert!(outcome.stdout.contains("version"), "{shell}");
    }
    place.mgw(&["completions", "csh"]).exits(2).says("bash");
}

#[test]
fn manual_pages_cover_every_command() {
    let place = Place::new();
    let main = place.mgw(&["man"]).exits(0);
    assert!(
        main.stdout.starts_with(".ie") || main.stdout.contains(".TH mgw 1"),
        "{}",
        main.stdout
    );
    place.mgw(&["man", "--directory", "man"]).exits(0);
    let help = place.mgw(&["--help"]).exits(0).stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 1, "{help}");
    for command in commands {
        let page = place.read(&format!("man/mgw-{command}.1"));
        assert!(page.contains(command), "{command}");
    }
}
