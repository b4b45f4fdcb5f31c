mod dead_references;

use super::Linked;
use super::*;
use crate::diagnostics::Diagnostics;
use crate::openapi;
use crate::yaml::{Format, parse};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Files by their paths.
struct Files(BTreeMap<&'static str, String>);

fn document(name: &str, text: &str) -> Document {
    let (source, node) = parse(name, text.into(), Format::Yaml).unwrap();
    Document { source, node }
}

impl Library for Files {
    fn open(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable> {
        match location {
            Location::File(path) if self.0.contains_key(path.as_str()) => {
                let text = &self.0[path.as_str()];
                match parse(path, text.clone().into_bytes(), Format::Yaml) {
                    Ok((source, node)) => Ok(Arc::new(Document { source, node })),
                    Err(error) => Err(Unavailable::Broken(Box::new(error.into()))),
                }
            }
            _ => Err(Unavailable::Refused {
                reason: "is not there".into(),
                remedy: String::new(),
                near: None,
            }),
        }
    }
}

pub(super) struct Outcome {
    linked: Linked,
    pub(super) json: Value,
    pub(super) problems: Vec<String>,
}

pub(super) fn link_all(main: &str, files: &[(&'static str, &str)], is_lenient: bool) -> Outcome {
    let mut files = Files(files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect());
    let mut diagnostics = Diagnostics::default();
    let location = Location::File("api/main.yaml".into());
    let linked = link(
        location,
        document("api/main.yaml", main),
        is_lenient,
        &mut files,
        &mut diagnostics,
    );
    diagnostics.sort();
    Outcome {
        json: linked.document.to_json(),
        problems: diagnostics.iter().map(ToString::to_string).collect(),
        linked,
    }
}

fn linked(main: &str, files: &[(&'static str, &str)]) -> Value {
    let outcome = link_all(main, files, false);
    assert_eq!(outcome.problems, [""; 0]);
    outcome.json
}

#[test]
fn what_is_referred_to_becomes_part_of_the_definition() {
    let json = linked(
        "openapi: 3.0.0
paths:
  /pets: {$ref: 'paths/pets.yaml'}
components:
  schemas:
    Error: {type: object}
",
        &[
            (
                "api/paths/pets.yaml",
                "get:
  parameters: [{$ref: '../common.json#/limit~1max'}]
  responses:
    '200': {content: {application/json: {schema: {$ref: '../schemas/pet.yaml#/Pet'}}}}
    default: {$ref: '../common.json#/Failed'}
",
            ),
            (
                "api/common.json",
                "{\"limit/max\": {\"name\": \"limit\", \"in\": \"query\"},
 \"Failed\": {\"content\": {\"application/json\": {\"schema\": {\"$ref\": \"main.yaml#/components/schemas/Error\"}}}}}",
            ),
            (
                "api/schemas/pet.yaml",
                "Pet: {properties: {owner: {$ref: 'owner.yaml'}, kind: {$ref: '#/Kind'}}}\nKind: {enum: [{$ref: no}]}\n",
            ),
            (
                "api/schemas/owner.yaml",
                "properties: {pets: {items: {$ref: './pet.yaml#/Pet'}}}\n",
            ),
        ],
    );
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    assert_eq!(
        json["paths"]["/pets"]["get"],
        json!({
            "parameters": [{"$ref": "#/components/parameters/limit_max"}],
            "responses": {
                "200": {"content": {"application/json": {"schema": schema("Pet")}}},
                "default": {"$ref": "#/components/responses/Failed"},
            },
        })
    );
    assert_eq!(
        json["components"],
        json!({
            "schemas": {
                "Error": {"type": "object"},
                "Pet": {"properties": {"owner": schema("owner"), "kind": schema("Kind")}},
                "owner": {"properties": {"pets": {"items": schema("Pet")}}},
                "Kind": {"enum": [{"$ref": "no"}]},
            },
            "parameters": {"limit_max": {"name": "limit", "in": "query"}},
            "responses": {"Failed": {"content": {"application/json": {"schema": schema("Error")}}}},
        })
    );
}

#[test]
fn names_of_the_author_are_kept() {
    let json = linked(
        "openapi: 3.0.0
components:
  schemas:
    Pet: {$ref: 'pet.yaml'}
    Animal: {$ref: 'pet.yaml'}
    Chain: {$ref: 'chain.yaml#/first'}
  securitySchemes: {key: {$ref: 'security.yaml#/key'}}
paths:
  /a: {get: {responses: {'200': {content: {a/b: {schema: {$ref: 'pet.yaml#'}}}}}}}
",
        &[
            (
                "api/pet.yaml",
                "properties: {parent: {$ref: '#'}, Pet: {$ref: './pet.yaml'}}\n",
            ),
            ("api/chain.yaml", "first: {$ref: '#/second'}\nsecond: {type: string}\n"),
            ("api/security.yaml", "key: {type: apiKey, in: header, name: X}\n"),
        ],
    );
    let pet = json!({"$ref": "#/components/schemas/Pet"});
    assert_eq!(
        json["components"]["schemas"],
        json!({"Pet": {"properties": {"parent": pet, "Pet": pet}}, "Animal": pet, "Chain": {"type": "string"}})
    );
    assert_eq!(json["components"]["securitySchemes"]["key"]["name"], "X");
    assert_eq!(
        json["paths"]["/a"]["get"]["responses"]["200"]["content"]["a/b"]["schema"],
        pet
    );
}

#[test]
fn whole_sections_can_be_in_other_files() {
    let json = linked(
        "openapi: 3.1.0\npaths: {$ref: 'paths/index.yaml', /own: {get: {}}}\ncomponents: {schemas: {$ref: 'schemas/index.yaml'}}\n",
        &[
            ("api/paths/index.yaml", "/a: {$ref: 'a.yaml', summary: mine}\n"),
            (
                "api/paths/a.yaml",
                "summary: theirs\nget: {requestBody: {content: {a/b: {schema: {$ref: '../schemas/index.yaml#/Pet'}}}}}\n",
            ),
            (
                "api/schemas/index.yaml",
                "Pet: {$ref: 'pet.yaml'}\nKind: {type: string}\n",
            ),
            (
                "api/schemas/pet.yaml",
                "properties: {kind: {$ref: 'index.yaml#/Kind'}, other: {$ref: 'index.yaml#/Pet'}}\n",
            ),
        ],
    );
    assert_eq!(json["paths"]["/own"], json!({"get": {}}));
    assert_eq!(json["paths"]["/a"]["summary"], "mine");
    assert_eq!(
        json["paths"]["/a"]["get"]["requestBody"]["content"]["a/b"]["schema"]["$ref"],
        "#/components/schemas/Pet"
    );
    assert_eq!(
        json["components"],
        json!({"schemas": {
            "Pet": {"properties": {"kind": {"$ref": "#/components/schemas/Kind"}, "other": {"$ref": "#/components/schemas/Pet"}}},
            "Kind": {"type": "string"},
        }})
    );
}

#[test]
fn swagger_2_keeps_its_sections() {
    let json = linked(
        "swagger: '2.0'
paths:
  /a:
    get:
      parameters: [{$ref: 'common.yaml#/parameters/limit'}]
      responses: {'200': {$ref: 'common.yaml#/responses/Pet'}}
",
        &[(
            "api/common.yaml",
            "parameters: {limit: {name: limit, in: query, type: integer}}
responses: {Pet: {schema: {$ref: '#/definitions/Pet'}, examples: {application/json: {$ref: data}}}}
definitions: {Pet: {type: object}}
",
        )],
    );
    let operation = &json["paths"]["/a"]["get"];
    assert_eq!(operation["parameters"][0]["$ref"], "#/parameters/limit");
    assert_eq!(operation["responses"]["200"]["$ref"], "#/responses/Pet");
    assert_eq!(json["responses"]["Pet"]["schema"]["$ref"], "#/definitions/Pet");
    assert_eq!(json["responses"]["Pet"]["examples"]["application/json"]["$ref"], "data");
    assert_eq!(json["definitions"], json!({"Pet": {"type": "object"}}));
    assert!(json.get("components").is_none());
}

#[test]
fn discriminators_lead_to_the_copies() {
    let json = linked(
        "openapi: 3.0.0
components:
  schemas:
    Own: {type: object}
    Pet: {discriminator: {propertyName: kind, mapping: {own: Own, own2: '#/components/schemas/Own', cat: 'pets.yaml#/Cat', dog: dog.yaml}}}
    Other: {$ref: 'pets.yaml#/components/schemas/Bird'}
",
        &[
            (
                "api/pets.yaml",
                "Cat: {type: object}\ncomponents: {schemas: {Bird: {discriminator: {propertyName: k, mapping: {s: Swan, c: '#/Cat'}}}, Swan: {}}}\n",
            ),
            ("api/dog.yaml", "type: object\n"),
        ],
    );
    let schemas = &json["components"]["schemas"];
    assert_eq!(
        schemas["Pet"]["discriminator"]["mapping"],
        json!({"own": "Own", "own2": "#/components/schemas/Own", "cat": "#/components/schemas/Cat", "dog": "#/components/schemas/dog"})
    );
    assert_eq!(
        schemas["Other"]["discriminator"]["mapping"],
        json!({"s": "#/components/schemas/Swan", "c": "#/components/schemas/Cat"})
    );
    assert_eq!(schemas["Swan"], json!({}));
}

#[test]
fn values_know_the_files_they_come_from() {
    let outcome = link_all(
        "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\npaths: {/a: {$ref: 'a.yaml'}}\n",
        &[("api/a.yaml", "# a comment\nget: {x-scope: 5}\nGET: {}\n")],
        false,
    );
    let mut diagnostics = Diagnostics::default();
    let definition = openapi::read(outcome.linked.source, outcome.linked.document, &mut diagnostics).unwrap();
    let problems: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["api/a.yaml:3:1: warning: `GET` of path `/a` is neither a method nor a known key, and is not served"]
    );
    let operation = definition.operations().next().unwrap();
    assert_eq!(operation.path, "/a");
    assert_eq!(definition.source.name_of(operation.node.span), "api/a.yaml");
    assert_eq!(definition.source.name_of(operation.path_span), "api/main.yaml");
    assert_eq!(outcome.linked.files, [Location::File("api/a.yaml".into())]);
}

#[test]
fn many_references_to_one_large_part_are_bounded() {
    let mut main = String::from("openapi: 3.0.0\npaths:\n");
    for number in 0..3_000 {
        main.push_str(&format!("  /p{number}: {{$ref: 'big.yaml'}}\n"));
    }
    let big = format!("get: {{tags: [{}]}}\n", "a,".repeat(2_000));
    let outcome = link_all(&main, &[("api/big.yaml", &big)], false);
    assert!(
        outcome.problems.len() == 1 && outcome.problems[0].contains("values together"),
        "{:?}",
        outcome.problems
    );
}

#[test]
fn files_that_go_on_without_end_are_bounded() {
    /// Every file refers to the next.
    struct Endless;
    impl Library for Endless {
        fn open(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable> {
            let number: usize = location.stem().parse().unwrap_or(0);
            let text = format!("properties: {{a: {{$ref: '{}.yaml'}}}}\n", number + 1);
            Ok(Arc::new(document("x", &text)))
        }
    }
    let mut diagnostics = Diagnostics::default();
    let main = document("m", "openapi: 3.0.0\ncomponents: {schemas: {A: {$ref: '0.yaml'}}}\n");
    let linked = link(Location::File("m".into()), main, false, &mut Endless, &mut diagnostics);
    let problems: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["x:1:24: error: the reference `999.yaml` leads to one file too many: a definition may consist of 1000"]
    );
    assert_eq!(linked.files.len(), 1_000);
}

#[test]
fn the_same_files_become_the_same_definition() {
    let main = "openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {$ref: 'x/r.yaml#/R'}, '201': {$ref: 'y/r.yaml#/R'}}}}}\n";
    let files = [
        ("api/x/r.yaml", "R: {description: x}\n"),
        ("api/y/r.yaml", "R: {description: y}\n"),
    ];
    let first = linked(main, &files);
    assert_eq!(first["components"]["responses"]["R_2"]["description"], "y");
    assert_eq!(first.to_string(), linked(main, &files).to_string());
}

#[test]
fn schemas_are_found_by_the_names_that_they_give_themselves() {
    let main = "openapi: 3.1.0
components:
  schemas:
    Pet: {$anchor: pet, properties: {self: {$ref: '#pet'}, other: {$ref: 'parts.yaml#part'}}, example: {$id: no, $anchor: pet}}
    Order:
      $id: https://ex.example/schemas/order
      properties: {a: {$ref: '#line'}, b: {$ref: '#/$defs/line'}, c: {$ref: 'item'}, d: {$ref: '#'}, e: {$ref: 'https://ex.example/schemas/item#/type'}}
      $defs:
        line: {$anchor: line, items: {$ref: 'other.yaml'}}
        item: {$id: item, type: {type: string}}
    Any: {discriminator: {propertyName: k, mapping: {o: 'https://ex.example/schemas/order', p: '#pet'}}}
";
    let files = [
        (
            "api/parts.yaml",
            "p: {$anchor: part, not: {$ref: 'https://ex.example/schemas/order#/$defs/item'}, if: {$ref: '#q'}}\nq: {$dynamicAnchor: q}\n",
        ),
        (
            "api/other.yaml",
            "$id: https://ex.example/other\ntype: object\nitems: {$ref: '#'}\n",
        ),
    ];
    let json = linked(main, &files);
    let schema = |pointer: &str| json!({"$ref": format!("#/components/schemas/{pointer}")});
    let schemas = &json["components"]["schemas"];
    assert_eq!(
        schemas["Pet"]["properties"],
        json!({"self": schema("Pet"), "other": schema("p")})
    );
    assert_eq!(schemas["Pet"]["example"]["$id"], "no");
    assert_eq!(
        schemas["Order"],
        json!({
            "properties": {
                "a": schema("Order/$defs/line"),
                "b": schema("Order/$defs/line"),
                "c": schema("Order/$defs/item"),
                "d": schema("Order"),
                "e": schema("Order/$defs/item/type"),
            },
            "$defs": {"line": {"$anchor": "line", "items": schema("other")}, "item": {"type": {"type": "string"}}},
        })
    );
    assert_eq!(
        schemas["Any"]["discriminator"]["mapping"],
        json!({"o": "#/components/schemas/Order", "p": "#/components/schemas/Pet"})
    );
    assert_eq!(schemas["other"], json!({"type": "object", "items": schema("other")}));
    assert_eq!(schemas["p"]["not"], schema("Order/$defs/item"));
    assert_eq!(schemas["q"], json!({"$dynamicAnchor": "q"}));

    // A definition of one file is read in the same way.
    let alone = main
        .replace("parts.yaml#part", "#pet")
        .replace("other.yaml", "#/$defs/item");
    let json = linked(&alone, &[]);
    let line = &json["components"]["schemas"]["Order"]["$defs"]["line"];
    assert_eq!(line["items"], schema("Order/$defs/item"));
}

#[test]
fn names_that_nothing_has_are_told() {
    let outcome = link_all(
        "openapi: 3.1.0
components:
  schemas:
    A: {$anchor: a, items: {$ref: '#b'}, not: {$ref: 'x.yaml#b'}, example: {$ref: '#b'}}
    B: {$id: b, items: {$ref: '#/components/schemas/A'}, not: {$ref: 'x.yaml#a'}}
",
        &[("api/x.yaml", "x: {$anchor: a}\n")],
        false,
    );
    insta::assert_snapshot!(outcome.problems.join("\n"), @r"
    api/main.yaml:4:35: warning: the reference `#b` points to nothing
    api/main.yaml:4:54: error: the reference `x.yaml#b` points to nothing
    ");
    // Before 3.1 schemas had no such names.
    let older = link_all(
        "openapi: 3.0.3\ncomponents: {schemas: {A: {$anchor: a, items: {$ref: '#a'}}}}\n",
        &[],
        false,
    );
    assert_eq!(
        older.problems,
        ["api/main.yaml:2:54: warning: the reference `#a` points to nothing"]
    );
}

#[test]
fn what_can_never_be_meant_is_told() {
    let outcome = link_all(
        "openapi: 3.1.0
info: {title: {$ref: 'x.yaml#/text'}, description: {$ref: '#/openapi'}}
paths:
  /a: {$ref: 'x.yaml#/text'}
  /b: {parameters: {$ref: 'x.yaml#/list'}}
components:
  schemas:
    A: {$ref: 'page.yaml'}
    B: {items: {$ref: 'empty.yaml'}, not: {$ref: 'x.yaml#/yes'}, if: {$ref: '#/openapi'}}
    C: {$ref: 'x.yaml#/list'}
    D: {discriminator: {propertyName: a, mapping: {b: 'page.yaml'}}}
",
        &[
            ("api/x.yaml", "text: some\nlist: []\nyes: true\n"),
            ("api/page.yaml", "<html></html>"),
            ("api/empty.yaml", ""),
        ],
        false,
    );
    insta::assert_snapshot!(outcome.problems.join("\n"), @r"
    api/main.yaml:4:14: error: the reference `x.yaml#/text` leads to a text, and a map should be there
    api/main.yaml:8:15: error: the reference `page.yaml` leads to a text, and a map should be there (and in 1 more place)
    api/main.yaml:9:23: error: the reference `empty.yaml` leads to nothing, and a map should be there
    api/main.yaml:9:77: warning: the reference `#/openapi` leads to a text, and a map should be there
    api/main.yaml:10:15: error: the reference `x.yaml#/list` leads to an empty list, and a map should be there
    ");
}

proptest::proptest! {
    #[test]
    fn no_references_make_linking_panic(
        targets in proptest::collection::vec("(#|[ab]\\.yaml#?|\\.\\./[ab]\\.yaml#)?(/[ab]|/properties|/paths|/~1x|/%2){0,3}", 6),
    ) {
        let part = |one: &str, two: &str| format!(
            "a: {{$ref: '{one}'}}\nb: {{properties: {{a: {{$ref: '{two}'}}}}, get: {{responses: {{d: {{$ref: '{one}'}}}}}}}}\n"
        );
        let main = format!(
            "openapi: 3.0.0\npaths: {{/x: {{$ref: '{}'}}}}\ncomponents:\n  schemas: {{$ref: '{}'}}\n",
            targets[0], targets[1]
        );
        let (a, b) = (part(&targets[2], &targets[3]), part(&targets[4], &targets[5]));
        let outcome = link_all(&main, &[("api/a.yaml", &a), ("api/b.yaml", &b)], false);
        let _ = openapi::resolved_document(&outcome.linked.document);
        let _ = openapi::read(outcome.linked.source, outcome.linked.document, &mut Diagnostics::default());
    }

    #[test]
    fn no_names_make_linking_panic(
        names in proptest::collection::vec("(#|a|b|/a|//b|\\.\\.|https://h/a|urn:a:b|:|%|%41|#a|a#b|#/\\$defs/a){0,2}", 6),
    ) {
        let schema = |id: &str, anchor: &str, target: &str| {
            format!("{{$id: '{id}', $anchor: '{anchor}', $defs: {{a: {{$id: '{anchor}', items: {{$ref: '{target}'}}}}}}, not: {{$ref: '{target}'}}}}")
        };
        let main = format!(
            "openapi: 3.1.0\ncomponents: {{schemas: {{a: {}, b: {{$ref: 'a.yaml#{}'}}}}}}\n",
            schema(&names[0], &names[1], &names[2]), names[4]
        );
        let other = schema(&names[3], &names[4], &names[5]);
        let outcome = link_all(&main, &[("api/a.yaml", &other)], false);
        let _ = openapi::resolved_document(&outcome.linked.document);
    }
}

#[test]
fn links_lead_to_operations_of_the_definition() {
    let link = |reference: &str| {
        format!("responses: {{'200': {{description: ok, links: {{next: {{operationRef: '{reference}'}}}}}}}}")
    };
    for (reference, expected) in [
        ("../main.yaml#/paths/~1c/get", "#/paths/~1c/get"),
        ("../main.yaml#/paths/%7E1c/get", "#/paths/~1c/get"),
        // Operations of files are where the definition has their paths.
        ("#/get", "#/paths/~1a/get"),
        ("b.yaml#/item/get", "#/paths/~1b/get"),
        (
            "https://other.example/openapi.yaml#/paths/~1c/get",
            "https://other.example/openapi.yaml#/paths/~1c/get",
        ),
    ] {
        let json = linked(
            "openapi: 3.0.0\npaths:\n  /a: {$ref: parts/a.yaml}\n  /b: {$ref: 'parts/b.yaml#/item'}\n  /c: {get: {}}\n",
            &[
                ("api/parts/a.yaml", &format!("get: {{{}}}", link(reference))),
                ("api/parts/b.yaml", "item: {get: {}}"),
            ],
        );
        let link = &json["paths"]["/a"]["get"]["responses"]["200"]["links"]["next"];
        assert_eq!(link["operationRef"], expected, "{reference}");
    }
    let all = linked(
        "openapi: 3.0.0\npaths: {$ref: 'paths.yaml#/all'}\n",
        &[(
            "api/paths.yaml",
            &format!("all: {{/a: {{get: {{{}}}}}}}", link("#/all/~1a/get")),
        )],
    );
    let next = &all["paths"]["/a"]["get"]["responses"]["200"]["links"]["next"];
    assert_eq!(next["operationRef"], "#/paths/~1a/get");
    // What is nowhere in it is told, and no file is opened for it.
    let main = format!(
        "openapi: 3.0.0\npaths: {{/a: {{get: {{{}}}}}}}\n",
        link("other.yaml#/paths/~1a/get")
    );
    let outcome = link_all(&main, &[("api/other.yaml", "paths: {/a: {get: {}}}")], false);
    assert_eq!(
        outcome.problems,
        [
            "api/main.yaml:2:86: warning: the `operationRef` `other.yaml#/paths/~1a/get` leads to no operation of the definition"
        ]
    );
    assert_eq!(outcome.linked.files, []);
}
