//! Base paths and templates: which get in each other's way, or the gateway's.

use super::*;

#[test]
fn templates_that_stand_for_the_same_requests_are_refused() {
    let (_, problems) = api_with_problems(
        "paths:\n  /a/{x}: {get: {}}\n  /a/{y}: {get: {}, put: {}}\n  /a/{z}/: {get: {}}\n  /b/{p}{q}: {get: {}, put: \
         {}}\n  /c/*: {get: {}}\n  /c*: {get: {}}\n  /c*d: {get: {}}\n  /health: {get: {}}\n",
    );
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:7:3: error: GET /a/{y} of Shop:1.0.0 stands for the same requests as GET /a/{x} [Remove one of the two; names of variables and a `/` at the end do not tell them apart.]
    api_definitions/a.yaml:8:3: error: GET /a/{z}/ of Shop:1.0.0 stands for the same requests as GET /a/{x} [Remove one of the two; names of variables and a `/` at the end do not tell them apart.]
    api_definitions/a.yaml:9:3: error: GET /b/{p}{q} of Shop:1.0.0 cannot be routed: nothing tells where the first of two variables in `{p}{q}` ends; put a text such as `-` between them [Write a path such as `/orders/{id}/items`.]
    api_definitions/a.yaml:12:3: error: GET /c*d of Shop:1.0.0 cannot be routed: `*` is possible only at the very end, as `/*` or after a text without variables, as in `/files*` [Write a path such as `/orders/{id}/items`.]
    ");
    api(
        "paths:\n  /{id}: {get: {}}\n  /*: {get: {}}\n  /{id}.json: {get: {}}\n  /v{id}: {get: {}}\n  /a: {get: {}}\n  \
         /{a}-{b}: {get: {}}\n  /a*: {get: {}}\n",
    );
    let api = api("paths:\n  /a/{x}: {get: {}}\n  /a/{y}: {put: {}}\n");
    let templates: Vec<_> = api
        .resources
        .iter()
        .map(|resource| resource.template.as_str())
        .collect();
    assert_eq!(templates, ["/a/{x}", "/a/{x}"]);
}

#[test]
fn apis_that_get_in_each_others_way_are_refused() {
    let definition = |title: &str, base: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: {title}, version: 1}}\n{base}x-wso2-production-endpoints: {{urls: \
             ['http://b']}}\n{GET}"
        )
    };
    let (_folder, layout) = project(&[
        ("api_definitions/a.yaml", &definition("A", "")),
        ("api_definitions/b.yml", &definition("B", "")),
        ("api_definitions/deep/c.yaml", &definition("A", "x-wso2-basePath: /c\n")),
        ("gen/api_definitions/d.yaml", &definition("D", "x-wso2-basePath: c/\n")),
        ("api_definitions/e.yaml", &definition("E", "x-wso2-basePath: /token\n")),
        ("api_definitions/notes.txt", "not a definition"),
    ]);
    let compiled = compile_project(&layout).unwrap();
    insta::assert_snapshot!(problems(&layout, &compiled).join("\n").replace(&layout.root().display().to_string(), "."), @r"
    api_definitions/a.yaml:2:15: warning: A:1 gets the base path `/`: it receives every request that no other API takes [Set `x-wso2-basePath` to a path such as `/shop/v1`.]
    api_definitions/b.yml:2:15: error: the base path `/` belongs to A:1 of api_definitions/a.yaml already [Give one of the two another `x-wso2-basePath`.]
    api_definitions/b.yml:2:15: warning: B:1 gets the base path `/`: it receives every request that no other API takes [Set `x-wso2-basePath` to a path such as `/shop/v1`.]
    api_definitions/deep/c.yaml:2:15: error: the API A:1 is defined in api_definitions/a.yaml already [Remove one of the two files, or change title or version.]
    api_definitions/e.yaml:3:18: error: the base path `/token` of E:1 is hidden by the gateway's own `/token` [Give the API a base path such as `/shop/v1` with `x-wso2-basePath`.]
    gen/api_definitions/d.yaml:3:18: error: the base path `/c` belongs to A:1 of api_definitions/deep/c.yaml already [Give one of the two another `x-wso2-basePath`.]
    ");
}

