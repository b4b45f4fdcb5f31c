use super::*;
use crate::migrate::finish;
use crate::migrate::tree::tests::tree;

const SERVICE: &str = r#"import ballerina/http;
import wso2/gateway;

@http:ServiceConfig {
    basePath: "/pizzashack/1.0.0",
    authConfig: {
        authProviders:["jwt","oauth2"]
    },
    cors: {
        allowOrigins: ["*"],
        allowCredentials: false,
        allowHeaders: ["authorization"],
        allowMethods: ["GET","POST"]
    }
}
@gateway:API {
    publisher:"admin",
    name:"PizzaShackAPI",
    apiVersion: "1.0.0",
    apiTier : ""
}
service<http:Service> PizzaShackAPI__1_0_0 bind apiListener, apiSecureListener {

    @http:ResourceConfig {
        methods:["POST"],
        path:"/order",
        authConfig:{
            authentication:{
                enabled:true
            },
            scopes: ["order"]
        }
    }
    @gateway:RateLimit{policy : "10PerMin"}
    post1 (endpoint outboundEp, http:Request req) {
        string urlPostfix = untaint req.rawPath.replace("/pizzashack/1.0.0", "");
        if (runtime:getInvocationContext().attributes["KEY_TYPE"] == "PRODUCTION") { x = PizzaShackAPI__1_0_0_prod->forward(urlPostfix, req); }
    }

    @http:ResourceConfig {
        methods:["GET", "HEAD"],
        path:"/menu",
        authConfig:{ authentication:{ enabled:false } }
    }
    @gateway:RateLimit{policy : ""}
    get2 (endpoint outboundEp, http:Request req) { }
}
"#;

const ENDPOINTS: &str = r#"import ballerina/http;
endpoint http:Client PizzaShackAPI__1_0_0_prod {
    url: gateway:retrieveConfig("api_x_prod_endpoint_0","https://pizza.example/v1"),
    auth: { scheme: http:BASIC_AUTH, username: gateway:retrieveConfig("api_x_prod_basic_username","svc"), password: gateway:retrieveConfig("api_x_prod_basic_password","canary") },
    httpVersion: gateway:getHttpVersion()
};
endpoint http:LoadBalanceClient PizzaShackAPI__1_0_0_sand {
    targets: [ { url: "https://a.example" }, { url: "https://b.example" } ]
};
"#;

fn converted(files: &[(&str, &str)]) -> (Draft, Vec<String>) {
    let mut draft = Draft::default();
    convert(&tree(files).root(), None, &mut draft);
    draft.findings.sort();
    let told = draft.findings.iter().map(ToString::to_string).collect();
    (draft, told)
}

#[test]
fn a_service_becomes_a_definition() {
    let (draft, told) = converted(&[
        ("src/PizzaShackAPI__1_0_0.bal", SERVICE),
        ("src/endpoints.bal", ENDPOINTS),
    ]);
    let text = String::from_utf8(draft.files["api_definitions/PizzaShackAPI-1.0.0.yaml"].clone()).unwrap();
    insta::assert_snapshot!(text, @r#"
        openapi: "3.0.1"
        info:
          title: PizzaShackAPI
          version: "1.0.0"
        x-wso2-basePath: /pizzashack/1.0.0
        x-wso2-owner: admin
        x-wso2-cors:
          corsConfigurationEnabled: true
          accessControlAllowOrigins:
          - "*"
          accessControlAllowCredentials: false
          accessControlAllowHeaders:
          - authorization
          accessControlAllowMethods:
          - GET
          - POST
        paths:
          /order:
            post:
              responses:
                default:
                  description: what the backend answers
              security:
              - default:
                - order
              x-wso2-throttling-tier: 10PerMin
          /menu:
            get:
              responses:
                default:
                  description: what the backend answers
              x-wso2-disable-security: true
            head:
              responses:
                default:
                  description: what the backend answers
              x-wso2-disable-security: true
        components:
          securitySchemes:
            default:
              type: oauth2
              flows:
                implicit:
                  authorizationUrl: https://localhost/authorize
                  scopes:
                    order: ""
        x-wso2-production-endpoints:
          type: http
          urls:
          - https://pizza.example/v1
          securityConfig:
            type: basic
            username: svc
        x-wso2-sandbox-endpoints:
          type: load_balance
          urls:
          - https://a.example
          - https://b.example
        "#);
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told[0].starts_with("old/src/PizzaShackAPI__1_0_0.bal:22:23: note: the definition of PizzaShackAPI 1.0.0"),
        "{told:#?}"
    );
    assert!(
        told[1].starts_with("old/src/endpoints.bal:2:22: warning: the password for the production backend"),
        "{told:#?}"
    );
    assert!(!format!("{:?}{told:?}{text}", draft.files).contains("canary"));
}

