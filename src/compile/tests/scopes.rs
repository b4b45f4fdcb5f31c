//! Scopes of several security requirements.

use super::*;

const SCHEMES: &str = "components:
  securitySchemes:
    o: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://idp.example', scopes: {a: a, b: b}}}}
    p: {type: openIdConnect, openIdConnectUrl: 'https://idp.example'}
    b: {type: http, scheme: basic}
    k: {type: apiKey, in: header, name: key}
";

#[test]
fn scopes_that_count_for_other_requirements_are_told() {
    let told = |security: &str, extra: &str| {
        let operation = format!("paths: {{/a: {{get: {{security: {security}, {extra}}}}}}}\n");
        let (api, problems) = api_with_problems(&format!("{SCHEMES}{operation}"));
        let names = api.map(|api| api.resources[0].scopes.names.clone()).unwrap_or_default();
        (names.join(" "), problems)
    };
    for security in [
        "[{o: [a]}]",
        "[{o: []}]",
        "[{o: [a]}, {o: [a]}]",
        "[{o: [a]}, {o: [b]}]",
        "[{o: [a, b]}, {o: [a]}]",
        "[{o: [a]}, {o: [a], k: []}]",
        "[{o: []}, {b: []}]",
        "[{o: [a]}, {b: []}]",
        "[{o: [a]}, {k: []}]",
    ] {
        assert_eq!(told(security, "").1, "", "{security}");
    }
    for (security, column, what) in [
        ("[{o: [a]}, {o: []}]", 41, "need the scope `a` all the same"),
        (
            "[{o: [], b: []}, {o: [a, b]}]",
            31,
            "need one of the scopes `a`, `b` all the same",
        ),
        ("[{o: [a], k: []}, {o: [b]}]", 48, "may have the scope `a` as well"),
        ("[{o: [b]}, {o: [a], k: []}]", 31, "may have the scope `a` as well"),
        ("[{o: [a, b]}, {o: [a], k: []}]", 44, "may have the scope `b` as well"),
        (
            "[{o: [a], b: []}, {o: [b], k: []}]",
            48,
            "may have the scope `a` as well",
        ),
    ] {
        let (_, problems) = told(security, "");
        assert!(
            problems.contains(&format!(":{column}: warning: ")) && problems.contains(what),
            "{security}: {problems}"
        );
        // Another list of scopes is in its place, or none is asked for.
        assert_eq!(told(security, "x-scope: c").1, "", "{security}");
        assert_eq!(told(security, "x-wso2-disable-security: true").1, "", "{security}");
    }
    // What is told is what is built.
    assert_eq!(told("[{o: [a]}, {o: []}]", "").0, "a");
    // The API's own is told once, however many operations have it.
    let (_, problems) = api_with_problems(&format!(
        "{SCHEMES}security: [{{o: [a]}}, {{o: []}}]\npaths: {{/a: {{get: {{}}}}, /b: {{get: {{}}}}}}\n"
    ));
    assert_eq!(problems.matches("count together").count(), 1, "{problems}");
}
