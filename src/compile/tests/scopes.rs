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
        for extra in ["x-scope: c", "x-wso2-disable-security: true"] {
            let (_, problems) = told(security, extra);
            assert!(!problems.contains("count together"), "{security} {extra}: {problems}");
        }
    }
    // What is told is what is built.
    assert_eq!(told("[{o: [a]}, {o: []}]", "").0, "a");
    // The API's own is told once, however many operations have it.
    let (_, problems) = api_with_problems(&format!(
        "{SCHEMES}security: [{{o: [a]}}, {{o: []}}]\npaths: {{/a: {{get: {{}}}}, /b: {{get: {{}}}}}}\n"
    ));
    assert_eq!(problems.matches("count together").count(), 1, "{problems}");
}

#[test]
fn what_is_dropped_lets_no_scope_admit() {
    let built = |of_api: &str, operation: &str| {
        let text =
            format!("{SCHEMES}    c: {{type: apiKey, in: cookie, name: c}}\n    d: {{type: http, scheme: digest}}\n");
        let (api, problems) = api_with_problems(&format!("{text}{of_api}paths: {{/a: {{get: {operation}}}}}\n"));
        let resource = api.unwrap().resources.remove(0);
        let schemes: Vec<Vec<Scheme>> = resource.security.alternatives.into_iter().map(|r| r.schemes).collect();
        (schemes, resource.scopes.names.join(" "), problems)
    };
    let admin = "security: [{o: [admin]}]\n";
    let tokens = vec![vec![Scheme::Oauth2]];
    for (of_api, operation, names) in [
        (admin, "{security: [{o: [admin]}, {c: [], o: [self]}]}", "admin"),
        (admin, "{security: [{d: [], o: [self]}, {o: [admin]}]}", "admin"),
        ("", "{security: [{o: [a]}, {c: [], o: [self]}]}", "a"),
        // With the API's credentials come its scopes.
        (admin, "{security: [{c: []}]}", "admin"),
        (admin, "{security: [{d: []}]}", "admin"),
        (admin, "{security: [{c: [], o: [self]}]}", "admin"),
        (admin, "{security: []}", "admin"),
        (admin, "{security: [{}]}", "admin"),
        (
            admin,
            "{security: [{c: []}], x-wso2-application-security: {security-types: [oauth2]}}",
            "admin",
        ),
        ("security: [{c: [], o: [self]}, {o: [admin]}]\n", "{}", "admin"),
        // Where nothing else asks for scopes, less would be asked for without those of what is dropped.
        ("", "{security: [{c: [], o: [self]}]}", "self"),
        ("security: [{o: []}]\n", "{security: [{c: [], o: [self]}]}", "self"),
        ("security: [{c: [], o: [self]}]\n", "{}", "self"),
        // What is said is what is asked for.
        (admin, "{security: [{o: []}]}", ""),
        (admin, "{security: [{c: []}], x-scope: p}", "p"),
    ] {
        let found = built(of_api, operation);
        assert_eq!((&found.0, found.1.as_str()), (&tokens, names), "{of_api}{operation}");
    }
    let (_, names, problems) = built("", "{security: [{o: []}, {c: [], o: [self]}]}");
    assert_eq!(names, "self");
    assert!(
        problems.contains("tokens need the scope `self` all the same"),
        "{problems}"
    );
}

#[test]
fn an_api_that_nothing_opens_is_told_with_its_scopes() {
    let told = |security: &str, operation: &str| {
        api_with_problems(&format!(
            "{SCHEMES}security: {security}\npaths: {{/a: {{get: {operation}}}}}\n"
        ))
        .1
    };
    for (security, message) in [
        (
            "[]",
            "warning: `security: []` does not open Shop:1.0.0; it stays protected [",
        ),
        (
            "[{}]",
            "warning: the empty requirement `{}` does not open Shop:1.0.0; it stays protected [",
        ),
        ("[{}, {k: []}]", "it stays protected ["),
        (
            "[{}, {o: [a]}, {o: [b]}]",
            "it stays protected, and tokens need one of the scopes `a`, `b` [Add `x-wso2-disable-security: true` at the top of the definition",
        ),
    ] {
        let problems = told(security, "{}");
        assert!(problems.contains(message), "{security}: {problems}");
        // Where every operation says it for itself, nothing is meant to be open.
        assert_eq!(told(security, "{security: [{o: []}]}"), "", "{security}");
        assert_eq!(told(security, "{x-auth-type: None}"), "", "{security}");
    }
    let problems = told("[{o: [a]}]", "{security: []}");
    assert!(
        problems.contains("does not open GET /a; it stays protected, and tokens need the scope `a` [Add"),
        "{problems}"
    );
}
