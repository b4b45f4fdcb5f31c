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
    parameters: [{name: id, in: path, required: true, schema: {type: string}, example: a b/c}]
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
            "GET /shop/items/a%20b%2Fc 401",
            "GET /shop/items/a%20b%2Fc?q=x%26y 200,400",
            "GET /shop/open 204",
            "GET /shop/unknown/1 401",
            "PUT /shop/items/a%20b%2Fc ",
            "PUT /shop/items/a%20b%2Fc 401",
            "PUT /shop/items/a%20b%2Fc 403",
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
