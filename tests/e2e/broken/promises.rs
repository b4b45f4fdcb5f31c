//! What holds whatever the input is.

use super::stage::{CANARY, Case, Ran};
use crate::support::Outcome;
use serde_json::Value;

/// The documented exit codes, without 1, which is a bug. 0 is for what is taken with a warning.
const CODES: [i32; 17] = [0, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 20, 34, 130];

/// Words of the program's inside. None of them says anything to the author of a file.
pub(crate) const INSIDE: [&str; 15] = [
    "panicked",
    "RUST_BACKTRACE",
    "serde",
    "untagged",
    "did not match any variant",
    "missing field",
    "unknown field",
    "invalid type",
    "unknown variant",
    "expected struct",
    "expected value",
    "Option<",
    "Os {",
    "at line 1 column",
    "u64",
];

/// Returns the promises that a run broke.
pub fn kept(case: &Case, ran: &Ran) -> Vec<String> {
    let mut problems = surroundings(case, ran);
    let outcome = &ran.outcome;
    let mut broken = |what: &str| {
        problems.push(format!("{}: {what}:\n{}{}", case.name, outcome.stdout, outcome.stderr));
    };
    if !outcome.stderr.is_empty() && !outcome.stderr.ends_with('\n') {
        broken("the text does not end with a line end");
    }
    if outcome.code != 0 && !has_place(ran) {
        broken("no place is named");
    }
    if outcome.code != 0
        && !case.is_random()
        && !(outcome.stderr.contains("help: ") || outcome.stderr.contains("hint: "))
    {
        broken("no remedy is named");
    }
    for word in INSIDE {
        if outcome.stderr.contains(word) {
            broken(&format!("{word:?} is a word of the inside"));
        }
    }
    if twice(&outcome.stderr) {
        broken("something is said twice");
    }
    problems
}

/// With `--output json` standard output is one document, of findings or of an error.
pub fn kept_in_json(case: &Case, ran: &Ran) -> Vec<String> {
    let mut problems = surroundings(case, ran);
    let outcome = &ran.outcome;
    let mut broken = |what: &str| {
        problems.push(format!("{}: {what}:\n{}{}", case.name, outcome.stdout, outcome.stderr));
    };
    let document: Value = match serde_json::from_str(&outcome.stdout) {
        Ok(document) => document,
        Err(error) => {
            broken(&format!("no JSON: {error}"));
            return problems;
        }
    };
    if outcome.code == 0 {
        return problems;
    }
    let is_error = document["error"].is_string()
        && document["exit_code"] == outcome.code
        && document["causes"].is_array()
        && document["hints"].is_array();
    let findings = document["diagnostics"].as_array();
    // Of a workspace, each project has its own.
    let lists = ["findings", "cases", "members"];
    let is_findings = findings.is_some() || lists.iter().any(|list| document[*list].is_array());
    if !is_error && !is_findings {
        broken("neither an error nor findings");
    }
    for finding in findings.into_iter().flatten() {
        if !finding["severity"].is_string() || !finding["message"].is_string() {
            broken("a finding without severity or message");
        }
    }
    problems
}

fn surroundings(case: &Case, ran: &Ran) -> Vec<String> {
    let mut problems = of_output(case, ran);
    if !case.writes() && !ran.changed.is_empty() {
        let Outcome { stdout, stderr, .. } = &ran.outcome;
        problems.push(format!(
            "{}: the folder is another one: {:?}:\n{stdout}{stderr}",
            case.name, ran.changed
        ));
    }
    problems
}

/// What holds for what a command says, whether it changes files or not.
pub fn of_output(case: &Case, ran: &Ran) -> Vec<String> {
    let mut problems = Vec::new();
    let outcome = &ran.outcome;
    let mut broken = |what: &str| {
        problems.push(format!("{}: {what}:\n{}{}", case.name, outcome.stdout, outcome.stderr));
    };
    if !CODES.contains(&outcome.code) {
        broken(&format!("{} is no exit code", outcome.code));
    }
    let both = [&outcome.stdout, &outcome.stderr];
    if both.iter().any(|text| text.contains(CANARY)) {
        broken("a secret is told");
    }
    let inside = ran.place.path();
    let inside = inside
        .parent()
        .expect("the working folder has a parent")
        .display()
        .to_string();
    if both.iter().any(|text| text.contains(&inside)) {
        broken("a path is absolute");
    }
    problems
}

/// A file of the case, a flag or an environment variable: something to look for.
fn has_place(ran: &Ran) -> bool {
    let text = &ran.outcome.stderr;
    let named = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        text.contains(name)
    };
    text.contains("-->") || text.contains(" --") || text.contains("MGW_") || ran.files.iter().any(named)
}

/// Whether a line that says what is wrong stands twice, or a message says itself again.
fn twice(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    let wrong = |line: &str| line.starts_with("error") || line.starts_with("  caused by: ");
    lines.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        let end = second.trim_start_matches("  caused by: ");
        second.starts_with("  caused by: ") && wrong(first) && first.ends_with(end)
    })
}
