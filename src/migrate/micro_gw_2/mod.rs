//! Projects of `micro-gw setup`, version 2.6: no definitions, but the code that was generated from them.
//!
//! What is read is what that version generates: `@http:ServiceConfig`, `@gateway:API`, `@http:ResourceConfig` and
//! `@gateway:RateLimit` of services, the endpoints that are called as the service and `_prod` or `_sand`, and the policies.
//! Everything else is listed.

mod policy;
mod record;
mod service;
mod tokens;

use super::draft::{Draft, Place};
use super::micro_gw::{self, Manner, does_nothing, take_definition};
use super::secrets::{credential, without_credentials};
use super::tree::Branch;
use super::{file_name, gateway_settings};
use crate::diagnostics::Code;
use crate::yaml::{Format, Source, to_yaml};
use mgw_bundle::api_id;
use service::{Declared, Endpoint, Service};
use std::collections::BTreeMap;

/// Whether there is such a project.
pub(super) fn is_there(root: &Branch<'_>) -> bool {
    root.files().any(is_source)
}

/// Whether a file is code of the project itself, not of a build.
fn is_source(path: &str) -> bool {
    path.starts_with("src/") && path.ends_with(".bal")
}

/// Makes a definition of each service.
pub(super) fn convert(root: &Branch<'_>, gateway: Option<(String, Vec<u8>)>, draft: &mut Draft) {
    if let Some((name, bytes)) = gateway
        && let Some(text) = gateway_settings::carry(&name, bytes, draft)
    {
        draft.files.insert("conf/micro-gw.conf".into(), text);
    }
    let mut services: Vec<(Source, Service)> = Vec::new();
    let mut endpoints: BTreeMap<String, Endpoint> = BTreeMap::new();
    let mut policies = Vec::new();
    let has_definitions = root
        .files()
        .any(|path| path.starts_with("api_definitions/") && Format::of_name(path).is_some());
    for path in root.files() {
        let place = Place::File(root.shown(path));
        if is_source(path) {
            let read = root.read(path).ok();
            let Some(source) = read.and_then(|bytes| Source::new(&root.shown(path), bytes).ok()) else {
                draft.lost(
                    Code::MigrateFile,
                    &place,
                    "this file cannot be read",
                    "Make it readable, in UTF-8.",
                );
                continue;
            };
            if path.starts_with("src/policies/") {
                policy(&source, &place, &mut policies, draft);
            } else {
                code(source, &place, &mut services, &mut endpoints, draft);
            }
        } else if path.starts_with("api_definitions/") && Format::of_name(path).is_some() {
            take_definition(root, path, Manner::Copied, draft);
        } else if path == micro_gw::DEPLOYMENT {
            micro_gw::take_deployment(root, path, draft);
        } else {
            other(path, &place, draft);
        }
    }
    if has_definitions {
        for (source, service) in &services {
            draft.note(
                Code::MigrateCode,
                &Place::At(source.clone(), service.span),
                "the project has definitions; this code is not read for another one",
                "Nothing is to be done where it was generated from them.",
            );
        }
    } else {
        for (source, service) in &services {
            api(source, service, &endpoints, draft);
        }
    }
    if !policies.is_empty() {
        policies.sort();
        policies.dedup();
        draft.carried.policies += policies.len();
        draft
            .files
            .insert("policies.yaml".into(), policy::file(&policies).into_bytes());
    }
}

fn policy(source: &Source, place: &Place, policies: &mut Vec<policy::Policy>, draft: &mut Draft) {
    match policy::read(source) {
        Some(policy) => policies.push(policy),
        None if source.text().contains("initThrottlePolicies") || source.name().ends_with("_initializer.bal") => {}
        None => draft.lost(
            Code::MigratePolicy,
            place,
            "this policy is not as micro-gw generates it, and is not understood",
            "Write it into policies.yaml.",
        ),
    }
}

/// A file of code: services, endpoints, or something that somebody wrote.
fn code(
    source: Source,
    place: &Place,
    services: &mut Vec<(Source, Service)>,
    endpoints: &mut BTreeMap<String, Endpoint>,
    draft: &mut Draft,
) {
    let Declared {
        services: declared,
        endpoints: called,
        unknown,
    } = service::read(&source);
    for (what, span) in unknown {
        draft.lost(
            Code::MigrateCode,
            &Place::At(source.clone(), span),
            format!("`{what}` is not understood"),
            "See what it does there, and say it in the definition.",
        );
    }
    let is_generated = !declared.is_empty() || !called.is_empty();
    for service in declared {
        if service.is_of_every_project() {
            micro_gw::tell_generated(&Place::At(source.clone(), service.span), draft);
        } else {
            services.push((source.clone(), service));
        }
    }
    endpoints.extend(called);
    let name = source.name().rsplit('/').next().unwrap_or_default();
    if is_generated || matches!(name, "listeners.bal" | "throttle_policy_initializer.bal") {
        return;
    }
    if does_nothing(source.text()) {
        draft.note(
            Code::MigrateCode,
            place,
            "this code does nothing, as micro-gw puts it into each project",
            "Nothing is to be done.",
        );
    } else {
        draft.lost(
            Code::MigrateCode,
            place,
            "this code is not run",
            "Move its work into the backend or in front of it.",
        );
    }
}

