use super::*;
use crate::diagnostics::Diagnostics;
use crate::yaml::{Format, parse};
use mgw_bundle::config::Method;
use serde_json::json;

fn read_text(text: &str) -> (Option<Definition>, Vec<String>) {
    let mut diagnostics = Diagnostics::default();
    let (source, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
    let definition = read(source, node, &mut diagnostics);
    diagnostics.sort();
    (definition, diagnostics.iter().map(ToString::to_string).collect())
}

const INFO: &str = "info: {title: Shop, version: 1.10}\n";

#[test]
fn an_unquoted_version_keeps_its_zero() {
    let (definition, problems) = read_text(&format!("openapi: 3.0.0\n{INFO}paths: {{}}\n"));
    assert_eq!(problems, [""; 0]);
    assert_eq!(definition.unwrap().name(), "Shop:1.10");
}

#[test]
fn versions_are_told_apart() {
    for (line, expected) in [
        ("swagger: '2.0'", Some(Dialect::Swagger20)),
        ("swagger: 2.0", Some(Dialect::Swagger20)),
        ("openapi: 3.0.3", Some(Dialect::OpenApi30)),
        ("openapi: 3.1.0", Some(Dialect::OpenApi31)),
        ("openapi: 3.2.0", Some(Dialect::OpenApi31)),
        ("openapi: 3.0.0-RC0", None),
        ("openapi: 4.0.0", None),
        ("swagger: '1.2'", None),
        ("openapi: [3]", None),
        ("title: x", None),
    ] {
        let (definition, problems) = read_text(&format!("{line}\n{INFO}"));
        assert_eq!(definition.map(|definition| definition.dialect), expected, "{line}");
        assert_eq!(
            problems.iter().any(|problem| problem.contains("error")),
            expected.is_none(),
            "{problems:?}"
        );
    }
}

#[test]
fn swagger_2_becomes_3() {
    let text = format!(
        "swagger: '2.0'\n{INFO}host: api.example.com\nbasePath: /v2/\nschemes: [http, https]\n\
         securityDefinitions:\n  b: {{type: basic}}\n  o: {{type: oauth2, flow: implicit}}\n\
         security: [{{o: [read]}}]\npaths:\n  /pets: {{get: {{responses: {{}}}}}}\n"
    );
    let (definition, problems) = read_text(&text);
    assert_eq!(problems, [""; 0]);
    let model = definition.unwrap().model;
    assert_eq!(model.servers[0].url, "https://api.example.com/v2");
    let schemes = model.components.unwrap().security_schemes;
    assert_eq!(
        serde_json::to_value(schemes).unwrap(),
        json!({"b": {"type": "http", "scheme": "basic"}, "o": {"type": "oauth2", "flows": {}}})
    );
}

#[test]
fn path_items_are_found_through_references() {
    let text = format!(
        "openapi: 3.1.0\n{INFO}paths:\n  /a: {{$ref: '#/components/pathItems/p', post: {{}}}}\n  /b: {{$ref: 'other.yaml'}}\n  \
         /c: {{$ref: '#/paths/~1c'}}\n  /d: {{$ref: '#/paths/~1a'}}\n\
         components:\n  pathItems:\n    p: {{get: {{operationId: x}}}}\n"
    );
    let (definition, problems) = read_text(&text);
    assert_eq!(
        problems,
        [
            // What points to other files is told by linking.
            "a.yaml:6:7: error: path `/c`: the reference `#/paths/~1c` leads back to itself",
        ]
    );
    let definition = definition.unwrap();
    let operations: Vec<_> = definition
        .operations()
        .map(|operation| (operation.path, operation.method))
        .collect();
    assert_eq!(
        operations,
        [("/a", Method::Get), ("/a", Method::Post), ("/d", Method::Get)]
    );
}

#[test]
fn every_independent_mistake_is_reported() {
    let text = "openapi: 3.0.0\ninfo: {title: ''}\nservers: [{x: 1}]\nsecurity: {a: []}\npaths:\n  pets: {}\n  /a:\n    \
                GET: {}\n    get: 5\n    trace: {}\n  /b:\n    get: {operationId: x}\n    put: {operationId: x}\n\
                components:\n  securitySchemes:\n    s: {type: oauth}\n    t: {type: apiKey, in: body, name: k}\n";
    let (definition, problems) = read_text(text);
    assert!(definition.is_none());
    insta::assert_snapshot!(problems.join("\n"), @r"
    a.yaml:2:1: error: `info.version` is missing; it is part of the name of the API
    a.yaml:2:15: error: `info.title` should have between 1 and 256 characters
    a.yaml:3:11: error: this server has no `url` that is a text
    a.yaml:4:11: error: `security` should be a list of maps, found a map
    a.yaml:6:3: error: the path `pets` does not start with `/`
    a.yaml:8:5: warning: `GET` of path `/a` is neither a method nor a known key, and is not served
    a.yaml:9:10: error: operation GET /a should be a map, found a number
    a.yaml:10:5: note: TRACE of `/a` is not served
    a.yaml:13:24: error: the operationId `x` stands a second time; it belongs to `/b` already
    a.yaml:16:15: error: security scheme `s`: `oauth` is not a type of security scheme
    a.yaml:17:27: error: security scheme `t`: `in` should be `header`, `query` or `cookie`
    ");
}

#[test]
fn references_are_resolved_where_they_end() {
    let text = "a: {$ref: '#/c/x'}\nb: {$ref: '#/c/list'}\nc:\n  x: {type: object, y: {$ref: '#/c/z'}}\n  z: {n: 1}\n  \
                list: {next: {$ref: '#/c/list'}}\n  far: {$ref: 'b.yaml'}\n  self: {$ref: '#'}\n";
    let (_, node) = parse("a", text.into(), Format::Yaml).unwrap();
    let resolved = resolved_document(&node);
    assert_eq!(resolved["a"], json!({"type": "object", "y": {"n": 1}}));
    assert_eq!(resolved["b"], json!({"next": {"$ref": "#/c/list"}}));
    assert_eq!(resolved["c"]["far"], json!({"$ref": "b.yaml"}));
    assert_eq!(resolved["c"]["self"], json!({"$ref": "#"}));
}

#[test]
fn what_stands_beside_a_reference_counts_since_3_1() {
    let resolved = |version: &str| {
        let text = format!(
            "openapi: {version}\na: {{$ref: '#/t', description: mine}}\nb: {{$ref: '#/t', minLength: 2}}\n\
             t: {{type: string, description: theirs}}\n"
        );
        let (_, node) = parse("a", text.into(), Format::Yaml).unwrap();
        resolved_document(&node)
    };
    let target = json!({"type": "string", "description": "theirs"});
    let (old, new) = (resolved("3.0.3"), resolved("3.1.0"));
    assert_eq!((&old["a"], &old["b"]), (&target, &target));
    assert_eq!(new["a"], json!({"type": "string", "description": "mine"}));
    assert_eq!(new["b"], json!({"$ref": "#/t", "minLength": 2}));
}

#[test]
fn references_are_not_resolved_deeper_than_json_is_read() {
    let nested = |inner: &str| format!("{}{inner}{}", "{a: ".repeat(60), "}".repeat(60));
    let text = format!(
        "s: {}\nt: {}\nu: {}\n",
        nested("{$ref: '#/t'}"),
        nested("{$ref: '#/u'}"),
        nested("5")
    );
    let (_, node) = parse("a", text.into(), Format::Yaml).unwrap();
    let text = resolved_document(&node).to_string();
    let read: Result<serde_json::Value, _> = serde_json::from_str(&text);
    assert!(read.is_ok(), "{read:?}");
    assert!(text.contains("#/t") && text.contains("#/u"), "{text}");
}

#[test]
fn what_a_gateway_does_not_need_stays_in_the_definition() {
    let text = format!(
        "openapi: 3.1.0\n{INFO}webhooks: {{new: {{post: {{}}}}}}\npaths:\n  /a:\n    get:\n      responses:\n        '200': {{links: {{next: {{operationId: b}}}}}}\n      \
         callbacks: {{done: {{'{{$url}}': {{post: {{}}}}}}}}\ncomponents:\n  schemas:\n    \
         Pet: {{discriminator: {{propertyName: kind, mapping: {{cat: '#/components/schemas/Cat'}}}}}}\n    Cat: {{allOf: [{{$ref: '#/components/schemas/Pet'}}]}}\n"
    );
    let (_, node) = parse("a.yaml", text.clone().into(), Format::Yaml).unwrap();
    assert_eq!(resolved_document(&node), node.to_json());
    let (_, problems) = read_text(&text);
    assert_eq!(
        problems,
        [
            "a.yaml:9:7: note: the callbacks of 1 operation and 1 webhook are not served: the backend makes these calls itself"
        ]
    );
}

#[test]
fn discriminators_tell_schemas_apart_by_their_names() {
    let (_, node) = parse(
        "a.yaml",
        "openapi: 3.0.0
components:
  schemas:
    Cat: {properties: {kind: {$ref: '#/components/schemas/Kind'}}}
    Kind: {type: string}
    Own: {allOf: [{$ref: '#/components/schemas/Base'}, {$ref: '#/components/schemas/Kind'}]}
    Base: {discriminator: {propertyName: kind}, properties: {kind: {$ref: '#/components/schemas/Kind'}}}
    Pet: {oneOf: [{$ref: '#/components/schemas/Cat'}, {items: {$ref: '#/components/schemas/Kind'}}], discriminator: {propertyName: kind}}
    Any: {anyOf: [{$ref: '#/components/schemas/Kind'}]}
"
        .into(),
        Format::Yaml,
    )
    .unwrap();
    let resolved = &resolved_document(&node)["components"]["schemas"];
    let kind = json!({"type": "string"});
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    assert_eq!(resolved["Cat"]["properties"]["kind"], kind);
    assert_eq!(resolved["Own"]["allOf"], json!([reference("Base"), kind]));
    assert_eq!(resolved["Base"]["properties"]["kind"], kind);
    assert_eq!(resolved["Pet"]["oneOf"], json!([reference("Cat"), {"items": kind}]));
    assert_eq!(resolved["Any"]["anyOf"], json!([kind]));
}

#[test]
fn examples_are_not_resolved() {
    let text = "openapi: 3.0.0
paths:
  /a: {get: {requestBody: {content: {a/b: {example: {$ref: '#/components/schemas/A'}, schema: {$ref: '#/components/schemas/A'}}}}}}
components: {schemas: {A: {type: object, example: {$ref: '#/components/schemas/A'}, x-own: {$ref: '#/openapi'}}}}
";
    let (_, node) = parse("a.yaml", text.into(), Format::Yaml).unwrap();
    let resolved = resolved_document(&node);
    let schema =
        json!({"type": "object", "example": {"$ref": "#/components/schemas/A"}, "x-own": {"$ref": "#/openapi"}});
    assert_eq!(resolved["components"]["schemas"]["A"], schema);
    let media_type = &resolved["paths"]["/a"]["get"]["requestBody"]["content"]["a/b"];
    assert_eq!(media_type["schema"], schema);
    assert_eq!(media_type["example"], json!({"$ref": "#/components/schemas/A"}));
}

#[test]
fn methods_that_are_not_served_are_told_once() {
    for (version, expected) in [
        (
            "3.2.0",
            vec![
                "a.yaml:1:10: note: this OpenAPI 3.2 definition is read as 3.1; what 3.2 adds is not served",
                "a.yaml:4:8: note: TRACE of `/a` and 2 more operations like it are not served",
            ],
        ),
        (
            "3.1.0",
            vec![
                "a.yaml:4:8: note: TRACE of `/a` is not served",
                "a.yaml:5:8: warning: `query` of path `/b` is neither a method nor a known key, and is not served",
                "a.yaml:5:19: warning: `additionalOperations` of path `/b` is neither a method nor a known key, and is not served",
            ],
        ),
    ] {
        let text = format!(
            "openapi: {version}\n{INFO}paths:\n  /a: {{trace: {{}}, get: {{}}}}\n  /b: {{query: {{}}, additionalOperations: {{COPY: {{}}}}}}\n"
        );
        assert_eq!(read_text(&text).1, expected);
    }
}

#[test]
fn references_that_multiply_are_left_alone() {
    let mut text = String::from("s0: {a: 1}\n");
    for level in 1..40 {
        let below = level - 1;
        text.push_str(&format!(
            "s{level}: {{a: {{$ref: '#/s{below}'}}, b: {{$ref: '#/s{below}'}}}}\n"
        ));
    }
    let (_, node) = parse("a", text.into(), Format::Yaml).unwrap();
    assert_eq!(resolved_document(&node), node.to_json());
}

proptest::proptest! {
    #[test]
    fn no_document_makes_the_reader_panic(text in "(openapi: 3.0.0\n)?(info: [a-z{}:, ]{0,20}\n)?(paths:\n( +/?[a-z{}$]{0,6}: [a-z{}\\[\\]0-9: ]{0,12}\n){0,6})?") {
        if let Ok((source, node)) = parse("a", text.into_bytes(), Format::Yaml) {
            let _ = resolved_document(&node);
            let _ = read(source, node, &mut Diagnostics::default());
        }
    }
}

#[test]
fn operations_that_are_references_are_refused() {
    for reference in ["'#/x-op'", "5"] {
        let text = format!(
            "openapi: 3.0.0\n{INFO}paths:\n  /a:\n    get:\n      $ref: {reference}\nx-op: {{x-wso2-disable-security: true}}\n"
        );
        let (_, problems) = read_text(&text);
        let problems = format!("{problems:?}");
        assert!(problems.contains("operation GET /a is a reference"), "{problems}");
    }
}
