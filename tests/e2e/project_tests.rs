//! `mgw test` through the binary.

use crate::running::Running;
use crate::support::Place;
use mgw_fixtures::eventually::eventually;

const DEFINITION: &str = "openapi: 3.0.0\n\
    info: {title: Shop, version: 1.0.0}\n\
    x-wso2-basePath: /shop\n\
    x-wso2-production-endpoints: {urls: ['http://127.0.0.1:1']}\n\
    paths:\n  /items/{id}:\n    parameters: [{name: id, in: path, required: true, schema: {type: string}, example: a}]\n    \
    get:\n      x-wso2-throttling-tier: 3PerYear\n      responses: {'200': {description: ok}}\n";

fn project() -> Place {
    let place = Place::new();
    place.write("openapi.yaml", DEFINITION);
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    let policies = place.read("shop/policies.yaml");
    let limit = "resourcePolicies:\n  - 3PerYear: {count: 3, unitTime: 1, timeUnit: year}\n";
    place.write(
        "shop/policies.yaml",
        &policies.replacen("resourcePolicies:\n", limit, 1),
    );
    place
}

#[test]
fn limits_are_tested_with_repetitions() {
    let place = project();
    place.write(
        "shop/tests/limits.yaml",
        "tests:\n\
         - {name: as often as allowed, request: GET /shop/items/1, token: true, times: 3, expect: {status: 200}}\n\
         - {name: once more, request: GET /shop/items/2, token: true, expect: {status: 429, code: 900802}}\n",
    );
    let outcome = place.mgw(&["test", "shop", "--echo", "--output", "json"]).exits(0);
    let json = outcome.json();
    assert_eq!((&json["passed"], &json["failed"]), (&2.into(), &0.into()), "{json}");
}

#[test]
fn what_differs_is_told_and_ends_with_5() {
    let place = project();
    place.write(
        "shop/tests/a.yaml",
        "tests:\n- {request: GET /shop/items/1, expect: {status: 200}}\n- {request: GET /shop/none, token: true, expect: {status: 404}}\n",
    );
    place
        .mgw(&["test", "shop", "--echo", "--junit", "out.xml"])
        .exits(5)
        .says("failed: GET /shop/items/1 (shop/tests/a.yaml:2)\n  status 401 instead of 200, with the gateway's code 900902\n")
        .says("1 of 2 cases failed");
    let xml = place.read("out.xml");
    assert!(xml.contains("tests=\"2\" failures=\"1\""), "{xml}");
    place
        .mgw(&["test", "shop", "--echo", "--only", "none"])
        .exits(0)
        .says("Passed 1 case");
    // Nothing of a run stays: neither in the project nor in the user's configuration.
    let left: Vec<_> = place.files().into_iter().map(|(path, _)| path).collect();
    assert!(!left.iter().any(|path| path.ends_with("local-issuer.pem")), "{left:?}");
}

#[test]
fn a_run_that_is_stopped_leaves_no_keys_behind() {
    // Somebody's, and a build server's.
    for signal in ["INT", "TERM"] {
        stopped_by(signal);
    }
}

fn stopped_by(signal: &str) {
    let backend = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = backend.local_addr().expect("it is bound").to_string();
    backend.set_nonblocking(true).expect("it is a socket");
    let place = project();
    let definition = place.read("shop/api_definitions/openapi.yaml");
    place.write(
        "shop/api_definitions/openapi.yaml",
        &definition.replace("127.0.0.1:1", &address),
    );
    let waits = "- {request: GET /shop/items/1, token: true, expect: {status: 200}}\n";
    let answered = "- {request: GET /shop/items/1, expect: {status: 401}}\n";
    place.write("shop/tests/a.yaml", &format!("tests:\n{answered}{waits}{answered}"));
    let run = Running::start(&place, &["test", "shop", "--junit", "out.xml"]);
    // The request is there, and gets no answer.
    let mut open = None;
    eventually("the gateway asks", || {
        open = backend.accept().ok();
        open.is_some()
    });
    assert_ne!(place.temporary_files(), 0, "the keys of the run");
    run.signal(signal);
    let outcome = run
        .end()
        .exits(130)
        .says("interrupted: 1 case passed, 0 failed, 2 not run to the end");
    assert!(!outcome.stderr.contains("nothing was changed"), "{}", outcome.stderr);
    // What is known is in the report: one of the run before would be taken for this one's.
    let xml = place.read("out.xml");
    assert!(
        xml.contains("tests=\"3\"") && xml.contains("skipped=\"2\"") && xml.contains("interrupted"),
        "{xml}"
    );
    assert_eq!(place.temporary_files(), 0, "{signal}");
}