#[test]
fn what_callers_and_backends_are_shown_is_kept_or_told() {
    let service = SERVICE
        .replace("[\"jwt\",\"oauth2\"]\n", "[\"basic\", \"ldap\"], loud: true\n")
        .replace(
            "apiTier : \"\"",
            "apiTier : \"\",\n    authorizationHeader : \"X-Auth\", odd: 5",
        )
        .replace("path:\"/menu\",", "path:\"/menu\", consumes: [\"text/plain\"],");
    let endpoints = ENDPOINTS
        .replace("scheme: http:BASIC_AUTH", "scheme: http:DIGEST_AUTH")
        .replace("https://a.example", "https://u:canary@a.example")
        .replace("httpVersion:", "timeoutMillis: 5000, httpVersion:");
    let (draft, told) = converted(&[("src/A.bal", &service), ("src/endpoints.bal", &endpoints)]);
    let text = String::from_utf8(draft.files["api_definitions/PizzaShackAPI-1.0.0.yaml"].clone()).unwrap();
    for part in [
        "x-wso2-auth-header: X-Auth\n",
        "x-wso2-application-security:\n  security-types:\n  - basic_auth\n  optional: false\n",
        "securityConfig:\n    type: digest\n    username: svc\n",
        "- https://a.example\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for message in [
        "old/src/A.bal:7:42: warning: `authConfig.loud` of `@http:ServiceConfig` is not understood",
        "`odd` of `@gateway:API` is not understood",
        "`consumes` of `@http:ResourceConfig` is not understood",
        "`timeoutMillis` of the endpoint `PizzaShackAPI__1_0_0_prod` is not understood",
        "nothing is known of the authentication provider `ldap`",
        "the credentials in a URL of the sandbox backend",
    ] {
        assert!(told.iter().any(|line| line.contains(message)), "{message}: {told:#?}");
    }
    assert!(!format!("{text}{told:?}").contains("canary"));
    let remedies = draft.findings.iter().filter_map(|finding| finding.remedy.as_deref());
    let of_digest = remedies.filter(|remedy| remedy.contains("_prod_digest_password"));
    assert_eq!(of_digest.count(), 1);
    let finished = finish(draft, "shop", "shop", Manner::Copied, &|_, _, _| Ok(())).unwrap();
    assert_eq!(finished.carried.apis, 1, "{:?}", finished.findings);
}

#[test]
fn what_somebody_wrote_into_generated_code_is_told() {
    let service = SERVICE
        .replace("service<http:Service>", "@gateway:Filters { filters: [\"a\"] }\nservice<http:Service>")
        .replace("        string urlPostfix", "        if (!checkIt(req)) { abort; }\n        string urlPostfix")
        .replace("http:Request req) { }\n}", "http:Request req) { }\n\n    plain (endpoint caller, http:Request req) { }\n    int count = 0;\n}\nfunction checkIt(http:Request req) returns boolean { return false; }");
    let endpoints = format!("{ENDPOINTS}endpoint http:Client get2_prod {{ url: \"https://u:canary@res.example\" }};\n");
    let listeners = "import ballerina/http;\nendpoint http:Listener apiListener { port: 9090 };\nendpoint gateway:APIGatewayListener apiSecureListener { port: 9095 };\nfunction init() { watch(); }\n";
    let (draft, told) = converted(&[
        ("src/A.bal", &service),
        ("src/endpoints.bal", &endpoints),
        ("src/listeners.bal", listeners),
    ]);
    let text = String::from_utf8(draft.files["api_definitions/PizzaShackAPI-1.0.0.yaml"].clone()).unwrap();
    assert!(
        text.contains("/order:") && text.contains("/menu:") && !text.contains("plain"),
        "{text}"
    );
    let expected = [
        "old/src/A.bal:22:1: warning: `@gateway:Filters` is not understood",
        "old/src/A.bal:23:23: note: the definition of PizzaShackAPI 1.0.0 has the paths and methods of the code, and nothing of what is sent",
        "old/src/A.bal:37:14: warning: the resource `post1` does something of its own with `checkIt`, `abort`, which is not done any more: a check among it is gone",
        "old/src/A.bal:50:5: warning: the resource `plain` has no `@http:ResourceConfig`, and is not carried over",
        "old/src/A.bal:51:5: warning: this is not what micro-gw generates, and is not run",
        "old/src/A.bal:53:1: warning: `checkIt` is not what micro-gw generates, and is not run",
    ];
    assert_eq!(told[..expected.len()], expected, "{told:#?}");
    for line in [
        "old/src/endpoints.bal:10:22: warning: the endpoint `get2_prod` is called as no API is, and does not carry over",
        "old/src/listeners.bal:4:1: warning: `init` is not what micro-gw generates, and is not run",
    ] {
        assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
    }
    assert!(!format!("{told:?}{text}").contains("canary"));
}

