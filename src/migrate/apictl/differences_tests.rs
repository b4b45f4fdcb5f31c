use super::super::tests::{Outcome, api, converted, text};
use crate::migrate::tree::tests::tree;
use serde_json::Value;

const NAME: &str = "api_definitions/Ledger-2.1.0.yaml";

fn migrated(extra: &str, definition: &str) -> (Value, Vec<String>) {
    let file = api(extra);
    let tree = tree(&[("api.yaml", &*file), ("Definitions/swagger.yaml", definition)]);
    let outcome: Outcome = converted(&tree, None).unwrap();
    let written = crate::yaml::parse("x.yaml", text(&outcome, NAME).into(), crate::yaml::Format::Yaml).unwrap();
    let told = outcome.told.into_iter().map(|(_, line)| line).collect();
    (written.1.to_json(), told)
}

/// One operation: what the two files say of it, what is written, and how what is told begins.
#[track_caller]
fn operation(of_file: &str, of_definition: &str, expected: &[(&str, Value)], starts: &[&str]) {
    let definition = format!(
        "openapi: 3.0.1\ninfo: {{title: x, version: '0'}}\npaths:\n  /a:\n    get: {{responses: {{}}{of_definition}}}\n"
    );
    let extra = format!("  operations:\n  - {{target: /a, verb: GET{of_file}}}\n");
    let (written, told) = migrated(&extra, &definition);
    let node = &written["paths"]["/a"]["get"];
    for (key, value) in expected {
        assert_eq!(node.get(*key).unwrap_or(&Value::Null), value, "{key} of {node}");
    }
    assert_eq!(told.len(), starts.len(), "{told:#?}");
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}\n{start}");
    }
}

