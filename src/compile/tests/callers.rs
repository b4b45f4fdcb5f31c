//! Operations that admit no caller.

use super::*;

const SCHEMES: &str = "components:
  securitySchemes:
    o: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://idp.example', scopes: {}}}}
    b: {type: http, scheme: basic}
    k: {type: apiKey, in: header, name: authorization}
    x: {type: apiKey, in: header, name: X-Key}
    q: {type: apiKey, in: query, name: Authorization}
";

fn told(rest: &str) -> String {
    api_with_problems(&format!("{SCHEMES}{rest}")).1
}

#[test]
fn credentials_that_no_request_can_hold_are_told() {
    let of_operation = |security: &str| told(&format!("paths: {{/a: {{get: {{security: {security}}}}}}}\n"));
    for possible in ["[{o: []}, {b: []}]", "[{o: [], x: []}]", "[{b: [], q: []}]"] {
        assert_eq!(of_operation(possible), "", "{possible}");
    }
    let key = "in the header `authorization` the gateway looks for tokens and passwords, not for API keys [If a token is meant, \
               make the scheme `oauth2`; else give the key a header of its own.]";
    let both = "a token and a password are asked for together, and the header `authorization` holds one of them [Leave one of them \
                out, or write two requirements in the list of `security`, of which one suffices.]";
    for (security, why) in [
        ("[{k: []}]", key),
        ("[{o: [], k: []}]", key),
        ("[{k: []}, {o: [], b: []}]", key),
        ("[{o: [], b: []}]", both),
        ("[{o: [], b: [], x: []}]", both),
    ] {
        let expected = format!("api_definitions/a.yaml:12:30: warning: none may call GET /a: {why}");
        assert_eq!(of_operation(security), expected, "{security}");
    }
    let one_of_two = of_operation("[{o: []}, {k: []}]");
    assert!(
        one_of_two.contains("no caller can show one of the credentials that are asked for at GET /a: in the header"),
        "{one_of_two}"
    );
    // Another header for tokens.
    let get = "paths: {/a: {get: {}}}\n";
    assert_eq!(
        told(&format!("x-wso2-auth-header: X-Token\nsecurity: [{{k: []}}]\n{get}")),
        ""
    );
    let moved = told(&format!("x-wso2-auth-header: X-KEY\nsecurity: [{{x: []}}]\n{get}"));
    assert!(moved.contains("none may call GET /a: in the header `x-key`"), "{moved}");
    // Whoever shows a certificate need not show anything else.
    let optional = "x-wso2-mutual-ssl: mandatory\nx-wso2-application-security: {optional: true}\n";
    let certified = told(&format!("{optional}security: [{{k: []}}]\n{get}"));
    assert!(certified.contains("no caller can show one of"), "{certified}");
    assert_eq!(
        told(&format!("x-wso2-disable-security: true\nsecurity: [{{k: []}}]\n{get}")),
        ""
    );
}

#[test]
fn what_the_api_asks_for_is_told_once() {
    let problems = told(
        "security: [{k: []}]\npaths:\n  /a: {get: {}, put: {}, post: {security: [{o: [], b: []}]}}\n  /b: {get: {security: []}, put: {}}\n",
    );
    let found: Vec<&str> = problems.lines().filter(|line| line.contains("none may call")).collect();
    assert_eq!(found.len(), 2, "{problems}");
    assert!(
        found[0]
            .starts_with("api_definitions/a.yaml:12:11: warning: none may call GET /a, PUT /a, GET /b and 1 more: "),
        "{problems}"
    );
    assert!(
        found[1].contains("none may call POST /a: a token and a password"),
        "{problems}"
    );
    let problems = told("x-wso2-application-security: {security-types: [api_key]}\npaths: {/a: {get: {}}}\n");
    assert!(
        problems.contains(":12:30: warning: no caller can show one of"),
        "{problems}"
    );
}

#[test]
fn callers_without_a_sandbox_key_need_a_production_endpoint() {
    let told = |rest: &str| {
        let head = "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop\n";
        compile_definition(&format!("{head}{rest}")).1.join("\n")
    };
    let sandbox = "x-wso2-sandbox-endpoints: {urls: ['http://s']}\n";
    let refused = "are refused: they show nothing that could be a sandbox key, and there is no production endpoint [Add \
                   `x-wso2-production-endpoints`, or have the operations take tokens or API keys.]";
    let of_api = told(&format!(
        "{sandbox}paths: {{/a: {{get: {{x-wso2-disable-security: true}}, put: {{}}}}}}\n"
    ));
    assert_eq!(
        of_api,
        format!("api_definitions/a.yaml:4:27: warning: calls of GET /a {refused}")
    );
    for all in [
        "x-wso2-disable-security: true\n",
        "x-wso2-application-security: {security-types: [basic_auth]}\n",
    ] {
        let problems = told(&format!("{sandbox}{all}paths: {{/a: {{get: {{}}, put: {{}}}}}}\n"));
        let expected = format!("api_definitions/a.yaml:4:27: warning: calls of GET /a, PUT /a {refused}");
        assert_eq!(problems, expected, "{all}");
    }
    let own =
        told("paths: {/a: {get: {x-wso2-disable-security: true, x-wso2-sandbox-endpoints: {urls: ['http://s']}}}}\n");
    assert_eq!(
        own,
        format!("api_definitions/a.yaml:2:15: warning: calls of GET /a {refused}")
    );
    let other = told(&format!(
        "{sandbox}paths: {{/a: {{get: {{x-wso2-disable-security: true, x-wso2-production-endpoints: {{urls: ['http://p']}}}}}}}}\n"
    ));
    assert!(
        other.contains("this endpoint of Shop:1.0.0 gets no request: callers show nothing"),
        "{other}"
    );
    assert_eq!(told(&format!("{sandbox}paths: {{/a: {{get: {{}}}}}}\n")), "");
}