#[test]
fn resources_of_which_nobody_can_tell_whom_they_serve_are_left_out() {
    let resource = |config: &str| {
        format!(
            "@http:ResourceConfig {{ {config} }}\n@gateway:RateLimit{{policy : \"Odd\"}}\nodd (endpoint outboundEp, http:Request req) {{ }}\n"
        )
    };
    let with = |config: &str| {
        let at = SERVICE.rfind('}').unwrap();
        let service = format!("{}{}}}\n", &SERVICE[..at], resource(config));
        let (draft, told) = converted(&[("src/A.bal", &service), ("src/endpoints.bal", ENDPOINTS)]);
        let text = String::from_utf8(draft.files["api_definitions/PizzaShackAPI-1.0.0.yaml"].clone()).unwrap();
        let line = format!("old/src/A.bal:{}:", SERVICE[..at].lines().count() + 1);
        let told = told.into_iter().filter(|told| told.starts_with(&line));
        (text, told.collect::<Vec<_>>().join("\n"))
    };
    let usual = "authConfig:{ authentication:{ enabled:false } }";
    for (config, expected) in [
        (
            format!("path:\"/odd\", {usual}"),
            "error: this resource is left out: without `methods` it took all of them",
        ),
        (
            format!("path:\"/odd\", methods:[], {usual}"),
            "error: this resource is left out: without `methods` it took all of them",
        ),
        (
            format!("path:\"/odd\", methods: known(), {usual}"),
            "`methods` of `@http:ResourceConfig` is not understood",
        ),
        (
            "path:\"/odd\", methods:[\"GET\"], authConfig:{ scopes: [order] }".to_owned(),
            "`authConfig.scopes` of `@http:ResourceConfig` is not understood",
        ),
        (
            "path:\"/odd\", methods:[\"GET\"], authConfig: shared".to_owned(),
            "`authConfig` of `@http:ResourceConfig` is not understood",
        ),
        (
            "path:\"/odd\" + x".to_owned(),
            "`@http:ResourceConfig` is not understood",
        ),
    ] {
        let (text, told) = with(&config);
        assert!(told.contains(expected), "{config}: {told}");
        // Nor does anything of it come to the resource before.
        assert!(!text.contains("/odd") && !text.contains("Odd"), "{config}: {text}");
    }
    // Where it asks for more, it is there.
    let (text, told) = with("path:\"/odd\", methods:[\"GET\"], authConfig:{ authentication:{ enabled: isOpen() } }");
    assert!(
        told.contains("warning: `authConfig.authentication.enabled` of `@http:ResourceConfig` is not understood"),
        "{told}"
    );
    let odd = &text[text.find("/odd").unwrap()..];
    assert!(
        odd.contains("x-wso2-throttling-tier: Odd") && !odd.contains("disable-security"),
        "{text}"
    );
}

