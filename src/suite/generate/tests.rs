use super::*;
use crate::compile::{compile_project, pack};
use crate::project::Layout;

const DEFINITION: &str = r#"
openapi: 3.0.0
info: {title: Shop, version: 1.0.0}
x-wso2-basePath: /shop
x-wso2-production-endpoints: {urls: ['http://127.0.0.1:1']}
components:
  securitySchemes: {oauth: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://x', scopes: {write: w}}}}}
  schemas: {Item: {type: object, example: {id: 1}}}
paths:
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}, example: a b+c}]
    get:
      parameters: [{name: q, in: query, required: true, schema: {type: string, enum: [x&y]}}]
      responses: {'200': {description: ok}, 4XX: {description: no}}
    put:
      security: [{oauth: [write]}]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}}
      responses: {default: {description: any}}
  /open:
    get:
      x-wso2-disable-security: true
      responses: {'204': {description: ok}}
  /unknown/{id}:
    get:
      responses: {'200': {description: ok}}
"#;

fn generated(definition: &str, echo: bool) -> Generated {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("api_definitions")).expect("writable");
    std::fs::write(folder.path().join("api_definitions/a.yaml"), definition).expect("writable");
    let compiled = compile_project(&Layout::new(folder.path())).expect("readable");
    assert!(!compiled.diagnostics.has_errors(), "{:?}", compiled.diagnostics);
    generate(&pack(&compiled, "mgw test").expect("packed").bundle, echo)
}

fn lines(generated: &Generated) -> Vec<String> {
    let line = |case: &Case| {
        let statuses: Vec<String> = case
            .expect
            .statuses
            .iter()
            .map(|range| range.start().to_string())
            .collect();
        format!("{} {} {}", case.request.method, case.request.target, statuses.join(","))
    };
    generated.cases.iter().map(line).collect()
}

#[test]
fn operations_are_called_with_and_without_what_they_ask_for() {
    let generated = generated(DEFINITION, false);
    let mut found = lines(&generated);
    found.sort();
    assert_eq!(
        found,
        [
            "DELETE /shop/items/1 405",
            "DELETE /shop/open 405",
            "DELETE /shop/unknown/1 405",
            "GET /shop/items/a%20b%2Bc 401",
            "GET /shop/items/a%20b%2Bc?q=x%26y 200,400",
            "GET /shop/open 204",
            "GET /shop/unknown/1 401",
            "PUT /shop/items/a%20b%2Bc ",
            "PUT /shop/items/a%20b%2Bc 401",
            "PUT /shop/items/a%20b%2Bc 403",
        ]
    );
    assert_eq!(
        generated.skipped,
        ["GET /unknown/{id} of Shop:1.0.0: the definition has no example of `id`"]
    );
    let put = generated
        .cases
        .iter()
        .find(|case| case.request.body.is_some())
        .expect("a body");
    assert_eq!(put.request.body.as_deref(), Some(&b"{\"id\":1}"[..]));
    assert_eq!(put.request.token, Token::Local(TokenClaims::default()));
    assert!(put.expect.from_backend);
}

#[test]
fn an_echo_answers_everything_with_200() {
    let found = lines(&generated(DEFINITION, true));
    assert!(found.contains(&"GET /shop/open 200".to_owned()), "{found:?}");
}

#[test]
fn swagger_has_examples_elsewhere() {
    let found = lines(&generated(
        "swagger: '2.0'\ninfo: {title: Old, version: '1'}\nbasePath: /old\n\
         x-wso2-production-endpoints: {urls: ['http://127.0.0.1:1']}\npaths:\n  /a/{n}:\n    post:\n      \
         x-wso2-disable-security: true\n      parameters:\n      - {name: n, in: path, required: true, type: integer, x-example: 7}\n      \
         - {name: body, in: body, required: true, schema: {type: object, example: {x: 1}}}\n      responses: {'201': {description: ok}}\n",
        false,
    ));
    assert!(found.contains(&"POST /old/a/7 201".to_owned()), "{found:?}");
}

#[test]
fn templates_that_share_requests_are_not_told_apart() {
    assert!(overlap("/items/{id}", "/items/mine"));
    assert!(overlap("/items/{id}/", "/items/mine"));
    assert!(!overlap("/items/{id}", "/items/mine/x"));
    assert!(!overlap("/items", "/others"));
}

