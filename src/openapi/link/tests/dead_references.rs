//! References that lead nowhere.

use super::*;

#[test]
fn references_that_lead_nowhere_are_told_once_and_where_they_stand() {
    let main = "openapi: 3.0.0
paths:
  /a: {$ref: 'pats.yaml'}
  /b: {$ref: 'a.yaml#/b'}
  /c: {$ref: 'a.yaml#/c'}
components:
  schemas:
    A: {$ref: 'a.yaml#/Pett'}
    B: {properties: {x: {$ref: 'a.yaml#/Pett'}, y: {$ref: 'a.yaml#/Pett'}}}
    C: {$ref: '/etc/passwd'}
    D: {$ref: '../../x.yaml'}
    E: {$ref: 'file:///etc/passwd'}
    F: {$ref: 'https://user:secret@h.example/x.yaml?token=canary#/A'}
    G: {$ref: 'broken.yaml'}
    H: {$ref: '#/components/schemas/Aa'}
    I: {$ref: 'a.yaml#/round'}
    J: {example: {$ref: 'nothing.yaml'}, x-note: {$ref: 'nothing.yaml'}}
";
    let files = [
        (
            "api/a.yaml",
            "Pet: {properties: {n: {$ref: './none.yaml'}}}\nb: {$ref: '#/c'}\nc: {$ref: './a.yaml#/b'}\nround: {$ref: '#/round'}\n",
        ),
        ("api/broken.yaml", "a: [\n"),
    ];
    let own = link_all(main, &files, false);
    insta::assert_snapshot!(own.problems.join("\n"), @r"
    api/broken.yaml:1:4: error: this is not YAML: this bracket is not closed
    api/main.yaml:3:14: error: the reference `pats.yaml` is not there
    api/main.yaml:4:14: error: the reference `a.yaml#/b` leads back to itself
    api/main.yaml:5:14: error: the reference `a.yaml#/c` leads back to itself
    api/main.yaml:8:15: error: the reference `a.yaml#/Pett` points to nothing (and in 2 more places)
    api/main.yaml:10:15: error: the reference `/etc/passwd` is an absolute path, which leads out of the project folder
    api/main.yaml:11:15: error: the reference `../../x.yaml` leads out of the project folder
    api/main.yaml:12:15: error: the reference `file:///etc/passwd` is an address that begins with `file:`, and only files of the project are read
    api/main.yaml:13:15: error: the reference `https://h.example/x.yaml` is not there
    api/main.yaml:15:15: warning: the reference `#/components/schemas/Aa` points to nothing
    api/main.yaml:16:15: error: the reference `a.yaml#/round` leads back to itself
    ");
    let pulled = link_all(main, &files, true);
    let errors = |outcome: &Outcome| {
        let errors = outcome.problems.iter().filter(|problem| problem.contains(" error: "));
        errors.count()
    };
    assert_eq!(pulled.problems.len(), own.problems.len());
    // What is needed to serve is an error everywhere, and so is a file that is broken.
    assert_eq!((errors(&own), errors(&pulled)), (10, 4));
    let shown: Vec<String> = {
        let mut diagnostics = Diagnostics::default();
        let mut files = Files(BTreeMap::new());
        let location = Location::File("api/main.yaml".into());
        link(location, document("m", main), false, &mut files, &mut diagnostics);
        diagnostics
            .iter()
            .map(|diagnostic| crate::diagnostics::render(diagnostic, false))
            .collect()
    };
    assert!(!shown.concat().contains("canary") && !shown.concat().contains("secret"));
}

#[test]
fn references_do_not_follow_a_misspelt_key_of_the_definition() {
    for (main, reference, expected) in [
        // The reference is right, the key is not.
        (
            "components: {Schemas: {Item: {}}}",
            "#/components/schemas/Item",
            "Write `schemas` for `Schemas` there",
        ),
        (
            "Components: {schemas: {Item: {}}}",
            "#/components/schemas/Item",
            "Write `components` for `Components` there",
        ),
        (
            "components: {Schemas: {Item: {}}}",
            "#/component/schema/Item",
            "Did you mean `components`?",
        ),
        // The key is right, the reference is not.
        (
            "components: {schemas: {Item: {}}}",
            "#/components/Schemas/item",
            "certain #/components/schemas/Item",
        ),
        (
            "components: {schemas: {Item: {}}}",
            "#/component/schemas/Item",
            "certain #/components/schemas/Item",
        ),
        (
            "components: {schemas: {A: {allOf: [{properties: {name: {}}}]}}}",
            "#/components/schemas/A/allOf/0/properties/nam",
            "Did you mean `name`?",
        ),
        // Nobody says what these are called.
        ("x-parts: {Item: {}}", "#/x-part/Item", "certain #/x-parts/Item"),
        ("models: {Item: {}}", "#/model/Item", "certain #/models/Item"),
        (
            "components: {schemas: {A: {Properties: {Item: {}}}}}",
            "#/components/schemas/A/properties/Item",
            "certain #/components/schemas/A/Properties/Item",
        ),
    ] {
        let main =
            format!("openapi: 3.0.0\n{main}\npaths: {{/a: {{get: {{requestBody: {{$ref: '{reference}'}}}}}}}}\n");
        let mut diagnostics = Diagnostics::default();
        let location = Location::File("api/main.yaml".into());
        link(
            location,
            document("m", &main),
            false,
            &mut Files(BTreeMap::new()),
            &mut diagnostics,
        );
        let told: Vec<String> = diagnostics
            .iter()
            .map(|finding| match &finding.correction {
                Some(correction) if correction.is_certain() => format!("certain {}", correction.title),
                _ => finding.remedy.clone().unwrap_or_default(),
            })
            .collect();
        let expected = expected.replace("certain #", "certain Write `#");
        assert!(told.len() == 1 && told[0].starts_with(&expected), "{main} {told:?}");
    }
}
