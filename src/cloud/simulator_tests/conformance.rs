//! Every request of the client is an operation of the control plane's own definitions, with parameters these know.

use super::*;
use mgw_fixtures::conformance::Definitions;
use mgw_fixtures::simulator::RecordedRequest;

/// Paths of OAuth, which no definition file describes.
const UNDESCRIBED: [&str; 4] = ["/token", "/revoke", "/oauth2/token", "/oauth2/revoke"];

/// Whether a request is of those by which the generation is found out, and that others than this one would answer.
fn is_probe(request: &RecordedRequest) -> bool {
    let path = request.path();
    path.starts_with("/client-registration/")
        || (path.starts_with("/api/am/publisher/v") && path.ends_with("/apis") && request.query() == "limit=1")
}

/// The definitions are beside a development checkout only.
fn definitions(shape: Shape) -> Option<Definitions> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs");
    let definitions = Definitions::load(&folder, shape).unwrap();
    if definitions.is_none() {
        eprintln_skipped();
    }
    definitions
}

/// What is wrong with a request by the definitions.
fn faults(request: &RecordedRequest, definitions: &Definitions) -> Vec<String> {
    if UNDESCRIBED.contains(&request.path()) || is_probe(request) {
        Vec::new()
    } else if definitions.covers(request) {
        definitions.check_request(request)
    } else {
        vec![format!(
            "{} {}: no definition describes it",
            request.method, request.target
        )]
    }
}

/// Signs in, pulls in every way, signs out; then judges every request.
fn judge(shape: Shape) {
    let Some(definitions) = definitions(shape) else { return };
    let bench = Bench::start(shape);
    for (user, password) in [(DEVELOPER, "demo-password-ben"), (ADMIN, "demo-password")] {
        bench.login(user).unwrap();
        let project = bench.project().display().to_string();
        let words = [
            "pull",
            project.as_str(),
            "--label",
            "dev",
            "--label",
            "prod",
            "--api",
            "Orders:2.0.0",
        ];
        bench.run_with(&words, &[("MGW_PASSWORD", password)]).unwrap();
        let _ = bench.pull(&["--label", "nowhere"]).unwrap_err();
        bench.run(&["logout"]).unwrap();
    }
    let requests = bench.simulator.requests();
    assert!(requests.len() > 40, "{}", requests.len());
    let faults: Vec<String> = requests
        .iter()
        .flat_map(|request| faults(request, &definitions))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[expect(clippy::print_stderr, reason = "a test that checks nothing must say so")]
fn eprintln_skipped() {
    eprintln!("SKIPPED: ../shared/specs is not there");
}

#[test]
fn requests_to_api_cloud_are_its_own() {
    judge(Shape::ApiCloud);
}

#[test]
fn requests_to_api_manager_are_its_own() {
    // No definitions of 4.1 are at hand.
    let has_definitions = |shape: &Shape| !matches!(shape, Shape::ApiCloud | Shape::Apim41);
    for shape in Shape::ALL.into_iter().filter(has_definitions) {
        judge(shape);
    }
}

#[test]
fn the_judge_finds_what_is_wrong() {
    let Some(definitions) = definitions(Shape::ApiCloud) else {
        return;
    };
    for (method, target, expected) in [
        ("GET", "/api/am/publisher/apis?limit=1", None),
        (
            "GET",
            "/api/am/publisher/apis?limit=1&bogus=2",
            Some("the parameter bogus is not defined"),
        ),
        ("POST", "/api/am/publisher/labels", Some("not defined")),
        ("GET", "/api/am/publisher/v1/apis", Some("not defined")),
        ("GET", "/other/apis", Some("no definition describes it")),
    ] {
        let request = RecordedRequest {
            method: method.into(),
            target: target.into(),
            content_type: None,
            status: None,
        };
        let found = faults(&request, &definitions);
        match expected {
            None => assert_eq!(found, [""; 0], "{method} {target}"),
            Some(expected) => assert!(
                found.iter().any(|fault| fault.contains(expected)),
                "{method} {target}: {found:?}"
            ),
        }
    }
}
