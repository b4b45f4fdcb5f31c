//! Suppressions of `mgw audit`: each covers what it names, whoever found it.

use crate::support::{Outcome, POLICIES, Place};

/// A suppression in `mgw.toml`.
fn suppress(rule: &str, api: Option<&str>, operation: Option<&str>) -> String {
    let line = |key: &str, value: Option<&str>| value.map(|value| format!("{key} = \"{value}\"\n")).unwrap_or_default();
    format!(
        "[[audit.suppress]]\nrule = \"{rule}\"\n{}{}reason = \"an example\"\nuntil = \"9999-12-31\"\n",
        line("api", api),
        line("operation", operation)
    )
}

fn audit(place: &Place, suppressions: &[String]) -> Outcome {
    place.write(
        "shop/mgw.toml",
        &format!("format = 1\nname = \"shop\"\n{}", suppressions.concat()),
    );
    place.mgw(&["audit", "shop", "--fail-on", "note"])
}

fn with_paths(paths: &str) -> Place {
    let place = Place::new();
    place.write(
        "shop/api_definitions/shop.yaml",
        &format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\nx-wso2-transports: [https]\n\
             x-wso2-production-endpoints: {{urls: ['https://backend.example']}}\npaths:\n{paths}"
        ),
    );
    place.write(
        "shop/policies.yaml",
        &format!("{POLICIES}- Unauthenticated: {{count: 5, unitTime: 1, timeUnit: min}}\n"),
    );
    place
}

const NOTHING: &str = "covers nothing";

#[test]
fn services_of_one_file_are_suppressed_one_by_one() {
    let place = with_paths("  /items: {get: {responses: {}}}\n");
    let service = |name: &str, scope: &str| {
        format!(
            "service {name} {{\n  option (wso2.production_endpoints) = {{url: \"https://{name}.example\"}};\n  \
             rpc Get (Q) returns (Q) {{ option (wso2.method_scopes) = \"{scope}\"; }}\n}}\n"
        )
    };
    place.write(
        "shop/grpc_definitions/shop.proto",
        &format!(
            "syntax = \"proto3\";\npackage shop;\nimport \"wso2/options.proto\";\nmessage Q {{}}\n{}{}",
            service("A", "ab"),
            service("B", "c d")
        ),
    );
    let plain = suppress("credentials-in-the-clear", None, None);
    let of = |api: &str, operation: Option<&str>| [plain.clone(), suppress("scope", Some(api), operation)];
    audit(&place, &of("shop.A:1.0.0", None))
        .exits(4)
        .says("warning[scope]: no token can carry the scope `c d`")
        .says(NOTHING);
    for operation in [None, Some("POST /Get")] {
        audit(&place, &of("shop.B:1.0.0", operation))
            .exits(0)
            .says("no problems");
    }
}

#[test]
fn a_path_in_a_file_of_its_own_is_that_of_the_api() {
    let place = with_paths("  /a: {$ref: 'parts/a.yaml'}\n");
    place.write(
        "shop/api_definitions/parts/a.yaml",
        "get:\n  security: []\n  responses: {}\n",
    );
    audit(&place, &[]).exits(4).says("parts/a.yaml:2:13");
    let of = |operation| [suppress("empty-security", Some("Shop:1.0.0"), operation)];
    audit(&place, &of(None)).exits(0).says("no problems, 1 suppressed");
    audit(&place, &of(Some("GET /a")))
        .exits(0)
        .says("no problems, 1 suppressed");
    audit(&place, &of(Some("PUT /a"))).exits(4).says(NOTHING);
}

#[test]
fn what_check_finds_at_an_operation_is_suppressed_there_alone() {
    let operation = "{security: [], responses: {}}";
    let place = with_paths(&format!("  /orders:\n    get: {operation}\n    delete: {operation}\n"));
    let of = |operation: &str| suppress("empty-security", Some("Shop:1.0.0"), Some(operation));
    audit(&place, &[of("DELETE /orders")])
        .exits(4)
        .says("does not open GET /orders;")
        .says("1 warning, 1 suppressed");
    audit(&place, &[of("DELETE /orders"), of("GET /orders")])
        .exits(0)
        .says("no problems, 2 suppressed");
}

#[test]
fn what_stands_in_an_operation_is_suppressed_there_alone() {
    let operation = "{x-wso2-nothing: 1, responses: {}}";
    let place = with_paths(&format!("  /orders:\n    get: {operation}\n    put: {operation}\n"));
    let of = |operation: &str| suppress("unknown-extension", Some("Shop:1.0.0"), Some(operation));
    audit(&place, &[of("PUT /orders")])
        .exits(4)
        .says("shop.yaml:8:11")
        .says("1 warning, 1 suppressed");
}

/// One place, of two operations: it is as it should be when it is so for both.
#[test]
fn what_two_operations_share_is_suppressed_for_both() {
    let shared = "{$ref: 'parts/shared.yaml'}";
    let place = with_paths(&format!("  /a: {shared}\n  /b: {shared}\n"));
    place.write(
        "shop/api_definitions/parts/shared.yaml",
        "get: {x-wso2-nothing: 1, responses: {}}\n",
    );
    let of = |operation: &str| suppress("unknown-extension", Some("Shop:1.0.0"), Some(operation));
    let told = audit(&place, &[of("GET /a")])
        .exits(4)
        .says("warning[unknown-extension]");
    assert!(!told.stderr.contains(NOTHING), "{}", told.stderr);
    audit(&place, &[of("GET /a"), of("GET /b")])
        .exits(0)
        .says("no problems, 1 suppressed");
}

#[test]
fn an_operation_that_is_not_reached_is_suppressed_by_its_name() {
    let place = with_paths("  /items%2Fa: {get: {responses: {}}}\n");
    let of = |operation| [suppress("unreachable-operation", Some("Shop:1.0.0"), Some(operation))];
    audit(&place, &of("GET /items%2Fa"))
        .exits(0)
        .says("no problems, 1 suppressed");
    audit(&place, &of("GET /items")).exits(4).says(NOTHING);
}

/// The gateway drops a `/` at the end; whoever writes a suppression copies the path from the definition.
#[test]
fn a_slash_at_the_end_makes_no_other_operation() {
    let place = with_paths("  /catalogue/: {get: {x-wso2-disable-security: true, responses: {}}}\n");
    audit(&place, &[])
        .exits(4)
        .says("everybody may call GET /catalogue of Shop:1.0.0\n --> shop/api_definitions/shop.yaml:7:17");
    for operation in ["GET /catalogue/", "GET /catalogue"] {
        audit(&place, &[suppress("open-operation", None, Some(operation))])
            .exits(0)
            .says("no problems, 1 suppressed");
    }
    audit(&place, &[suppress("open-operation", None, Some("POST /catalogue/"))])
        .exits(4)
        .says(NOTHING);
}
