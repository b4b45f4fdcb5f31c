//! `mgw demo` through the binary.

use crate::running::Running;
use crate::support::Place;
#[cfg(target_os = "linux")]
use crate::support::ignoring_hang_up;

#[test]
fn the_demo_checks_its_own_answers_and_ends() {
    let place = Place::new();
    let outcome = place.mgw(&["demo", "--exit", "--output", "json"]).exits(0);
    let report = outcome.json();
    let steps: Vec<&str> = report["steps"]
        .as_array()
        .expect("a list of steps")
        .iter()
        .filter_map(|step| step["step"].as_str())
        .collect();
    assert_eq!(steps, ["login", "init", "pull", "check", "build", "verify", "run"]);
    let calls: Vec<u64> = report["calls"]
        .as_array()
        .expect("a list of calls")
        .iter()
        .filter_map(|call| call["status"].as_u64())
        .collect();
    assert_eq!(calls, [200, 401, 429, 200, 200]);
    assert!(
        outcome.stderr.contains("$ mgw pull shop --label dev"),
        "{}",
        outcome.stderr
    );
    // Everything is written to a folder of the demo's own.
    assert!(place.files().is_empty());
    assert!(!place.config_dir().exists());
}

/// What is in the folder for temporary files after a demo that was ended by a signal.
#[cfg(target_os = "linux")]
fn left_after(place: &Place, signal: &str, code: i32) -> usize {
    let mut demo = Running::of(ignoring_hang_up(&place.command(&["demo"]), false));
    demo.line();
    assert_eq!(place.temporary_files(), 1);
    demo.ignore_output();
    demo.signal(signal);
    demo.end().exits(code);
    place.temporary_files()
}

#[cfg(target_os = "linux")]
#[test]
fn the_demo_ends_with_its_terminal_and_leaves_nothing() {
    let place = Place::new();
    assert_eq!(left_after(&place, "HUP", 0), 0);
    // One that was killed could not put anything away; the next one does.
    assert_eq!(left_after(&place, "KILL", -1), 1);
    assert_eq!(left_after(&place, "INT", 0), 0);
}

/// As `nohup` has it.
#[cfg(target_os = "linux")]
#[test]
fn a_demo_that_is_to_outlive_its_terminal_does() {
    let place = Place::new();
    let mut demo = Running::of(ignoring_hang_up(&place.command(&["demo"]), true));
    demo.line();
    let status = std::fs::read_to_string(format!("/proc/{}/status", demo.id())).expect("it runs");
    let hang_up = |name: &str| {
        let mask = status.lines().find_map(|line| line.strip_prefix(name)).expect("a mask");
        u64::from_str_radix(mask.trim(), 16).expect("a number") & 1
    };
    assert_eq!((hang_up("SigIgn:"), hang_up("SigCgt:")), (1, 0));
    demo.ignore_output();
    demo.signal("INT");
    demo.end().exits(0);
}

#[test]
fn the_demo_stays_up_until_it_is_interrupted() {
    let place = Place::new();
    let mut demo = Running::start(&place, &["demo", "--keep", "kept"]);
    let with_token = demo.line();
    let without_token = demo.line();
    let over_quota = demo.line();
    let ready = demo.line();
    let metrics = demo.line();
    assert!(over_quota.starts_with("for i in "), "{over_quota}");
    for (line, expected) in [
        (with_token, "HTTP/1.1 200"),
        (without_token, "HTTP/1.1 401"),
        (format!("{ready} -i"), "HTTP/1.1 200"),
        (format!("{metrics} -i"), "HTTP/1.1 200"),
    ] {
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("{line} -s")])
            .output()
            .expect("sh and curl are there");
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(answer.starts_with(expected), "{line}\n{answer}");
    }
    demo.signal("INT");
    let outcome = demo.end().exits(0);
    assert!(outcome.stderr.contains("Stopped"), "{}", outcome.stderr);
    assert!(place.path().join("kept/shop/mgw.lock").is_file());
    // What is kept is not overwritten.
    place.mgw(&["demo", "--exit", "--keep", "kept"]).exits(7).says("kept");
}
