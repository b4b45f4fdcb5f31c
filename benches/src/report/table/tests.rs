use super::*;
use crate::measure::Sample;
use crate::scenario::{Case, Scenario, SubjectKind};

fn row(subject: SubjectKind, scenario: Scenario, cpu_us: f64) -> Row {
    let sample = Sample {
        cpu_us,
        user_us: cpu_us / 4.0,
        system_us: cpu_us * 3.0 / 4.0,
        requests_per_second: 1e6 / cpu_us,
        p50_us: 800.0,
        p99_us: 1_900.0,
        resident_bytes: 9.0 * MIB,
        requests: 1_000,
    };
    Row::new(Case { subject, scenario }, vec![sample]).unwrap()
}

fn report(rows: Vec<Row>, start: Option<Start>) -> Report {
    Report {
        rounds: 3,
        seconds: 2,
        connections: 64,
        load: "wrk",
        machine: Machine {
            processor: None,
            cores: 2,
            pinning: None,
            load_average: Some(0.5),
            wrk: Some("wrk 4".into()),
            haproxy: None,
        },
        rows,
        start,
    }
}

#[test]
fn ratios_are_taken_in_the_run_and_judged() {
    let report = report(
        vec![
            row(SubjectKind::Floor, Scenario::Plain, 8.0),
            row(SubjectKind::Haproxy, Scenario::Plain, 10.0),
            row(SubjectKind::Mgw, Scenario::Plain, 12.0),
            row(SubjectKind::Mgw, Scenario::BadToken, 4.0),
        ],
        None,
    );
    let text = report.text();
    let line = |start: &str| text.lines().find(|line| line.starts_with(start)).unwrap();
    assert!(line("mgw          plain").contains("12.0"), "{text}");
    assert!(line("mgw          plain").contains("1.50 (≤ 1.6) +"), "{text}");
    assert!(line("mgw          plain").contains("1.20 (≤ 1.1) !"), "{text}");
    assert!(line("mgw          bad token").contains("0.50 (≤ 0.8) +  "), "{text}");
    assert!(line("HAProxy").contains("1.25"), "{text}");
    assert!(
        text.starts_with("2 cores, load average 0.5 before the run\nnot pinned to cores\n"),
        "{text}"
    );
}

#[test]
fn without_a_floor_there_is_no_ratio() {
    let report = report(vec![row(SubjectKind::Mgw, Scenario::Plain, 12.0)], None);
    assert!(!report.text().contains('≤'), "{}", report.text());
    let json: serde_json::Value = serde_json::from_str(&report.json().unwrap()).unwrap();
    let case = &json["cases"][0];
    assert_eq!(case["subject"], "mgw");
    assert!(case["floor_ratio"].is_null());
    assert_eq!(case["target"]["floor"], 1.6);
    assert_eq!(case["median"]["cpu_us"], 12.0);
}

#[test]
fn a_start_is_held_against_its_bars() {
    let start = Start {
        apis: 100,
        first_answer_ms: 42.4,
        idle_resident_bytes: 21.0 * MIB,
    };
    let text = report(Vec::new(), Some(start)).text();
    assert!(
        text.contains("100 APIs: first proxied 200 after 42 ms (≤ 100) +, idle RSS 21.0 MiB (≤ 20) !"),
        "{text}"
    );
}

#[test]
fn columns_line_up() {
    let lines = [["a", "bb", "1.0"], ["ccc", "d", "10.0"]].map(|line| line.map(str::to_owned));
    assert_eq!(layout(&lines), "a    bb   1.0\nccc  d   10.0\n");
}
