//! What is different with somebody at a terminal: prompts, hidden passwords, colours.
//!
//! `script` from util-linux gives the binary a terminal of its own; what is typed goes in through a pipe.

use crate::support::{Outcome, Place};
use mgw_fixtures::simulator::{Options, Simulator};
use std::io::{Read, Write};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the binary on a terminal and types each answer once its question is on the screen. The screen is standard output.
pub(crate) fn on_terminal(
    place: &Place,
    arguments: &[&str],
    variables: &[(&str, &str)],
    answers: &[(&str, &str)],
) -> Outcome {
    let inner = place.command(arguments);
    let words: Vec<String> = std::iter::once(inner.get_program())
        .chain(inner.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let mut command = Command::new("script");
    command
        // Without this, nothing is echoed from the start: no password would show, hidden or not.
        .args(["--quiet", "--return", "--flush", "--echo", "always", "--command"])
        .arg(format!("tty; exec {}", words.join(" ")))
        .arg("/dev/null")
        .current_dir(place.path())
        .env_clear()
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    for (name, value) in variables {
        command.env(name, value);
    }
    let mut child = command.spawn().expect("script is there");
    let mut keyboard = child.stdin.take().expect("standard input is piped");
    let mut screen = child.stdout.take().expect("standard output is piped");
    let mut shown = String::new();
    let mut show_until = |screen: &mut ChildStdout, expected: &str| {
        while !shown.contains(expected) {
            let mut bytes = [0; 1024];
            let count = screen.read(&mut bytes).expect("the screen is readable");
            assert!(count > 0, "no {expected:?} on the screen:\n{shown}");
            shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        shown.clone()
    };
    let first = show_until(&mut screen, "\n");
    let terminal = first.lines().next().unwrap_or_default().to_owned();
    for (question, answer) in answers {
        show_until(&mut screen, question);
        if question.starts_with("Password") {
            // What is typed before the terminal stops to echo is thrown away.
            until_nothing_is_echoed(&terminal);
        }
        keyboard
            .write_all(format!("{answer}\r").as_bytes())
            .expect("the terminal takes input");
    }
    let mut rest = Vec::new();
    screen.read_to_end(&mut rest).expect("the screen is readable");
    shown.push_str(&String::from_utf8_lossy(&rest));
    let status = child.wait().expect("script ends");
    Outcome {
        code: status.code().unwrap_or(-1),
        stdout: shown,
        stderr: String::new(),
    }
}

fn until_nothing_is_echoed(terminal: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let settings = Command::new("stty")
            .args(["-F", terminal, "-a"])
            .output()
            .expect("stty is there");
        if String::from_utf8_lossy(&settings.stdout)
            .split_whitespace()
            .any(|word| word == "-echo")
        {
            return;
        }
        assert!(Instant::now() < deadline, "{terminal} goes on echoing: {settings:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn login_asks_for_what_is_missing_and_hides_the_password() {
    let simulator = Simulator::start(Options::default())
        .await
        .expect("the simulator starts");
    let place = Place::new();
    place.write("ca.pem", simulator.ca_pem());
    let arguments = [
        "login",
        "--url",
        simulator.url(),
        "--ca",
        "ca.pem",
        "--kind",
        "api-cloud",
    ];
    let outcome = on_terminal(
        &place,
        &arguments,
        &[],
        &[
            ("E-mail address", "dev@meridian.example"),
            ("Organisation key", "meridian"),
            ("Password of dev@meridian.example@meridian", "demo-password"),
        ],
    )
    .exits(0);
    assert!(outcome.stdout.contains("Signed in"), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("demo-password"), "{}", outcome.stdout);
    place.mgw(&["whoami"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_on_a_terminal_is_not_asked() {
    let simulator = Simulator::start(Options::default())
        .await
        .expect("the simulator starts");
    let place = Place::new();
    place.write("ca.pem", simulator.ca_pem());
    let arguments = [
        "login",
        "--url",
        simulator.url(),
        "--ca",
        "ca.pem",
        "--kind",
        "api-cloud",
    ];
    for (variables, more) in [(&[("CI", "true")][..], &[][..]), (&[], &["--no-input"])] {
        let arguments: Vec<&str> = arguments.iter().chain(more).copied().collect();
        let outcome = on_terminal(&place, &arguments, variables, &[]).exits(10);
        assert!(outcome.stdout.contains("--email"), "{}", outcome.stdout);
    }
}

#[test]
fn colours_are_for_terminals_and_can_be_declined() {
    const ESCAPE: &str = "\u{1b}[";
    let place = Place::new();
    let colourful = |variables: &[(&str, &str)], more: &[&str]| {
        let arguments: Vec<&str> = ["check", "nowhere"].iter().chain(more).copied().collect();
        let outcome = on_terminal(&place, &arguments, variables, &[]).exits(3);
        assert!(outcome.stdout.contains("nowhere"), "{}", outcome.stdout);
        outcome.stdout.contains(ESCAPE)
    };
    assert!(colourful(&[], &[]));
    assert!(!colourful(&[("NO_COLOR", "1")], &[]));
    assert!(!colourful(&[("TERM", "dumb")], &[]));
    assert!(!colourful(&[], &["--color", "never"]));
    let piped = place.mgw(&["check", "nowhere"]).exits(3);
    assert!(!piped.stderr.contains(ESCAPE), "{}", piped.stderr);
    let forced = place.mgw(&["check", "nowhere", "--color", "always"]).exits(3);
    assert!(forced.stderr.contains(ESCAPE), "{}", forced.stderr);
}
