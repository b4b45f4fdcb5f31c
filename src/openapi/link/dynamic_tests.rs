//! `$dynamicRef`.

use super::tests::link_all;
use proptest::prelude::{prop_assert_eq, proptest};
use serde_json::json;

#[test]
fn dynamic_references_lead_where_they_lead_at_first() {
    let main = "openapi: 3.1.0
components:
  schemas:
    Tree: {$dynamicAnchor: node, properties: {children: {items: {$dynamicRef: '#node', description: kept}}, $dynamicRef: {type: string}}}
    Leaf: {$id: https://ex.example/leaf, $dynamicAnchor: leaf, not: {$dynamicRef: '#leaf'}, if: {$dynamicRef: '#/$defs/a'}, $defs: {a: {type: string}}}
    Far: {$dynamicRef: 'page.yaml#page'}
    Both: {$ref: '#/components/schemas/Tree', $dynamicRef: '#node'}
    Data: {example: {$dynamicRef: 'nowhere.yaml'}, properties: {x: {$dynamicRef: 5}}}
";
    let page =
        "page: {$dynamicAnchor: page, items: {$dynamicRef: '#item'}}\nitem: {$dynamicAnchor: item, type: object}\n";
    let outcome = link_all(main, &[("api/page.yaml", page)], false);
    assert_eq!(outcome.problems, [""; 0]);
    let schemas = &outcome.json["components"]["schemas"];
    let schema = |pointer: &str| json!({"$ref": format!("#/components/schemas/{pointer}")});
    assert_eq!(
        schemas["Tree"]["properties"],
        json!({
            "children": {"items": {"$ref": "#/components/schemas/Tree", "description": "kept"}},
            "$dynamicRef": {"type": "string"},
        })
    );
    assert_eq!(
        (&schemas["Leaf"]["not"], &schemas["Leaf"]["if"]),
        (&schema("Leaf"), &schema("Leaf/$defs/a"))
    );
    assert_eq!(
        schemas["Far"],
        json!({"$dynamicAnchor": "page", "items": schema("item")})
    );
    // A map has one `$ref`.
    assert_eq!(schemas["Both"]["$dynamicRef"], "#node");
    assert_eq!(schemas["Data"]["example"]["$dynamicRef"], "nowhere.yaml");
    assert_eq!(schemas["Data"]["properties"]["x"]["$dynamicRef"], 5);

    // Before 3.1 it was a word like any other.
    let older = "openapi: 3.0.3\ncomponents: {schemas: {A: {$dynamicRef: '#node'}}}\n";
    let outcome = link_all(older, &[], false);
    assert_eq!(outcome.problems, [""; 0]);
    assert_eq!(
        outcome.json["components"]["schemas"]["A"],
        json!({"$dynamicRef": "#node"})
    );
}

#[test]
fn what_dynamic_references_lose_is_told_once() {
    let alone = "openapi: 3.1.0
components:
  schemas:
    Page: {$dynamicAnchor: page, items: {$dynamicRef: '#item'}, not: {$dynamicRef: '#item'}, $defs: {item: {$dynamicAnchor: item}}}
    Pets: {$ref: '#/components/schemas/Page', $defs: {item: {$dynamicAnchor: item, type: string}}}
    Lost: {$dynamicRef: '#nowhere'}
";
    let outcome = link_all(alone, &[], false);
    insta::assert_snapshot!(outcome.problems.join("\n"), @r"
    api/main.yaml:4:55: note: `$dynamicRef` is taken for the schema that it names by itself, and further schemas have this `$dynamicAnchor` (and in 1 more place)
    api/main.yaml:6:25: warning: the reference `#nowhere` points to nothing
    ");
    let items = &outcome.json["components"]["schemas"]["Page"]["items"];
    assert_eq!(*items, json!({"$ref": "#/components/schemas/Page/$defs/item"}));

    // The same over files.
    let outcome = link_all(
        "openapi: 3.1.0\ncomponents: {schemas: {Pets: {$ref: 'page.yaml', $defs: {item: {$dynamicAnchor: item}}}}}\n",
        &[(
            "api/page.yaml",
            "items: {$dynamicRef: '#item'}\n$defs: {item: {$dynamicAnchor: item}}\n",
        )],
        false,
    );
    insta::assert_snapshot!(outcome.problems.join("\n"), @"api/page.yaml:1:22: note: `$dynamicRef` is taken for the schema that it names by itself, and further schemas have this `$dynamicAnchor`");
}

proptest! {
    /// Where no name is given twice, `$dynamicRef` is another word for `$ref`: wherever it stands, whatever it leads to.
    #[test]
    fn a_dynamic_reference_is_a_reference(
        targets in proptest::collection::vec((0_usize..9, 0_usize..6), 1..12),
    ) {
        const TARGETS: [&str; 9] = [
            "#a", "#b", "#/components/schemas/S0", "x.yaml#c", "x.yaml", "x.yaml#/d", "#none", "none.yaml", "https://ex.example/s#a",
        ];
        const AROUND: [&str; 6] = [
            "{$dynamicRef: '@'}",
            "{properties: {p: {$dynamicRef: '@'}}}",
            "{items: {$dynamicRef: '@', description: beside}}",
            "{allOf: [{$dynamicRef: '@'}, {type: object}]}",
            "{$id: 'https://ex.example/s', not: {$dynamicRef: '@'}}",
            "{default: {$dynamicRef: '@'}, else: {$dynamicRef: '@'}}",
        ];
        let mut main = "openapi: 3.1.0\ncomponents:\n  schemas:\n    A: {$dynamicAnchor: a}\n    B: {$anchor: b}\n".to_owned();
        for (number, (target, around)) in targets.iter().enumerate() {
            main.push_str(&format!("    S{number}: {}\n", AROUND[*around].replace('@', TARGETS[*target])));
        }
        let other = "items: {$dynamicRef: '#c'}\nd: {$dynamicAnchor: c, not: {$dynamicRef: 'main.yaml#a'}}\n";
        let plain = |text: &str| text.replace("$dynamicRef", "$ref");
        let dynamic = link_all(&main, &[("api/x.yaml", other)], false);
        let same = link_all(&plain(&main), &[("api/x.yaml", &plain(other))], false);
        // What stands in data is no reference, and stays.
        prop_assert_eq!(plain(&dynamic.json.to_string()), same.json.to_string());
        let messages = |problems: &[String]| problems.iter().filter_map(|text| text.split_once(": ")).map(|(_, text)| text.to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(messages(&dynamic.problems), messages(&same.problems));
    }
}