/// Whether the gateway has done it nobody can tell.
#[test]
fn a_change_of_a_gateway_that_is_interrupted_may_have_been_made() {
    let silent = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = format!("http://{}", silent.local_addr().expect("it is bound"));
    let place = Place::new();
    silent.set_nonblocking(true).expect("it is a socket");
    let run = Running::start(&place, &["admin", "unblock", "1", "--url", &address]);
    let mut open = None;
    eventually("the command asks", || {
        open = silent.accept().ok();
        open.is_some()
    });
    run.signal("INT");
    run.end()
        .exits(130)
        .says("interrupted; the change may have been made all the same")
        .says("mgw inspect blocks");
}

#[test]
fn cases_are_made_from_definitions() {
    let place = project();
    place
        .mgw(&["test", "shop", "--generate", "--echo", "-v"])
        .exits(0)
        .says("passed: GET /items/{id} of Shop:1.0.0, as in the definition's examples")
        .says("passed: GET /items/{id} of Shop:1.0.0, without credentials")
        .says("which the API does not have");
    // A backend that is away is no answer of the backend.
    place
        .mgw(&["test", "shop", "--generate"])
        .exits(5)
        .says("the gateway answers with 101503; the backend was to answer");
}

/// Also where the backend of the demo has something of its own to say.
#[test]
fn an_echo_is_one_at_every_path() {
    let place = Place::new();
    let operations = [
        "/orders",
        "/orders/{id}",
        "/products",
        "/status",
        "/events",
        "/now",
        "/delay/x",
        "/status/418",
    ];
    let paths: String = operations
        .iter()
        .map(|path| {
            format!("  {path}: {{get: {{responses: {{}}}}, post: {{responses: {{}}}}, delete: {{responses: {{}}}}}}\n")
        })
        .collect();
    let definition = DEFINITION.split("paths:").next().expect("a text");
    place.write("openapi.yaml", &format!("{definition}paths:\n{paths}"));
    place.mgw(&["init", "shop", "--api", "openapi.yaml"]).exits(0);
    let cases: String = operations
        .iter()
        .flat_map(|path| ["GET", "POST", "DELETE"].map(|method| (method, path.replace("{id}", "7"))))
        .map(|(method, path)| {
            format!(
                "- {{request: {method} /shop{path}, token: true, expect: {{status: 200, json: {{method: {method}, body: ''}}}}}}\n"
            )
        })
        .collect();
    place.write("shop/tests/echo.yaml", &format!("tests:\n{cases}"));
    place.mgw(&["test", "shop", "--echo"]).exits(0).says("Passed 24 cases");
}

#[test]
fn mistakes_in_cases_are_findings() {
    let place = project();
    place.mgw(&["test", "shop"]).exits(2).says("--generate");
    place.write(
        "shop/tests/a.yaml",
        "tests:\n- {request: GET /shop/items/1, expects: {status: 200}}\n",
    );
    place
        .mgw(&["test", "shop"])
        .exits(3)
        .says("error[test-case]: a case has no `expects`")
        .says("shop/tests/a.yaml:2:");
}

#[test]
fn each_name_is_an_application_of_its_own() {
    let place = project();
    let policies = place.read("shop/policies.yaml");
    let limit = "subscriptionPolicies:\n  - 1PerYear: {count: 1, unitTime: 1, timeUnit: year}\n";
    place.write(
        "shop/policies.yaml",
        &policies.replacen("subscriptionPolicies:\n", limit, 1),
    );
    let case = |application: &str, status: u16| {
        format!(
            "- {{request: GET /shop/items/1, token: {{application: {application}, subscription-policy: 1PerYear}}, expect: {{status: {status}}}}}\n"
        )
    };
    let cases = [case("one", 200), case("two", 200), case("one", 429), case("two", 429)];
    place.write("shop/tests/applications.yaml", &format!("tests:\n{}", cases.concat()));
    place.mgw(&["test", "shop", "--echo"]).exits(0).says("Passed 4 cases");
}

#[test]
fn why_no_case_can_be_made_is_told() {
    let place = Place::new();
    place.mgw(&["init", "shop"]).exits(0);
    place.write(
        "shop/grpc_definitions/echo.proto",
        "syntax = \"proto3\";\npackage demo;\nimport \"wso2/options.proto\";\n\
         service Echo {\n  option (wso2.production_endpoints) = { url: \"http://127.0.0.1:1\" };\n  rpc Say (M) returns (M);\n}\n\
         message M { string text = 1; }\n",
    );
    let told = place
        .mgw(&["test", "shop", "--generate", "--echo"])
        .exits(2)
        .says("No case can be made for")
        .says("it is gRPC");
    assert!(!told.stderr.contains("--generate."), "{}", told.stderr);
    // Nor can a `.proto` file say which listener is meant.
    let told = place.mgw(&["audit", "shop", "--fail-on", "never"]).exits(0);
    assert!(!told.stderr.contains("x-wso2-transports"), "{}", told.stderr);
    let call = [
        "explain",
        "request",
        "POST",
        "/demo.Echo/Say",
        "--project",
        "shop",
        "--http2",
    ];
    place
        .mgw(&[&call, ["--header", "Content-Type: application/grpc"].as_slice()].concat())
        .prints("Refused with grpc-status 16 (HTTP 200)");
}
