//! Keys of operations, security schemes and `components` that nobody reads.

use super::*;

#[test]
fn keys_of_operations_that_have_no_effect_are_told() {
    let (_, problems) = api_with_problems(
        "paths:\n  /a:\n    get:\n      secuirty: []\n      tags: [a]\n      x-a: 1\n      consumes: [a/b]\n      post: {}\n    put:\n      \
         Security: []\n      summary: a\n      sumary: b\n      authentication: none\n      roles: [a]\n    post:\n      securities: []\n      \
         /b: {}\n    delete: {permissions: a, schemas: b}\n    severs: []\n",
    );
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:8:7: warning: `secuirty` of GET /a is not known, and without effect [Did you mean `security`?]
    api_definitions/a.yaml:12:7: warning: the method `post` stands inside GET /a, where it is not served [Move it to the left, so that it stands below its path.]
    api_definitions/a.yaml:14:7: warning: `Security` of PUT /a is not known, and without effect [Did you mean `security`?]
    api_definitions/a.yaml:16:7: warning: `sumary` of PUT /a is not known, and without effect [Remove it, or put what it says into `summary`, which is there too.]
    api_definitions/a.yaml:17:7: note: `authentication` of PUT /a and 3 more keys of operations are not known, and without effect [Begin names that are for other programs with `x-`.]
    api_definitions/a.yaml:20:7: warning: `securities` of POST /a is not known, and without effect [Did you mean `security`?]
    api_definitions/a.yaml:21:7: warning: the path `/b` stands inside POST /a, where it is not served [Move it to the left, so that it stands below `paths`.]
    api_definitions/a.yaml:23:5: warning: `severs` of path `/a` is neither a method nor a known key, and is not served [Did you mean `servers`?]
    ");
}

#[test]
fn keys_of_components_that_have_no_effect_are_told() {
    let (_, problems) = api_with_problems(&format!(
        "components:\n  Schemas: {{}}\n  requestBody: {{A: {{}}}}\n  mine: {{}}\n  response: {{}}\n  responses: {{a: {{$ref: \
         '#/components/requestBody/A'}}}}\n{GET}"
    ));
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:6:3: warning: `Schemas` below `components` is not known, and without effect [Did you mean `schemas`?]
    api_definitions/a.yaml:9:3: warning: `response` below `components` is not known, and without effect [Remove it, or put what it says into `responses`, which is there too.]
    ");
}

/// The mistake is at one place, however often the schemes are used.
#[test]
fn schemes_below_a_misspelt_key_are_told_once() {
    let uses = "paths:\n  /a:\n    get: {security: [{o: []}]}\n    put: {security: [{o: []}, {k: []}]}\n";
    let schemes = "{o: {type: oauth2, flows: {}}, k: {type: apiKey, in: header, name: X}}";
    for section in [
        format!("components: {{securityScemes: {schemes}}}"),
        format!("components: {{SecuritySchemes: {schemes}}}"),
        format!("component: {{securitySchemes: {schemes}}}"),
        format!("securitySchemes: {schemes}"),
    ] {
        let (_, problems) = api_with_problems(&format!("{section}\n{uses}"));
        let told: Vec<&str> = problems.lines().collect();
        let [only] = told.as_slice() else {
            panic!("{section}: {problems}")
        };
        assert!(
            only.contains("error: ") && only.contains(": no security scheme is defined ["),
            "{only}"
        );
    }
    // One that stands beside them is not there either.
    let (_, problems) = api_with_problems(&format!(
        "components: {{securityScemes: {{o: {{type: oauth2, flows: {{}}}}}}}}\n{uses}"
    ));
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:5:14: error: `securityScemes` below `components` is not known, and without effect: no security scheme is defined [Did you mean `securitySchemes`?]
    api_definitions/a.yaml:9:32: error: the security scheme `k` is not defined [Define it under `components.securitySchemes`.]
    ");
    // Where there are schemes in the right place, they alone count.
    let (_, problems) = api_with_problems(&format!(
        "components: {{securityScemes: {{o: {{}}}}, securitySchemes: {{k: {{type: http, scheme: basic}}}}}}\n{uses}"
    ));
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:5:14: warning: `securityScemes` below `components` is not known, and without effect [Remove it, or put what it says into `securitySchemes`, which is there too.]
    api_definitions/a.yaml:8:23: error: the security scheme `o` is not defined [Define it under `components.securitySchemes`.]
    api_definitions/a.yaml:9:23: error: the security scheme `o` is not defined [Define it under `components.securitySchemes`.]
    ");
}

#[test]
fn a_scheme_that_cannot_be_read_is_told_where_it_stands() {
    for (scheme, expected) in [
        (
            "{type: apiKey, in: Header, name: X}",
            "`in` should be `header`, `query` or `cookie` [Did you mean `header`?]",
        ),
        (
            "{type: apiKey, In: header, name: X}",
            "`In` is not known [Did you mean `in`?]",
        ),
        (
            "{Type: apiKey, in: header, name: X}",
            "`Type` is not known [Did you mean `type`?]",
        ),
        (
            "{type: http, scehme: basic}",
            "`scehme` is not known [Did you mean `scheme`?]",
        ),
    ] {
        let (_, problems) = api_with_problems(&format!(
            "components: {{securitySchemes: {{k: {scheme}}}}}\nsecurity: [{{k: []}}]\n{GET}"
        ));
        assert_eq!(problems.lines().count(), 1, "{problems}");
        assert!(
            problems.ends_with(&format!("security scheme `k`: {expected}")),
            "{problems}"
        );
    }
    let (_, problems) = api_with_problems("paths: {/a: {get: {security: [o]}}}\n");
    assert_eq!(
        problems,
        "api_definitions/a.yaml:5:31: error: a security requirement should be a map, found a text [Write a map there.]"
    );
}