fn other(path: &str, place: &Place, draft: &mut Draft) {
    let folder = path.split('/').next().unwrap_or_default();
    if path.split('/').any(|part| part.starts_with('.')) || folder == "target" {
        return;
    }
    match (folder, path) {
        (_, "README.md" | "LICENSE") => draft.note(
            Code::MigrateFile,
            place,
            "a gateway has no use for this file",
            "Keep it where it is.",
        ),
        _ => draft.lost(
            Code::MigrateFile,
            place,
            "this file is not understood",
            "See what it is for; mgw reads definitions, policies, certificates and settings.",
        ),
    }
}

/// The definition of a service with its backends.
fn api(source: &Source, service: &Service, endpoints: &BTreeMap<String, Endpoint>, draft: &mut Draft) {
    let place = Place::At(source.clone(), service.span);
    let (Some((name, version)), Some(mut document)) = (service.identity(), service.definition()) else {
        draft.left_out(
            Code::MigrateApi,
            &place,
            format!(
                "the API of `{}` is left out: its annotations are not as micro-gw generates them",
                service.name
            ),
            "Take its definition from the control plane, with `mgw pull` or `mgw add`.",
        );
        return;
    };
    for provider in service.unknown_providers() {
        draft.lost(
            Code::MigrateSetting,
            &place,
            format!("nothing is known of the authentication provider `{provider}`: callers have to show what the definition asks for"),
            "See \"Decide who may call\" in the documentation.",
        );
    }
    let mut has_backend = false;
    for (suffix, extension, side, is_sandbox) in [
        ("prod", "x-wso2-production-endpoints", "production", false),
        ("sand", "x-wso2-sandbox-endpoints", "sandbox", true),
    ] {
        let Some(endpoint) = endpoints.get(&format!("{}_{suffix}", service.name)) else {
            continue;
        };
        if endpoint.urls.is_empty() {
            continue;
        }
        has_backend = true;
        let mut endpoint = endpoint.clone();
        let of_endpoint = Place::At(endpoint.source.clone(), endpoint.span);
        for url in &mut endpoint.urls {
            if let Some(clean) = without_credentials(url) {
                *url = clean;
                draft.lost(
                    Code::MigrateSecret,
                    &of_endpoint,
                    format!("the credentials in a URL of the {side} backend of {name} {version} are not copied"),
                    "Name the user in `securityConfig` of the endpoint, with `type: basic`, and give the password to the gateway.",
                );
            }
        }
        document.insert(extension.into(), endpoint.extension());
        let kind = endpoint.credentials.as_ref().map(|(kind, _)| *kind);
        if let Some((what, setting)) = kind.and_then(credential) {
            let setting = setting.of(&api_id(name, version), is_sandbox);
            draft.lost(
                Code::MigrateSecret,
                &of_endpoint,
                format!("the {what} for the {side} backend of {name} {version} is not copied"),
                format!("Give it to the gateway in the environment variable `{setting}`."),
            );
        }
    }
    if !has_backend {
        draft.left_out(
            Code::MigrateApi,
            &place,
            format!(
                "{name} {version} is left out: no endpoint is called `{0}_prod` or `{0}_sand`",
                service.name
            ),
            "Take its definition from the control plane, with `mgw pull` or `mgw add`.",
        );
        return;
    }
    draft.note(
        Code::MigrateApi,
        &place,
        format!(
            "the definition of {name} {version} has the paths and methods of the code, and nothing of what is sent"
        ),
        "Replace it with that of the control plane where that is at hand.",
    );
    match to_yaml(&serde_json::Value::Object(document)) {
        Ok(text) => {
            let file = file_name(&format!("{name}-{version}"), "yaml");
            draft.add("api_definitions", file, text.into_bytes());
        }
        Err(error) => draft.left_out(
            Code::MigrateApi,
            &place,
            error.to_string(),
            "Take its definition from the control plane.",
        ),
    }
}

#[cfg(test)]
mod tests {
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
            "old/src/A.bal:22:23: error: the API of `PizzaShackAPI__1_0_0` is left out: its annotations are not as micro-gw generates them",
            "old/src/B.bal:22:23: error: Other 1.0.0 is left out: no endpoint is called `Other__1_0_0_prod` or `Other__1_0_0_sand`",
            "old/src/C.bal: warning: this code is not run",
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
}
