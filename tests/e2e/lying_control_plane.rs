//! A control plane whose answers are none, or not those that were asked for: what is said, and that nothing is pulled.
//!
//! What is said stands in `lies/NAME.txt`; `UPDATE_GOLDEN=1` writes down what is said now.

use crate::broken::promises::INSIDE;
use crate::pull::Case;
use mgw_fixtures::simulator::{Effect, Fault};
use std::path::{Path, PathBuf};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/lies");

/// A secret that answers carry and nobody is told.
const CANARY: &str = "CANARY-lie";

/// A lie: its name, the requests that are answered so, and the answer.
struct Lie {
    name: &'static str,
    path: &'static str,
    effect: Effect,
}

const APIS: &str = "/api/am/publisher/apis";
const ONE: &str = "/api/am/publisher/apis/";
const POLICIES: &str = "/api/am/admin/throttling/policies/";

fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Effect {
    Effect::Answer {
        status,
        content_type: content_type.to_owned(),
        location: None,
        body: body.into(),
    }
}

fn json(body: impl Into<Vec<u8>>) -> Effect {
    answer(200, "application/json", body)
}

fn redirect(location: &str) -> Effect {
    Effect::Answer {
        status: 302,
        content_type: "text/plain".to_owned(),
        location: Some(location.to_owned()),
        body: Vec::new(),
    }
}

/// A list of one API with these members.
fn listed(members: &str) -> Effect {
    json(format!(
        "{{\"count\": 1, \"list\": [{{{members}}}], \"pagination\": {{\"total\": 1, \"offset\": 0, \"limit\": 100}}}}"
    ))
}

fn lies() -> Vec<Lie> {
    let lie = |name, path, effect| Lie { name, path, effect };
    let of_api = |more: &str| {
        listed(&format!(
            "\"id\": \"c0000000-0000-4000-8000-000000000010\", \"name\": \"Statements\", \"version\": \"1.0.0\", \
             \"context\": \"/statements\", \"lifeCycleStatus\": \"PUBLISHED\"{more}"
        ))
    };
    vec![
        lie("html", APIS, Effect::Html),
        lie("html-as-json", APIS, json(format!("<html>{CANARY}</html>"))),
        lie("cut", APIS, json("{\"count\": 1, \"list\": [{\"id\": \"c00")),
        lie("empty", APIS, json("")),
        lie("null", APIS, json("null")),
        lie(
            "list-is-text",
            APIS,
            json(format!("{{\"count\": 1, \"list\": \"{CANARY}\"}}")),
        ),
        lie(
            "id-path",
            APIS,
            listed(
                "\"id\": \"../../x\", \"name\": \"Statements\", \"version\": \"1.0.0\", \"lifeCycleStatus\": \"PUBLISHED\"",
            ),
        ),
        lie(
            "name-path",
            APIS,
            listed(
                "\"id\": \"c0000000-0000-4000-8000-000000000010\", \"name\": \"../../etc\", \"version\": \"1.0.0\", \
                 \"lifeCycleStatus\": \"PUBLISHED\"",
            ),
        ),
        lie("state-number", APIS, of_api(", \"lifeCycleStatus\": 7")),
        lie(
            "deep",
            APIS,
            json(format!("{{\"list\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000))),
        ),
        lie(
            "latin-1",
            APIS,
            json(b"{\"list\": [{\"name\": \"B\xfccher\"}]}".to_vec()),
        ),
        lie(
            "zip",
            APIS,
            answer(200, "application/zip", b"PK\x03\x04not a list".to_vec()),
        ),
        lie(
            "error-with-200",
            APIS,
            json("{\"code\": 900900, \"message\": \"Unclassified Failure\", \"description\": \"\"}"),
        ),
        lie(
            "error-lines",
            APIS,
            answer(
                500,
                "application/json",
                "{\"fault\": {\"message\": \"a\\n\\u001b[31mb\"}}",
            ),
        ),
        lie("error-long", APIS, answer(400, "text/plain", "x".repeat(100_000))),
        lie("huge", APIS, Effect::Huge { bytes: Some(80 << 20) }),
        lie("redirect-to-itself", APIS, redirect(APIS)),
        lie("redirect-to-clear", APIS, redirect("http://localhost:1/api")),
        lie(
            "redirect-elsewhere",
            APIS,
            redirect("https://dev:CANARY-lie@elsewhere.example/api"),
        ),
        lie("no-content", APIS, answer(204, "application/json", "")),
        lie("details-html", ONE, Effect::Html),
        lie("details-list", ONE, json("[1, 2]")),
        lie("details-cut", ONE, json("{\"id\": \"c0")),
        lie("policies-text", POLICIES, json("\"ok\"")),
        lie("policies-html", POLICIES, Effect::Html),
    ]
}

/// The port of the control plane is another one each time.
fn without_port(text: &str, url: &str) -> String {
    let port = url.rsplit(':').next().expect("the URL has a port");
    text.replace(port, "PORT")
}

fn check(case: &Case, lie: &Lie, update: bool) -> Vec<String> {
    case.simulator.set_fault(Fault::new(lie.path, lie.effect.clone()));
    let before = case.place.files();
    let outcome = case.mgw(&["pull", "shop", "--label", "partner"]);
    case.simulator.clear_faults();
    let said = format!(
        "$ mgw pull shop --label partner\n{}{}--- exit code {}\n",
        without_port(&outcome.stdout, case.simulator.url()),
        without_port(&outcome.stderr, case.simulator.url()),
        outcome.code
    );
    let mut problems = Vec::new();
    let mut broken = |what: &str| problems.push(format!("{}: {what}:\n{said}", lie.name));
    if ![4, 8, 11, 12, 13, 14].contains(&outcome.code) {
        broken("not an exit code for a control plane that answers wrongly");
    }
    if said.contains(CANARY) {
        broken("a secret is told");
    }
    if said.contains('\u{1b}') || said.lines().any(|line| line.len() > 1_000) {
        broken("the answer is told as it came");
    }
    if !said.contains("  hint: ") {
        broken("no remedy is named");
    }
    for word in INSIDE {
        if said.contains(word) {
            broken(&format!("{word:?} is a word of the inside"));
        }
    }
    if case.place.files() != before {
        broken("the folder is another one");
    }
    let golden = PathBuf::from(GOLDEN).join(lie.name).with_extension("txt");
    if update {
        std::fs::create_dir_all(GOLDEN).expect("the folder is writable");
        std::fs::write(&golden, &said).expect("the folder is writable");
    } else {
        let expected = std::fs::read_to_string(&golden).unwrap_or_default();
        if expected != said {
            problems.push(format!("{}: expected\n{expected}\ngot\n{said}", lie.name));
        }
    }
    problems
}

#[test]
fn what_is_no_answer_is_named_and_changes_nothing() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let case = Case::signed_in();
    let lies = lies();
    let problems: Vec<String> = lies.iter().flat_map(|lie| check(&case, lie, update)).collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

/// A golden file of a lie that nobody tells any more is a leftover.
#[test]
fn every_golden_file_belongs_to_a_lie() {
    let lies = lies();
    for entry in Path::new(GOLDEN).read_dir().expect("the folder is there") {
        let path = entry.expect("the folder is readable").path();
        let name = path
            .file_stem()
            .expect("a file has a name")
            .to_string_lossy()
            .into_owned();
        assert!(lies.iter().any(|lie| lie.name == name), "{}", path.display());
    }
}