#[test]
fn what_is_not_as_it_is_generated_is_told() {
    let odd = SERVICE.replace("apiVersion: \"1.0.0\",", "apiVersion: version(),");
    let (draft, told) = converted(&[
        ("notes.txt", ""),
        ("src/A.bal", &odd),
        ("src/B.bal", &SERVICE.replace("PizzaShackAPI", "Other")),
        (
            "src/C.bal",
            "endpoint sql:Client db { url: \"x\" };\nendpoint http:SimpleClient c { };\n@odd:Thing { }\nfunction f() { run(); }\n",
        ),
        (
            "src/extension_filter.bal",
            "function filter() returns boolean { return true; }\n",
        ),
        ("src/policies/mine.bal", "function x() { }\n"),
        ("target/x.balx", ""),
    ]);
    assert!(draft.files.is_empty(), "{:?}", draft.files.keys());
    let expected = [
        "old/notes.txt: warning: this file is not understood",
        "old/src/A.bal:19:5: warning: `apiVersion` of `@gateway:API` is not understood",
        "old/src/A.bal:22:23: error: the API of `PizzaShackAPI__1_0_0` is left out: its annotations are not as micro-gw generates them",
        "old/src/B.bal:22:23: error: Other 1.0.0 is left out: no endpoint is called `Other__1_0_0_prod` or `Other__1_0_0_sand`",
        "old/src/C.bal: warning: this code is not run",
        "old/src/C.bal:1:21: warning: `endpoint sql:Client` is not understood",
        "old/src/C.bal:2:28: warning: `endpoint http:SimpleClient` is not understood",
        "old/src/C.bal:3:1: warning: `@odd:Thing` is not understood",
        "old/src/extension_filter.bal: note: this code does nothing, as micro-gw puts it into each project",
        "old/src/policies/mine.bal: warning: this policy is not as micro-gw generates it, and is not understood",
    ];
    assert_eq!(told, expected);
}

#[test]
fn listeners_say_what_an_api_speaks() {
    for (bound, transports, unknown) in [
        ("apiListener, apiSecureListener", None, 0),
        ("apiSecureListener", Some("x-wso2-transports:\n- https\n"), 0),
        ("apiListener", Some("x-wso2-transports:\n- http\n"), 0),
        ("apiSecureListener, mine", Some("x-wso2-transports:\n- https\n"), 1),
    ] {
        let service = SERVICE.replace("apiListener, apiSecureListener", bound);
        let (draft, told) = converted(&[("src/A.bal", &service), ("src/endpoints.bal", ENDPOINTS)]);
        let text = String::from_utf8(draft.files["api_definitions/PizzaShackAPI-1.0.0.yaml"].clone()).unwrap();
        assert_eq!(text.contains("x-wso2-transports"), transports.is_some(), "{text}");
        assert!(text.contains(transports.unwrap_or_default()), "{text}");
        let of_listener = "old/src/A.bal:22:68: warning: `bind mine` is not understood";
        assert_eq!(
            told.iter().filter(|line| *line == of_listener).count(),
            unknown,
            "{told:#?}"
        );
    }
}

#[test]
fn what_every_project_has_is_no_loss() {
    let tokens = "@http:ServiceConfig { basePath: \"/token\" }\nservice<http:Service> tokenService bind tokenListenerEndpoint {\n\
                  @http:ResourceConfig { path: \"/*\" }\nall (endpoint caller, http:Request req) { call(); }\n}\n";
    let endpoints = ENDPOINTS.replace(
        "http:LoadBalanceClient PizzaShackAPI__1_0_0_sand {",
        "http:FailoverClient PizzaShackAPI__1_0_0_sand {\n failoverCodes: [501, 502, 503, 504],\n secureSocket: { trustStore: { path: gateway:get(\"a\") } },",
    );
    let (draft, told) = converted(&[
        (
            "conf/deployment-config.toml",
            "[docker.dockerConfig]\nenable = true\nname = 'edge'\npassword = 'canary'\n",
        ),
        ("src/A.bal", SERVICE),
        ("src/endpoints.bal", &endpoints),
        ("src/token_endpoint.bal", tokens),
    ]);
    assert_eq!(
        String::from_utf8_lossy(&draft.files["conf/deployment-config.toml"]),
        "[docker.dockerConfig]\nenable = true\nname = 'edge'\n# docker.dockerConfig.password: a secret\n"
    );
    assert!(
        told.len() == 4
            && told[0].starts_with("old/conf/deployment-config.toml:4:1: warning: the secret")
            && told[1].contains("note: the definition of PizzaShackAPI 1.0.0")
            && told[2].contains("warning: the password for the production backend")
            && told[3].starts_with("old/src/token_endpoint.bal:2:23: note: this code is what micro-gw generates"),
        "{told:#?}"
    );
    for odd in [
        "failoverCodes: [500, 502, 503, 504]",
        "secureSocket: { ciphers: [\"x\"] }",
    ] {
        let endpoints = ENDPOINTS.replace("httpVersion:", &format!("{odd}, httpVersion:"));
        let (_, told) = converted(&[("src/A.bal", SERVICE), ("src/endpoints.bal", &endpoints)]);
        assert!(
            told.iter().any(|line| line.contains("is not understood")),
            "{odd}: {told:#?}"
        );
    }
}

