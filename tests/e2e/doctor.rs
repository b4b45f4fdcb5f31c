//! `mgw doctor` through the binary.

use crate::support::Place;

#[test]
fn a_fresh_user_is_told_what_is_missing_and_nothing_is_written() {
    let place = Place::new();
    let report = place.mgw(&["doctor", "--offline", "--output", "json"]).json();
    let verdict = |subject: &str| {
        let checks = report["checks"].as_array().expect("a list of checks");
        let check = checks.iter().find(|check| check["subject"] == subject);
        check.map(|check| check["verdict"].clone()).unwrap_or_default()
    };
    assert_eq!(verdict("user folder"), "ok");
    assert_eq!(verdict("session"), "warning");
    assert_eq!(verdict("project"), "warning");
    assert!(!place.config_dir().exists());
    assert!(place.files().is_empty());
}

#[test]
fn broken_settings_are_a_problem_with_a_position() {
    let place = Place::new();
    place.write("mgw.toml", "format = 1\nname = shop\n");
    let outcome = place.mgw(&["doctor", "--offline"]).exits(7);
    assert!(outcome.stdout.contains("mgw.toml:2:8"), "{}", outcome.stdout);
}