/// One API at `/a`, all of it open but for what an operation says itself.
fn of_paths(paths: &str) -> Generated {
    generated(
        &format!(
            "openapi: 3.0.0\ninfo: {{title: A, version: '1'}}\nx-wso2-basePath: /a\n\
             x-wso2-production-endpoints: {{urls: ['http://127.0.0.1:1']}}\n\
             components: {{securitySchemes: {{o: {{type: oauth2, flows: {{}}}}}}}}\npaths:\n{paths}"
        ),
        false,
    )
}

#[test]
fn headers_of_the_message_itself_are_not_sent() {
    let generated = of_paths(
        "  /x:\n    post:\n      parameters:\n      - {name: Content-Length, in: header, example: '5'}\n      \
         - {name: transfer-encoding, in: header, example: chunked}\n      - {name: HOST, in: header, example: other}\n      \
         - {name: X-Trace, in: header, example: abc}\n      responses: {'200': {description: ok}}\n",
    );
    let sent: Vec<_> = generated.cases.iter().flat_map(|case| &case.request.headers).collect();
    assert_eq!(sent, [&("X-Trace".to_owned(), "abc".to_owned())]);
}

#[test]
fn operations_that_no_request_reaches_have_no_cases() {
    let generated = of_paths(
        "  /x/{a}: {get: {responses: {'200': {description: ok}}}}\n  /x/{a}/*: {get: {responses: {'200': {description: ok}}}}\n  \
         /x/*: {get: {responses: {'200': {description: ok}}}}\n",
    );
    let dead = ["GET /x/{a} of A:1", "GET /x/* of A:1"];
    let told: Vec<&String> = generated
        .skipped
        .iter()
        .filter(|why| why.contains("go elsewhere"))
        .collect();
    assert!(!told.is_empty(), "{:?}", generated.skipped);
    for case in &generated.cases {
        assert!(!told.iter().any(|why| why.starts_with(&case.place)), "{}", case.name);
    }
    assert!(
        told.iter().all(|why| dead.iter().any(|dead| why.starts_with(dead))),
        "{told:?}"
    );
}

#[test]
fn examples_whose_path_is_no_request_for_the_operation_are_told_once() {
    for example in ["a/b", "a\\\\b", "..", ".", "a\\0b", "mine"] {
        let generated = of_paths(&format!(
            "  /x/{{id}}/z:\n    get:\n      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}, example: \"{example}\"}}]\n      \
             responses: {{'200': {{description: ok}}}}\n  /x/mine/z: {{get: {{responses: {{'200': {{description: ok}}}}}}}}\n"
        ));
        let found = lines(&generated);
        // Any text does where the gateway refuses before it looks anything up.
        assert!(found.contains(&"GET /a/x/1/z 401".to_owned()), "{example}: {found:?}");
        let asked = generated
            .cases
            .iter()
            .filter(|case| case.place.starts_with("GET /x/{id}/z"));
        assert_eq!(asked.count(), 1, "{example}: {found:?}");
        let told: Vec<&String> = generated
            .skipped
            .iter()
            .filter(|why| why.contains("path of its examples"))
            .collect();
        assert_eq!(told.len(), 1, "{example}: {:?}", generated.skipped);
    }
}

#[test]
fn nobody_is_asked_for_a_scope_that_no_token_can_carry() {
    let generated = of_paths("  /x: {get: {x-scope: 'p q', responses: {'200': {description: ok}}}}\n");
    assert_eq!(lines(&generated), ["GET /a/x 401", "GET /a/x 403", "DELETE /a/x 405"]);
    assert_eq!(generated.skipped, ["GET /x of A:1: no token can carry its scopes"]);
}

#[test]
fn what_no_request_holds_is_escaped() {
    let generated = of_paths(
        "  /k\u{e4}se/{id}:\n    get:\n      x-wso2-disable-security: true\n      \
         parameters: [{name: id, in: path, required: true, schema: {type: string}, example: '\u{fc} <'}]\n      \
         responses: {'200': {description: ok}}\n",
    );
    let found = lines(&generated);
    assert!(
        found.contains(&"GET /a/k%C3%A4se/%C3%BC%20%3C 200".to_owned()),
        "{found:?} {:?}",
        generated.skipped
    );
}