#[test]
fn an_operation_is_open_where_both_files_say_so() {
    let closed = |value: &[(&'static str, Value)]| value.to_vec();
    let open = "x-wso2-disable-security";
    // The grave one: somebody without a token would get in.
    operation(
        ", authType: Application & Application User, scopes: [r]",
        ", x-auth-type: None",
        &closed(&[
            (open, false.into()),
            ("x-auth-type", Value::Null),
            ("security", serde_json::json!([{ "default": ["r"] }])),
        ]),
        &[
            "old/api.yaml:12:29: warning: GET /a asks for credentials here, and is open in old/Definitions/swagger.yaml:5: it asks for them",
        ],
    );
    operation(
        ", authType: Any",
        ", x-wso2-disable-security: true",
        &[(open, false.into())],
        &["old/api.yaml:12:29: warning: GET /a asks for credentials here"],
    );
    for said in [
        "x-auth-type: Application",
        "x-wso2-disable-security: false",
        "security: [{o: []}]",
        "x-scope: r",
    ] {
        operation(
            ", authType: None",
            &format!(", {said}"),
            &[(open, false.into())],
            &[
                "old/api.yaml:12:29: warning: GET /a is open here, and asks for credentials in old/Definitions/swagger.yaml:5",
            ],
        );
    }
    operation(", authType: None", ", x-auth-type: None", &[(open, Value::Null)], &[]);
    operation(", authType: None", "", &[(open, true.into())], &[]);
    operation("", ", x-auth-type: None", &[("x-auth-type", "None".into())], &[]);
    operation(", authType: Any", ", x-auth-type: Any", &[(open, Value::Null)], &[]);
    operation(", authType: Any", ", security: []", &[(open, Value::Null)], &[]);
}

#[test]
fn an_api_that_the_definition_opens_stays_closed_where_its_file_says_so() {
    let definition = "openapi: 3.0.1\ninfo: {title: x, version: '0'}\nx-wso2-disable-security: true\npaths:\n  /a:\n    get: {responses: {}}\n    put: {responses: {}}\n";
    let (written, told) = migrated(
        "  operations:\n  - {target: /a, verb: GET, authType: Any}\n  - {target: /a, verb: PUT, authType: None}\n",
        definition,
    );
    assert_eq!(written["paths"]["/a"]["get"]["x-wso2-disable-security"], false);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("old/api.yaml:12:29: warning: GET /a asks for credentials here, and is open in old/Definitions/swagger.yaml:3:"),
        "{told:?}"
    );
}

#[test]
fn fewer_scopes_count() {
    let with = |scopes: &str| serde_json::json!(scopes.split(' ').collect::<Vec<_>>());
    let default = |scopes: &str| serde_json::json!([{ "default": with(scopes) }]);
    let security = "security";
    for (of_file, of_definition, expected, told) in [
        (
            "[w]",
            "security: [{default: []}]",
            default("w"),
            "needs the scope `w` here, and no scope in",
        ),
        (
            "[]",
            "security: [{default: [w]}]",
            default("w"),
            "needs no scope here, and the scope `w` in",
        ),
        (
            "[a, b]",
            "security: [{default: [b, c]}]",
            default("b"),
            "needs one of the scopes `a`, `b` here, and one of the scopes `b`, `c` in old/Definitions/swagger.yaml:5: it needs the scope `b`",
        ),
        (
            "[a]",
            "security: [{default: [c]}]",
            default("c"),
            "it needs the scope `c`",
        ),
        (
            "[a]",
            "security: [{default: [c, a]}]",
            default("a"),
            "it needs the scope `a`",
        ),
        ("[a, b]", "x-scope: b", Value::Null, "it needs the scope `b`"),
        ("[a, b]", "security: [{default: [b, a]}]", default("b a"), ""),
        ("[a]", "", default("a"), ""),
    ] {
        let line = "old/api.yaml:12:44: warning: GET /a ";
        let comma = if of_definition.is_empty() { "" } else { ", " };
        let definition = format!(
            "openapi: 3.0.1\ninfo: {{title: x, version: '0'}}\npaths:\n  /a:\n    get: {{responses: {{}}{comma}{of_definition}}}\n"
        );
        let extra = format!("  operations:\n  - {{target: /a, verb: GET, authType: Any, scopes: {of_file}}}\n");
        let (written, found) = migrated(&extra, &definition);
        assert_eq!(
            written["paths"]["/a"]["get"].get(security).unwrap_or(&Value::Null),
            &expected,
            "{of_file} {of_definition}"
        );
        match told {
            "" => assert!(found.is_empty(), "{found:?}"),
            told => assert!(
                found.len() == 1 && found[0].starts_with(line) && found[0].contains(told),
                "{found:?}"
            ),
        }
    }
}

#[test]
fn a_policy_counts_before_none() {
    let tier = "x-throttling-tier";
    let ours = "x-wso2-throttling-tier";
    let line = "old/api.yaml:12:29: warning: GET /a is under the policy ";
    let delivered = "old/api.yaml:12:29: note: the policy `10KPerMin`";
    operation(
        ", throttlingPolicy: 10KPerMin",
        ", x-throttling-tier: Unlimited",
        &[(tier, Value::Null), (ours, "10KPerMin".into())],
        &[&format!("{line}`10KPerMin` here, and `Unlimited` in"), delivered],
    );
    operation(
        ", throttlingPolicy: Unlimited",
        ", x-throttling-tier: 10KPerMin",
        &[(tier, "10KPerMin".into())],
        &[
            "old/api.yaml:1:1: note: the policy `10KPerMin`",
            &format!("{line}`Unlimited` here, and `10KPerMin` in"),
        ],
    );
    operation(
        ", throttlingPolicy: 10KPerMin",
        ", x-throttling-tier: 10KPerMin",
        &[(tier, "10KPerMin".into())],
        &[delivered],
    );
}

#[test]
fn operations_of_one_file_alone_are_told() {
    let definition = "openapi: 3.0.1\ninfo: {title: x, version: '0'}\npaths:\n  /a:\n    parameters: []\n    get: {responses: {}}\n    put: {responses: {}}\n    post: {responses: {}}\n  /r: {$ref: '#/x'}\n";
    let extra = "  operations:\n  - {target: /a, verb: GET}\n  - {target: /a, verb: DELETE}\n  - {target: /r, verb: GET}\n  - {target: /b, verb: GET}\n";
    let (_, told) = migrated(extra, definition);
    let starts = [
        "old/Definitions/swagger.yaml:7:5: note: PUT /a and 1 other are served as the definition says",
        "old/api.yaml:13:5: warning: DELETE /a is not served: the definition has no such operation",
        "old/api.yaml:15:5: warning: GET /b is not served",
    ];
    assert_eq!(told.len(), 3, "{told:#?}");
    for (told, start) in told.iter().zip(starts) {
        assert!(told.starts_with(start), "{told}\n{start}");
    }
    // A file that has none leaves them all to the definition.
    assert!(migrated("", definition).1.is_empty());
}

#[test]
fn what_both_say_of_the_api_is_told_where_it_differs() {
    let cors = "{corsConfigurationEnabled: true, accessControlAllowOrigins: ['*'], accessControlAllowHeaders: [A, b], accessControlAllowMethods: [GET], accessControlAllowCredentials: false}";
    let cors_off = "{corsConfigurationEnabled: false, accessControlAllowOrigins: ['*']}";
    let optional = "{security-types: [oauth2], optional: false}";
    for (member, extension, told) in [
        (
            "authorizationHeader: X-A",
            "x-wso2-auth-header: X-B",
            "`authorizationHeader` says something else than `x-wso2-auth-header` in old/Definitions/swagger.yaml:4, which counts",
        ),
        ("authorizationHeader: X-A", "x-wso2-auth-header: x-a", ""),
        ("authorizationHeader: null", "x-wso2-auth-header: x-a", ""),
        (
            "transport: [https]",
            "x-wso2-transports: [http, https]",
            "`transport` says",
        ),
        ("transport: [https, http]", "x-wso2-transports: [http, https]", ""),
        ("corsConfiguration: CORS", "x-wso2-cors: CORS", ""),
        ("corsConfiguration: OFF", "x-wso2-cors: OFF", ""),
        (
            "corsConfiguration: OFF",
            "x-wso2-cors: CORS",
            "`corsConfiguration` says",
        ),
        (
            "responseCachingEnabled: false",
            "x-wso2-response-cache: {enabled: false, cacheTimeoutInSeconds: 300}",
            "",
        ),
        (
            "responseCachingEnabled: false",
            "x-wso2-response-cache: {enabled: true, cacheTimeoutInSeconds: 300}",
            "`responseCachingEnabled` says",
        ),
        (
            "apiThrottlingPolicy: Unlimited",
            "x-throttling-tier: 10KPerMin",
            "`apiThrottlingPolicy` says something else than `x-throttling-tier`",
        ),
        (
            "securityScheme: [oauth2, oauth_basic_auth_api_key_mandatory]",
            &*format!("x-wso2-application-security: {optional}"),
            "",
        ),
    ] {
        let put = |text: &str| text.replace("CORS", cors).replace("OFF", cors_off);
        let definition = format!(
            "openapi: 3.0.1\ninfo: {{title: x, version: '0'}}\npaths: {{/a: {{get: {{responses: {{}}}}}}}}\n{}\n",
            put(extension)
        );
        let (_, found) = migrated(&format!("  {}\n", put(member)), &definition);
        let found: Vec<&String> = found
            .iter()
            .filter(|line| !line.contains("as API Manager delivers"))
            .collect();
        match told {
            "" => assert!(found.is_empty(), "{member} {extension}: {found:?}"),
            told => assert!(
                found.len() == 1 && found[0].starts_with("old/api.yaml:11:3: warning: ") && found[0].contains(told),
                "{member} {extension}: {found:?}"
            ),
        }
    }
    for (path, told) in [("/ledger/2.1.0", 0), ("/t/org/ledger/2.1.0/", 0), ("/other/1.0.0", 1)] {
        let definition = format!(
            "openapi: 3.0.1\ninfo: {{title: x, version: '0'}}\nx-wso2-basePath: {path}\npaths: {{/a: {{get: {{responses: {{}}}}}}}}\n"
        );
        let (written, found) = migrated("", &definition);
        assert_eq!(written["x-wso2-basePath"], path);
        assert_eq!(found.len(), told, "{path}: {found:?}");
        assert!(found.iter().all(|line| {
            line.starts_with("old/api.yaml:6:3: warning: `context` says something else than `x-wso2-basePath`")
        }));
    }
}

#[test]
fn what_asks_for_more_of_callers_counts_for_the_api() {
    let oauth = "x-wso2-application-security: {security-types: [oauth2, basic_auth], optional: false}";
    for (member, extensions, extension, expected) in [
        (
            "securityScheme: [oauth2, oauth_basic_auth_api_key_mandatory]",
            oauth,
            "x-wso2-application-security",
            serde_json::json!({"security-types": ["oauth2"], "optional": false}),
        ),
        (
            "securityScheme: [api_key, oauth_basic_auth_api_key_mandatory]",
            oauth,
            "x-wso2-application-security",
            serde_json::json!({"security-types": ["api_key"], "optional": false}),
        ),
        (
            "securityScheme: [oauth2, mutualssl, mutualssl_mandatory, oauth_basic_auth_api_key_mandatory]",
            "x-wso2-mutual-ssl: optional",
            "x-wso2-mutual-ssl",
            "mandatory".into(),
        ),
        (
            "securityScheme: [oauth2, oauth_basic_auth_api_key_mandatory]",
            "x-wso2-application-security: {security-types: [oauth2], optional: true}\nx-wso2-mutual-ssl: mandatory",
            "x-wso2-application-security",
            serde_json::json!({"security-types": ["oauth2"], "optional": false}),
        ),
        (
            "apiThrottlingPolicy: 10KPerMin",
            "x-throttling-tier: Unlimited",
            "x-wso2-throttling-tier",
            "10KPerMin".into(),
        ),
    ] {
        let definition = format!(
            "openapi: 3.0.1\ninfo: {{title: x, version: '0'}}\npaths: {{/a: {{get: {{responses: {{}}}}}}}}\n{extensions}\n"
        );
        let (written, found) = migrated(&format!("  {member}\n"), &definition);
        assert_eq!(written[extension], expected, "{member}");
        assert_eq!(written.get("x-throttling-tier"), None);
        let line = "what asks for more of callers counts - ";
        assert!(
            found
                .iter()
                .any(|told| told.starts_with("old/api.yaml:11:3: warning: ") && told.contains(line)),
            "{found:?}"
        );
    }
}

#[test]
fn backends_that_do_not_count_are_told() {
    let definition = |url: &str| {
        format!(
            "openapi: 3.0.1\ninfo: {{title: x, version: '0'}}\npaths: {{/a: {{get: {{responses: {{}}}}}}}}\nx-wso2-production-endpoints: {{urls: ['{url}']}}\n"
        )
    };
    let (written, told) = migrated("", &definition("https://old.example"));
    assert_eq!(
        written["x-wso2-production-endpoints"]["urls"][0],
        "https://core.example"
    );
    assert!(
        told.len() == 1
            && told[0].starts_with(
                "old/Definitions/swagger.yaml:4:1: note: the production backends of Ledger 2.1.0 are those"
            ),
        "{told:?}"
    );
    assert!(migrated("", &definition("https://core.example")).1.is_empty());
}

#[test]
fn older_exports_are_looked_at_under_their_own_names() {
    let file = "id: {apiName: Ledger, version: 2.1.0}\ncontext: /ledger/2.1.0\nstatus: PUBLISHED\ntransports: https\nuriTemplates:\n- {uriTemplate: /a, httpVerb: GET, authType: Any, throttlingTier: Unlimited}\nendpointConfig: '{\"production_endpoints\": {\"url\": \"https://a\"}}'\n";
    let definition = "swagger: '2.0'\ninfo: {title: x, version: '0'}\nx-wso2-transports: [http]\npaths: {/a: {get: {responses: {}, x-auth-type: None, x-throttling-tier: Gold}}}\n";
    let tree = tree(&[
        ("Meta-information/api.yaml", file),
        ("Meta-information/swagger.yaml", definition),
    ]);
    let outcome = converted(&tree, None).unwrap();
    let told: Vec<&String> = outcome.told.iter().map(|(_, line)| line).collect();
    for start in [
        "old/Meta-information/api.yaml:4:1: warning: `transports` says something else than `x-wso2-transports`",
        "old/Meta-information/api.yaml:6:36: warning: GET /a asks for credentials here, and is open in",
        "old/Meta-information/api.yaml:6:51: warning: GET /a is under the policy `Unlimited` here, and `Gold` in",
    ] {
        assert!(told.iter().any(|told| told.starts_with(start)), "{start}: {told:#?}");
    }
    assert!(text(&outcome, NAME).contains("x-wso2-disable-security: false"));
}
