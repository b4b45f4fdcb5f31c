//! `mgw demo` through the binary.

use crate::running::Running;
use crate::support::Place;

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
