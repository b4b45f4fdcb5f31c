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
    /// Only the first request is answered so: paths are beginnings, and that of the list is one of each API's.
    once: bool,
}

impl Lie {
    fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

const APIS: &str = "/api/am/publisher/apis";
const ONE: &str = "/api/am/publisher/apis/";
const POLICIES: &str = "/api/am/admin/throttling/policies/";
const SWAGGER: &str = "/api/am/publisher/apis/c0000000-0000-4000-8000-000000000010/swagger";
const ADVANCED: &str = "/api/am/admin/throttling/policies/advanced/";

/// An error of the control plane, as those have it that forget the status.
const ERROR: &str = "{\"code\": 900900, \"message\": \"Unclassified Failure\", \"description\": \"\"}";

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

/// An API that there is, by its id, and what else makes an entry of the list.
const STATEMENTS: &str = "\"id\": \"c0000000-0000-4000-8000-000000000010\"";
const MEMBERS: &str = "\"name\": \"Statements\", \"version\": \"1.0.0\", \"lifeCycleStatus\": \"PUBLISHED\"";

fn lie(name: &'static str, path: &'static str, effect: Effect) -> Lie {
    Lie {
        name,
        path,
        effect,
        once: false,
    }
}

fn lies() -> Vec<Lie> {
    [lies_of_lists(), lies_of_objects(), errors_and_redirects()]
        .into_iter()
        .flatten()
        .collect()
}

/// What takes the place of the list of APIs.
fn lies_of_lists() -> Vec<Lie> {
    let of_text = |list: String| json(format!("{{\"count\": 1, \"list\": {list}}}"));
    let nested = format!("{{\"list\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    vec![
        lie("html", APIS, Effect::Html),
        lie("html-as-json", APIS, json(format!("<html>{CANARY}</html>"))),
        lie("cut", APIS, json("{\"count\": 1, \"list\": [{\"id\": \"c00")),
        lie("empty", APIS, json("")),
        lie("null", APIS, json("null")),
        lie("empty-array", APIS, json("[]")),
        lie("empty-object", APIS, json("{}")),
        lie("list-is-null", APIS, of_text("null".to_owned())),
        lie("list-is-text", APIS, of_text(format!("\"{CANARY}\""))),
        lie("list-of-texts", APIS, of_text(format!("[\"{CANARY}\"]"))),
        lie("id-missing", APIS, listed(MEMBERS)),
        lie("id-empty", APIS, listed(&format!("\"id\": \" \", {MEMBERS}"))),
        lie("id-path", APIS, listed(&format!("\"id\": \"../../x\", {MEMBERS}"))),
        lie(
            "name-missing",
            APIS,
            listed(&format!("{STATEMENTS}, \"version\": \"1.0.0\"")),
        ),
        lie(
            "version-list",
            APIS,
            listed(&format!(
                "{STATEMENTS}, \"name\": \"Statements\", \"version\": [\"1.0.0\"]"
            )),
        ),
        lie(
            "name-path",
            APIS,
            listed(&format!(
                "{STATEMENTS}, \"name\": \"../../etc\", \"version\": \"1.0.0\""
            )),
        )
        .once(),
        lie(
            "name-escape",
            APIS,
            listed(&format!(
                "{STATEMENTS}, \"name\": \"a\\u001b[31mb\\nc\", \"version\": \"1.0.0\""
            )),
        ),
        lie(
            "id-of-two",
            APIS,
            of_text(format!(
                "[{{{STATEMENTS}, {MEMBERS}}}, {{{STATEMENTS}, \"name\": \"Other\", \"version\": \"1\"}}]"
            )),
        ),
        lie("deep", APIS, json(nested)),
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
        lie("huge", APIS, Effect::Huge { bytes: Some(80 << 20) }),
        lie("no-content", APIS, answer(204, "application/json", "")),
    ]
}

/// What takes the place of a single API, its definition, or policies.
fn lies_of_objects() -> Vec<Lie> {
    let details = |more: &str| {
        json(format!(
            "{{{STATEMENTS}, {MEMBERS}, \"context\": \"/statements\", {more}}}"
        ))
    };
    vec![
        lie("details-html", ONE, Effect::Html),
        lie("details-list", ONE, json("[1, 2]")),
        lie("details-cut", ONE, json("{\"id\": \"c0")),
        lie("details-error-with-200", ONE, json(ERROR)),
        lie("details-of-another", ONE, details("\"type\": \"HTTP\"")),
        lie("details-security-number", ONE, details("\"securityScheme\": 7")),
        lie("details-operations-text", ONE, details("\"operations\": \"GET /a\"")),
        lie(
            "details-operation-no-verb",
            ONE,
            details("\"operations\": [{\"target\": \"/a\"}]"),
        ),
        lie(
            "details-backend-text",
            ONE,
            details(&format!("\"endpointConfig\": \"{CANARY}\"")),
        ),
        lie("definition-text", SWAGGER, json("\"ok\"")),
        lie("definition-empty", SWAGGER, json("{}")),
        lie("definition-error-with-200", SWAGGER, json(ERROR)),
        lie("definition-html", SWAGGER, Effect::Html),
        lie("definition-cut", SWAGGER, json("{\"openapi\": \"3.0.1\", \"paths\": {")),
        lie("policies-text", POLICIES, json("\"ok\"")),
        lie("policies-html", POLICIES, Effect::Html),
        lie("policies-empty-array", POLICIES, json("[]")),
        lie("policy-of-another", ADVANCED, json("{\"policyName\": \"Other\"}")),
        lie("policy-error-with-200", ADVANCED, json(ERROR)),
    ]
}

/// Answers that are errors or lead elsewhere, whatever was asked for.
fn errors_and_redirects() -> Vec<Lie> {
    let coloured = "{\"fault\": {\"message\": \"a\\n\\u001b[31mb\"}}";
    vec![
        lie("error-with-200", APIS, json(ERROR)),
        lie("error-lines", APIS, answer(500, "application/json", coloured)),
        lie("error-long", APIS, answer(400, "text/plain", "x".repeat(100_000))),
        lie("redirect-to-itself", APIS, redirect(APIS)),
        lie("redirect-to-clear", APIS, redirect("http://localhost:1/api")),
        lie(
            "redirect-elsewhere",
            APIS,
            redirect("https://dev:CANARY-lie@elsewhere.example/api"),
        ),
        lie("redirect-to-nothing", APIS, redirect("https://")),
    ]
}

/// The port of the control plane is another one each time.
fn without_port(text: &str, url: &str) -> String {
    let port = url.rsplit(':').next().expect("the URL has a port");
    text.replace(port, "PORT")
}

fn check(case: &Case, lie: &Lie, update: bool) -> Vec<String> {
    let fault = Fault::new(lie.path, lie.effect.clone());
    case.simulator.set_fault(if lie.once { fault.times(1) } else { fault });
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

/// A list may be empty, and is told as what it is.
#[test]
fn an_empty_list_is_no_lie() {
    let case = Case::signed_in();
    case.simulator.set_fault(Fault::new(
        APIS,
        json("{\"count\": 0, \"list\": [], \"pagination\": {\"total\": 0}}"),
    ));
    let before = case.place.files();
    let outcome = case.mgw(&["pull", "shop", "--label", "partner"]);
    assert_eq!(outcome.code, 3, "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("no API with the label `partner` can be served"),
        "{}",
        outcome.stderr
    );
    assert_eq!(case.place.files(), before);
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