#[test]
fn what_the_control_plane_said_of_an_api_is_in_its_definition() {
    let answered = r#"[{"name": "PizzaShackAPI", "version": "1.0.0", "context": "/other", "endpointSecurity": {"password": "canary"},
        "endpointConfig": "{\"production_endpoints\": {\"url\": \"https://not.example\"}}",
        "apiDefinition": "{\"swagger\": \"2.0\", \"paths\": {\"/order\": {\"post\": {\"summary\": \"orders a pizza\", \"x-auth-type\": \"None\"}}, \"/gone\": {\"get\": {}}}}"},
        {"name": "Gone", "version": "2", "context": "/gone", "apiDefinition": ""}]"#;
    let (draft, told) = converted(&[
        ("conf/apis.json", answered),
        ("src/A.bal", SERVICE),
        ("src/endpoints.bal", ENDPOINTS),
    ]);
    let text = String::from_utf8(draft.files["api_definitions/PizzaShackAPI-1.0.0.yaml"].clone()).unwrap();
    for part in [
        "swagger: \"2.0\"",
        "summary: orders a pizza",
        "x-wso2-basePath: /pizzashack/1.0.0",
        "- https://pizza.example/v1",
        "  /menu:",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    for part in ["x-auth-type", "/gone", "not.example", "canary"] {
        assert!(!text.contains(part), "{part} in {text}");
    }
    assert!(
        told.len() == 2
            && told[0].starts_with("old/conf/apis.json:4:10: note: no code of the project serves Gone 2")
            && told[1].contains("warning: the password"),
        "{told:#?}"
    );
    let finished = finish(draft, "shop", "shop", Manner::Copied, &|_, _, _| Ok(())).unwrap();
    assert_eq!(
        (finished.carried.apis, finished.operations),
        (1, 3),
        "{:?}",
        finished.findings
    );
}

#[test]
fn policies_come_of_code_and_else_of_what_the_control_plane_said() {
    let generated = "from s select (s.appTier == \"Night\") as isEligible, s.appKey as throttleKey\n\
                     throttler:timeBatch(60000, 0)\nselect count(messageID) >= 10 as isThrottled, true as stopOnQuota, x\n";
    let limit = |count: u32| {
        format!(
            r#""defaultLimit": {{"type": "RequestCountLimit", "timeUnit": "hour", "unitTime": 2, "requestCount": {count}}}"#
        )
    };
    let application = format!(
        "[{{\"policyName\": \"Night\", {}}},\n {{\"policyName\": \"Day\", {}}}]",
        limit(7),
        limit(8)
    );
    let subscription = format!(
        "[{{\"policyName\": \"Gold\", {}, \"stopOnQuotaReach\": false}}]",
        limit(9)
    );
    let (draft, told) = converted(&[
        ("conf/application-throttle-policies.json", &application),
        ("conf/subscription-throttle-policies.json", &subscription),
        ("src/A.bal", SERVICE),
        ("src/endpoints.bal", ENDPOINTS),
        ("src/policies/application_Night.bal", generated),
    ]);
    let text = String::from_utf8(draft.files["policies.yaml"].clone()).unwrap();
    let expected = "applicationPolicies:\n  - \"Day\":\n      count: 8\n      unitTime: 2\n      timeUnit: hour\n  \
                    - \"Night\":\n      count: 10\n      unitTime: 1\n      timeUnit: min\n\
                    subscriptionPolicies:\n  - \"Gold\":\n      count: 9\n      unitTime: 2\n      timeUnit: hour\n      stopOnQuota: false\n";
    assert!(text.contains(expected), "{text}");
    assert_eq!(draft.carried.policies, 3);
    let note = "old/conf/application-throttle-policies.json:1:17: note: the code of the policy Night has another limit";
    assert!(told.len() == 3 && told[0].starts_with(note), "{told:#?}");
}