#[test]
fn what_nobody_reaches_is_reported() {
    let definition = |title: &str, base: &str, paths: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: {title}, version: 1}}\nx-wso2-basePath: {base}\n\
             x-wso2-production-endpoints: {{urls: ['http://b']}}\npaths:\n{paths}"
        )
    };
    let (_folder, layout) = project(&[
        (
            "api_definitions/a.yaml",
            &definition(
                "Shop",
                "/shop",
                "  /v2/items: {get: {}, put: {}}\n  /items: {get: {}}\n  /x/*: {get: {}}\n  /x/{a}: {get: {}}\n  \
                 /x/{a}/*: {get: {}}\n  /a%2Fb: {get: {}}\n",
            ),
        ),
        (
            "api_definitions/b.yaml",
            &definition("Items", "/shop/v2", "  /items: {get: {}}\n"),
        ),
    ]);
    let compiled = compile_project(&layout).unwrap();
    insta::assert_snapshot!(problems(&layout, &compiled).join("\n"), @r"
    api_definitions/a.yaml:6:3: warning: GET /v2/items of Shop:1 is never reached: its requests go to Items:1, whose base path `/shop/v2` is longer [Give one of the two APIs another base path, or remove the operation.]
    api_definitions/a.yaml:6:3: warning: PUT /v2/items of Shop:1 is never reached: its requests go to Items:1, whose base path `/shop/v2` is longer [Give one of the two APIs another base path, or remove the operation.]
    api_definitions/a.yaml:8:3: warning: GET /x/* of Shop:1 is never reached: its requests go to more specific operations such as GET /x/{a} [Remove the operation, or one of those that hide it.]
    api_definitions/a.yaml:11:3: warning: GET /a%2Fb of Shop:1 is never reached: backends disagree about paths such as this one, so its requests are answered with 400 [Use a path without encoded slashes, semicolons and dots, or put the text into a query.]
    ");
}

#[test]
fn what_the_gateway_hides_is_an_error_or_under_compat_a_warning() {
    let definition = |title: &str, more: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: {title}, version: 1.0}}\nx-wso2-production-endpoints: {{urls: \
             ['http://b']}}\n{more}"
        )
    };
    let files = [
        (
            "api_definitions/a.yaml",
            definition(
                "A",
                "x-wso2-basePath: /\npaths:\n  /health/x: {get: {}}\n  /{x}: {get: {}}\n  /h%65alth: {put: {}}\n",
            ),
        ),
        (
            "api_definitions/b.yaml",
            definition("B", "x-wso2-basePath: /userinfo/1.0\npaths: {/a: {get: {}}}\n"),
        ),
        (
            "api_definitions/c.yaml",
            definition("C", "x-wso2-basePath: /apikeys\npaths: {/token: {get: {}}}\n"),
        ),
    ];
    let mut listed: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let (_folder, layout) = project(&listed);
    insta::assert_snapshot!(problems(&layout, &compile_project(&layout).unwrap()).join("\n"), @r"
    api_definitions/a.yaml:6:3: error: GET /health/x of A:1.0 is hidden by the gateway's own `/health` [Give the API a base path such as `/shop/v1` with `x-wso2-basePath`.]
    api_definitions/a.yaml:8:3: error: PUT /h%65alth of A:1.0 is hidden by the gateway's own `/health` [Give the API a base path such as `/shop/v1` with `x-wso2-basePath`.]
    api_definitions/b.yaml:4:18: error: the base path `/userinfo/1.0` of B:1.0 is hidden by the gateway's own `/userinfo` [Give the API a base path such as `/shop/v1` with `x-wso2-basePath`.]
    ");
    listed.push((
        "mgw.toml",
        "format = 1\nname = \"shop\"\n[build]\ncompat = \"micro-gw-3.2\"\n",
    ));
    let (_folder, layout) = project(&listed);
    let compiled = compile_project(&layout).unwrap();
    assert!(!compiled.diagnostics.has_errors());
    let problems = problems(&layout, &compiled);
    assert_eq!(
        problems
            .iter()
            .filter(|problem| problem.contains("warning: ") && problem.contains("hidden by the gateway's own"))
            .count(),
        3,
        "{problems:?}"
    );
}

#[test]
fn a_default_version_without_a_version_in_its_path_is_told() {
    let told = |base_path: &str| {
        let text = format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-mgw-default-version: true\nx-wso2-basePath: {base_path}\n\
             x-wso2-production-endpoints: {{urls: ['https://a']}}\npaths: {{/a: {{get: {{}}}}}}\n"
        );
        compile_definition(&text).1.join("\n")
    };
    assert_eq!(told("/shop/{version}"), "");
    for (base_path, why) in [
        (
            "/shop",
            "the base path does not end with the version `1.0.0`, but is `/shop`",
        ),
        (
            "/shop/v1",
            "the base path does not end with the version `1.0.0`, but is `/shop/v1`",
        ),
        (
            "/shop/v1.0.0",
            "the base path does not end with the version `1.0.0`, but is `/shop/v1.0.0`",
        ),
        ("/1.0.0", "nothing stands before the version in the base path `/1.0.0`"),
    ] {
        let expected = format!(
            "api_definitions/a.yaml:3:24: warning: `x-mgw-default-version` has no effect: {why} [Let the base path end with \
             `/{{version}}`, as in `x-wso2-basePath: /shop/{{version}}`, or remove the extension.]"
        );
        assert_eq!(told(base_path), expected);
    }
}
