//! Whole projects on disk, compiled and packed.

mod callers;
mod corrections;
mod endpoints;
mod keys;
mod paths;
mod projects;
mod scopes;
mod secrets;
mod sizes;

use super::known_policies::KnownPolicies;
use super::*;
use crate::diagnostics::{Code, Diagnostics, Severity};
use crate::project::Layout;
use mgw_bundle::config::{
    Api, ApiKeyLocation, BackendProtocol, Cors, EndpointAuth, EndpointKind, Method, MutualTls, Policies, Requirement,
    Scheme, Security,
};
use mgw_bundle::{Bundle, Limits};
use tempfile::TempDir;

/// A project folder with these files.
pub(super) fn project(files: &[(&str, &str)]) -> (TempDir, Layout) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop");
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let layout = Layout::new(root);
    (folder, layout)
}

/// The findings of a project as lines, with the temporary folder left out.
pub(super) fn problems(layout: &Layout, compiled: &Compiled) -> Vec<String> {
    let root = format!("{}/", layout.root().display());
    compiled
        .diagnostics
        .iter()
        .map(|diagnostic| {
            let remedy = diagnostic
                .remedy
                .as_deref()
                .map(|remedy| format!(" [{remedy}]"))
                .unwrap_or_default();
            format!("{diagnostic}{remedy}").replace(&root, "")
        })
        .collect()
}

fn compile_definition(text: &str) -> (Compiled, Vec<String>) {
    let (_folder, layout) = project(&[("api_definitions/a.yaml", text)]);
    let compiled = compile_project(&layout).unwrap();
    let problems = problems(&layout, &compiled);
    (compiled, problems)
}

const HEAD: &str = "openapi: 3.0.0\ninfo: {title: Shop, version: 1.0.0}\nx-wso2-basePath: /shop/{version}\n\
                    x-wso2-production-endpoints: {urls: ['https://backend.example.com/']}\n";

fn api(rest: &str) -> Api {
    let (mut compiled, problems) = compile_definition(&format!("{HEAD}{rest}"));
    assert_eq!(problems, [""; 0]);
    compiled.config.apis.remove(0)
}

fn api_with_problems(rest: &str) -> (Option<Api>, String) {
    let (mut compiled, problems) = compile_definition(&format!("{HEAD}{rest}"));
    (compiled.config.apis.pop(), problems.join("\n"))
}

const GET: &str = "paths: {/a: {get: {}}}\n";

#[test]
fn of_two_definitions_alike_both_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("api_definitions")).unwrap();
    for version in ["1", "2"] {
        let text = format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: {version}.0.0, contact: {{url: 'https://u:canary@a'}}}}\n\
             x-wso2-basePath: /shop/{version}\nx-wso2-production-endpoints: {{urls: ['https://d']}}\n{GET}"
        );
        std::fs::write(folder.path().join(format!("api_definitions/v{version}.yaml")), text).unwrap();
    }
    let compiled = compile_project(&Layout::new(folder.path())).unwrap();
    let told = compiled
        .diagnostics
        .iter()
        .filter(|one| one.code == Code::EndpointSecret);
    let files: Vec<&str> = told
        .map(|one| one.file.rsplit('/').next().unwrap_or_default())
        .collect();
    assert_eq!(files, ["v1.yaml", "v2.yaml"]);
}

#[test]
fn a_response_cache_is_a_map_of_what_is_known() {
    for (value, expected) in [
        ("{enabled: false, cacheTimeoutInSeconds: 60}", ""),
        ("{enabled: true}", "warning: responses are not cached"),
        (
            "'true'",
            "error: `x-wso2-response-cache` should be a map with `enabled`, found a text",
        ),
        ("7", "found a number"),
        ("['a']", "found a list"),
        ("{a: 1}", "error: `x-wso2-response-cache` has no `a`"),
        (
            "{enabled: 'true'}",
            "error: `enabled` should be `true` or `false`, found a text",
        ),
        (
            "{cacheTimeoutInSeconds: soon}",
            "error: `cacheTimeoutInSeconds` should be a whole number",
        ),
    ] {
        let (_, problems) = api_with_problems(&format!("x-wso2-response-cache: {value}\n{GET}"));
        assert!(
            problems.contains(expected) && problems.is_empty() == expected.is_empty(),
            "{value}: {problems}"
        );
    }
}

#[test]
fn a_name_of_digits_is_the_text_that_is_written() {
    for (title, version) in [("1.10", "1.10"), ("7", "1e3"), ("0x10", "2024.10"), ("Shop", "01.0")] {
        let text = format!(
            "openapi: 3.0.0\ninfo: {{title: {title}, version: {version}}}\nx-wso2-basePath: /shop\n\
             x-wso2-production-endpoints: {{urls: ['https://d']}}\n{GET}"
        );
        let (compiled, problems) = compile_definition(&text);
        let entry = format!("definitions/{title}_{version}.json");
        let bytes = compiled
            .entries
            .get(&entry)
            .unwrap_or_else(|| panic!("{entry}: {problems:?}"));
        let document: serde_json::Value = serde_json::from_slice(bytes).unwrap();
        let expected = serde_json::json!({ "title": title, "version": version });
        assert_eq!(document["info"], expected);
    }
}

#[test]
fn a_definition_becomes_an_api() {
    let api = api("paths:\n  /b/: {post: {}, get: {x-wso2-throttling-tier: 10kPerMin}}\n  /a/{id}: {get: {}}\n");
    assert_eq!(
        (api.name.as_str(), api.version.as_str(), api.base_path.as_str()),
        ("Shop", "1.0.0", "/shop/1.0.0")
    );
    assert_eq!(api.source, "api_definitions/a.yaml");
    assert_eq!(api.definition, "definitions/Shop_1.0.0.json");
    let production = api.endpoints.production.unwrap();
    assert_eq!(production.urls().collect::<Vec<_>>(), ["https://backend.example.com"]);
    assert_eq!(production.name.as_deref(), Some(api.id.as_str()));
    assert_eq!((production.kind, production.timeout_ms), (EndpointKind::Single, 60_000));
    let resources: Vec<_> = api.resources.iter().map(|r| (r.template.as_str(), r.method)).collect();
    assert_eq!(
        resources,
        [("/a/{id}", Method::Get), ("/b", Method::Get), ("/b", Method::Post)]
    );
    assert_eq!(api.resources[1].policy.as_ref().unwrap().index, Some(0));
    assert!(api.resources[0].security.enabled);
    assert_eq!(
        api.resources[0].security.alternatives,
        [Requirement {
            schemes: vec![Scheme::Oauth2]
        }]
    );
}

#[test]
fn malformed_extensions_are_located() {
    let (_, problems) = api_with_problems(
        "x-wso2-endpoints: {a: 1}\nx-wso2-sandbox-endpoints: '#/x-wso2-endpoints/b'\nx-wso2-disable-security: 'true'\n\
         x-wso2-transports: [ftp]\nx-wso2-mutual-ssl: mandatry\nx-wso2-cors: {accessControlAllowOrigin: ['*'], \
         accessControlAllowMethods: GET}\nx-wso2-production-endpoint: {}\nx-wso2-transport: [http]\nx-wso2-foo: 1\n\
         x-other: 1\nx-wso2-auth-header: 'a b'\nx-wso2-application-security: {security-types: [oauth], optional: 1}\n\
         x-wso2-request-interceptor: check\nx-auth-type: None\npaths:\n  /a:\n    x-wso2-throttling-tier: A\n    get: \
         {x-wso2-cors: {}, x-wso2-production-endpoints: {url: x, urls: ['ftp://x', 'https://u:p@h', '//h']}}\n",
    );
    insta::assert_snapshot!(problems, @r#"
    api_definitions/a.yaml:5:19: error: `x-wso2-endpoints` should be a list of maps with one name each, found a map [Write `- NAME:` and below it `urls: ["https://backend.example.com"]`.]
    api_definitions/a.yaml:6:27: error: the endpoint `b` is not defined under `x-wso2-endpoints` [Define it there: `b: {urls: ["https://backend.example.com"]}`.]
    api_definitions/a.yaml:7:26: error: `x-wso2-disable-security` should be `true` or `false` without quotes, found a text [Write `true` or `false` without quotes there.]
    api_definitions/a.yaml:8:21: error: a transport is `http` or `https` [Write `x-wso2-transports: [https]`, or leave it out for both.]
    api_definitions/a.yaml:9:20: error: `x-wso2-mutual-ssl` should be `mandatory` or `optional`, found `mandatry` [Did you mean `mandatory`?]
    api_definitions/a.yaml:10:15: error: `x-wso2-cors` has no `accessControlAllowOrigin` [Did you mean `accessControlAllowOrigins`?]
    api_definitions/a.yaml:10:75: error: `accessControlAllowMethods` should be a list of at most 256 texts, found a text [Write a list of at most 256 texts there.]
    api_definitions/a.yaml:11:1: warning: the extension `x-wso2-production-endpoint` is not known and has no effect [Did you mean `x-wso2-production-endpoints`?]
    api_definitions/a.yaml:12:1: warning: the extension `x-wso2-transport` is not known and has no effect [Did you mean `x-wso2-transports`?]
    api_definitions/a.yaml:13:1: warning: the extension `x-wso2-foo` is not known and has no effect
    api_definitions/a.yaml:15:21: error: `a b` cannot be the name of a header [Use letters, digits and `-`, such as `X-Shop-Authorization`.]
    api_definitions/a.yaml:16:48: error: a security type is `oauth2`, `basic_auth` or `api_key` [Did you mean `oauth2`?]
    api_definitions/a.yaml:16:66: error: `optional` should be `true` or `false`, found a number [Write `true` or `false` there.]
    api_definitions/a.yaml:17:1: error: the API names an interceptor in `x-wso2-request-interceptor`, and this version of mgw runs none [Remove the extension once the API works, and is as safe, without the interceptor.]
    api_definitions/a.yaml:18:1: warning: `x-auth-type` has no effect at the API; it belongs to an operation
    api_definitions/a.yaml:21:5: warning: `x-wso2-throttling-tier` has no effect at a path; it belongs to the API or to an operation
    api_definitions/a.yaml:22:11: warning: `x-wso2-cors` has no effect at GET /a; it belongs to the API as a whole
    api_definitions/a.yaml:22:58: error: an endpoint has no `url` [Did you mean `urls`?]
    api_definitions/a.yaml:22:73: error: `ftp://x` is not a backend URL: the gateway speaks http, https, ws and wss to backends, not ftp [Write a URL such as `https://backend.example.com/v1`; what callers ask for is put behind its path.]
    api_definitions/a.yaml:22:84: error: this is not a backend URL: it holds credentials; name the user in `securityConfig` [Write a URL such as `https://backend.example.com/v1`; what callers ask for is put behind its path.]
    api_definitions/a.yaml:22:101: error: `//h` is not a backend URL: it does not begin with `https://` or `http://` [Write a URL such as `https://backend.example.com/v1`; what callers ask for is put behind its path.]
    "#);
}

#[test]
fn an_extension_at_a_path_is_told_where_it_belongs() {
    let (_, problems) = api_with_problems(
        "paths:\n  /a:\n    x-wso2-cors: {}\n    x-scope: a\n    x-throttling-tier: A\n    x-wso2-corz: {}\n    get: {}\n",
    );
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:7:5: warning: `x-wso2-cors` has no effect at a path; it belongs to the API as a whole
    api_definitions/a.yaml:8:5: warning: `x-scope` has no effect at a path; it belongs to an operation
    api_definitions/a.yaml:9:5: warning: `x-throttling-tier` has no effect at a path; it belongs to the API or to an operation
    api_definitions/a.yaml:10:5: warning: the extension `x-wso2-corz` is not known and has no effect [Did you mean `x-wso2-cors`?]
    ");
}

#[test]
fn an_extension_is_told_wherever_it_has_no_effect() {
    let (_, problems) = api_with_problems(
        "paths:\n  x-wso2-mutual-ssl: mandatory\n  /a:\n    parameters: [{name: a, in: query, x-scope: a}]\n    get:\n      \
         responses:\n        x-scope: a\n        '200': {description: a, x-wso2-throttling-tier: A, x-wso2-basePath: /a}\n\
         components:\n  schemas: {A: {x-wso2-subtypes: [a], x-wso2-curl: a, x-wso2-disable-secruity: true, x-other: 1}}\n",
    );
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:6:3: warning: `x-wso2-mutual-ssl` has no effect in `paths`; it belongs to the API as a whole
    api_definitions/a.yaml:8:39: warning: `x-scope` has no effect in a parameter; it belongs to an operation
    api_definitions/a.yaml:11:9: warning: `x-scope` has no effect in `responses`; it belongs to GET /a
    api_definitions/a.yaml:12:33: warning: `x-wso2-throttling-tier` has no effect in a response; it belongs to GET /a
    api_definitions/a.yaml:12:60: warning: `x-wso2-basePath` has no effect in a response; it belongs to the API as a whole
    api_definitions/a.yaml:14:55: warning: the extension `x-wso2-disable-secruity` is not known and has no effect [Did you mean `x-wso2-disable-security`?]
    ");
}

/// Whatever is wrong with how a name begins, nobody reads it.
#[test]
fn an_extension_with_a_slip_at_its_beginning_is_told() {
    for (written, meant) in [
        ("x-wso2_mutual_ssl", "x-wso2-mutual-ssl"),
        ("x-wso-mutual-ssl", "x-wso2-mutual-ssl"),
        ("x-ws02-mutual-ssl", "x-wso2-mutual-ssl"),
        ("x-wso2mutual-ssl", "x-wso2-mutual-ssl"),
        ("x-wos2-mutual-ssl", "x-wso2-mutual-ssl"),
        ("x-wso2.mutual-ssl", "x-wso2-mutual-ssl"),
        ("X-WSO2-mutual-ssl", "x-wso2-mutual-ssl"),
        ("x_wso2_mutual_ssl", "x-wso2-mutual-ssl"),
        ("wso2-mutual-ssl", "x-wso2-mutual-ssl"),
        ("x-wso22-disable-security", "x-wso2-disable-security"),
        ("x-mgw-cors", "x-wso2-cors"),
    ] {
        let expected =
            format!("warning: the extension `{written}` is not known and has no effect [Did you mean `{meant}`?]");
        let (_, problems) = api_with_problems(&format!("{written}: true\n{GET}"));
        assert_eq!(problems, format!("api_definitions/a.yaml:5:1: {expected}"));
    }
    let (_, problems) = api_with_problems("paths:\n  /a:\n    x_scope: a\n    get: {x-socpe: a, throttling-tier: A}\n");
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:7:5: warning: the extension `x_scope` is not known and has no effect [Did you mean `x-scope`?]
    api_definitions/a.yaml:8:11: warning: the extension `x-socpe` is not known and has no effect [Did you mean `x-scope`?]
    api_definitions/a.yaml:8:23: warning: the extension `throttling-tier` is not known and has no effect [Did you mean `x-throttling-tier`?]
    ");
    let others = "x-ms-security: 1\nx-amazon-apigateway-cors: 1\nx-google-endpoints: 1\nx-kong-cors: 1\nx-tyk-owner: 1\nx-ws-owner: 1\n";
    let (_, problems) = api_with_problems(&format!("{others}{GET}"));
    assert_eq!(problems, "");
}

#[test]
fn security_follows_the_definition() {
    let schemes = "components: {securitySchemes: {o: {type: oauth2, flows: {}}, b: {type: http, scheme: basic}, k: \
                   {type: apiKey, in: header, name: X-Key}, t: {type: http, scheme: Bearer}, c: {type: openIdConnect, \
                   openIdConnectUrl: x}}}\n";
    let oauth = Scheme::Oauth2;
    let key = |location, name: &str| Scheme::ApiKey {
        location,
        name: name.into(),
    };
    let header = key(ApiKeyLocation::Header, "X-Key");
    for (api_level, operation, expected) in [
        ("", "{}", vec![vec![oauth.clone()]]),
        ("security: [{b: []}]\n", "{}", vec![vec![Scheme::Basic]]),
        (
            "security: [{b: []}]\n",
            "{security: [{k: []}]}",
            vec![vec![header.clone()]],
        ),
        (
            "",
            "{security: [{k: [], b: []}]}",
            vec![vec![header.clone(), Scheme::Basic]],
        ),
        (
            "",
            "{security: [{k: []}, {t: []}, {c: []}]}",
            vec![vec![header.clone()], vec![oauth.clone()]],
        ),
        (
            "x-wso2-application-security: {security-types: [basic_auth, api_key]}\n",
            "{security: [{k: []}]}",
            vec![vec![Scheme::Basic], vec![header.clone()]],
        ),
        (
            "x-wso2-application-security: {security-types: [basic_auth]}\n",
            "{x-wso2-application-security: {security-types: [oauth2]}}",
            vec![vec![oauth.clone()]],
        ),
    ] {
        let api = api(&format!("{schemes}{api_level}paths: {{/a: {{get: {operation}}}}}\n"));
        let found: Vec<_> = api.resources[0]
            .security
            .alternatives
            .iter()
            .map(|r| r.schemes.clone())
            .collect();
        assert_eq!(found, expected, "{api_level}{operation}");
    }
    let api = api(&format!(
        "x-wso2-application-security: {{security-types: [api_key]}}\n{GET}"
    ));
    assert_eq!(
        api.resources[0].security.alternatives,
        [ApiKeyLocation::Header, ApiKeyLocation::Query].map(|location| Requirement {
            schemes: vec![key(location, "apikey")]
        })
    );
    assert_eq!(api.alternatives, api.resources[0].security.alternatives);
    let api = self::api(&format!(
        "{schemes}security: [{{k: []}}]\npaths: {{/a: {{get: {{security: [{{b: []}}]}}}}}}\n"
    ));
    assert_ne!(api.alternatives, api.resources[0].security.alternatives);
    let of_api: Vec<_> = api.alternatives.iter().map(|r| r.schemes.clone()).collect();
    assert_eq!(of_api, [vec![header]]);
}

#[test]
fn only_an_explicit_extension_opens_an_operation() {
    for (api_level, operation, open) in [
        ("x-wso2-disable-security: true\n", "{}", true),
        (
            "x-wso2-disable-security: true\n",
            "{x-wso2-disable-security: false}",
            false,
        ),
        ("x-wso2-disable-security: false\n", "{x-auth-type: None}", true),
        ("", "{x-auth-type: None}", true),
        ("", "{x-auth-type: none}", false),
        ("", "{x-auth-type: Application User}", false),
        ("", "{x-auth-type: None, x-wso2-disable-security: false}", false),
        ("", "{x-wso2-disable-security: true}", true),
    ] {
        let api = api(&format!("{api_level}paths: {{/a: {{get: {operation}}}}}\n"));
        let Security {
            enabled, alternatives, ..
        } = &api.resources[0].security;
        assert_eq!(
            (!enabled, alternatives.is_empty()),
            (open, open),
            "{api_level}{operation}"
        );
    }
}

#[test]
fn empty_and_unusable_security_stays_closed_and_says_so() {
    let (api, problems) = api_with_problems(
        "components: {securitySchemes: {d: {type: http, scheme: digest}, k: {type: apiKey, in: cookie, name: k}, o: \
         {type: oauth2, flows: {}}}}\nsecurity: [{o: []}]\npaths:\n  /a: {get: {security: []}}\n  /b: {get: {security: \
         [{}, {o: []}]}}\n  /c: {get: {security: [{d: [], o: []}]}}\n  /d: {get: {security: [{k: []}]}}\n  /e: {get: \
         {security: [{x: []}]}}\n",
    );
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:8:24: warning: `security: []` does not open GET /a; it stays protected [Add `x-wso2-disable-security: true` to the operation when everybody may call it.]
    api_definitions/a.yaml:9:24: warning: the empty requirement `{}` does not open GET /b; it stays protected [Add `x-wso2-disable-security: true` to the operation when everybody may call it.]
    api_definitions/a.yaml:10:26: warning: the security scheme `d` cannot be used by the gateway: of the `http` schemes it knows `basic` and `bearer` [Callers need what else is listed; where nothing else is, what the API asks for, or OAuth2.]
    api_definitions/a.yaml:11:26: warning: the security scheme `k` cannot be used by the gateway: API keys are not read from cookies [Callers need what else is listed; where nothing else is, what the API asks for, or OAuth2.]
    api_definitions/a.yaml:12:26: error: the security scheme `x` is not defined [Define it under `components.securitySchemes`.]
    ");
    for resource in api.unwrap().resources {
        assert!(
            resource.security.enabled && !resource.security.alternatives.is_empty(),
            "{}",
            resource.template
        );
    }
}

#[test]
fn scopes_come_from_security_or_the_control_plane() {
    let schemes = "components: {securitySchemes: {o: {type: oauth2, flows: {}}, k: {type: apiKey, in: query, name: k}}}\n\
                   security: [{o: [z]}]\n";
    for (operation, expected) in [
        ("{}", vec!["z"]),
        ("{security: [{o: [b, a]}, {o: [c]}]}", vec!["a", "b", "c"]),
        ("{security: [{k: []}]}", vec![]),
        ("{security: [{o: [a]}], x-scope: p}", vec!["p"]),
    ] {
        let api = api(&format!("{schemes}paths: {{/a: {{get: {operation}}}}}\n"));
        assert_eq!(api.resources[0].scopes.names, expected, "{operation}");
    }
}

#[test]
fn a_scope_that_no_token_can_carry_is_told() {
    let schemes = "components: {securitySchemes: {o: {type: oauth2, flows: {}}}}\n";
    let told = |operation: &str| api_with_problems(&format!("{schemes}paths: {{/a: {{get: {operation}}}}}\n")).1;
    let alone = told("{x-scope: 'p q'}");
    assert!(alone.contains("no token can carry the scope `p q`"), "{alone}");
    assert!(alone.contains("so none may call"), "{alone}");
    let beside = told("{security: [{o: ['p q', r]}]}");
    assert!(
        beside.contains("no token can carry the scope `p q`") && !beside.contains("may call"),
        "{beside}"
    );
    assert!(told("{security: [{o: ['']}]}").contains("no token can carry"));
    assert_eq!(told("{security: [{o: [p, r]}]}"), "");
    assert_eq!(told("{x-wso2-disable-security: true, x-scope: 'p q'}"), "");
}

#[test]
fn policies_are_referred_to_and_hidden() {
    let (api, problems) = api_with_problems(
        "x-throttling-tier: Unlimited\npaths: {/a: {get: {x-throttling-tier: 10kPerMin, x-wso2-throttling-tier: \
         20kPerMin}, put: {x-throttling-tier: 10KPerMin}}}\n",
    );
    let api = api.unwrap();
    assert_eq!(api.policy, None);
    let policy = |index: usize| api.resources[index].policy.clone().unwrap();
    assert_eq!((policy(0).name.as_str(), policy(0).index), ("10kPerMin", Some(0)));
    assert_eq!((policy(1).name.as_str(), policy(1).index), ("10KPerMin", None));
    assert_eq!(
        problems,
        "api_definitions/a.yaml:6:111: error: there is no resource policy `10KPerMin` [Did you mean `10kPerMin`?]"
    );
    let (api, problems) = api_with_problems(
        "x-wso2-throttling-tier: 10kPerMin\nx-throttling-tier: 50kPerMin\npaths: {/a: {get: {x-throttling-tier: \
         20kPerMin}}}\n",
    );
    let api = api.unwrap();
    assert_eq!(api.policy.unwrap().name, "10kPerMin");
    assert_eq!(api.resources[0].policy, None);
    assert!(problems.contains("`20kPerMin` has no effect here"), "{problems}");
    // Written by hand it was meant to free the operation; control planes write it everywhere.
    for (operation, is_told) in [
        ("x-wso2-throttling-tier: Unlimited", true),
        ("x-throttling-tier: Unlimited", false),
        ("x-throttling-tier: Unlimited, x-wso2-throttling-tier: Unlimited", false),
    ] {
        let paths = format!("paths: {{/a: {{get: {{{operation}}}}}}}\n");
        let (api, problems) = api_with_problems(&format!("x-wso2-throttling-tier: 10kPerMin\n{paths}"));
        assert_eq!(api.unwrap().resources[0].policy, None);
        let told = "the policy `Unlimited` has no effect here, because the API as a whole has the policy `10kPerMin`";
        assert_eq!(problems.contains(told), is_told, "{operation}: {problems}");
        assert_eq!(self::api(&paths).resources[0].policy, None);
    }
}

#[test]
fn client_certificates_need_tls() {
    let (api, problems) = api_with_problems(&format!(
        "x-wso2-mutual-ssl: Mandatory\nx-wso2-transports: [HTTP, https]\nx-wso2-application-security: {{optional: true}}\n{GET}"
    ));
    let api = api.unwrap();
    assert_eq!(api.mutual_tls, Some(MutualTls::Mandatory));
    assert_eq!((api.transports.http, api.transports.https), (false, true));
    assert!(api.resources[0].security.optional);
    assert!(problems.contains("not offered over http"), "{problems}");
    let (_, problems) = api_with_problems(&format!("x-wso2-application-security: {{optional: true}}\n{GET}"));
    assert!(problems.contains("error: credentials cannot be optional"), "{problems}");
}

#[test]
fn cors_is_read_in_three_spellings() {
    for keys in [
        [
            "accessControlAllowOrigins",
            "accessControlAllowHeaders",
            "accessControlAllowCredentials",
        ],
        [
            "access_control_allow_origins",
            "access_control_allow_headers",
            "access_control_allow_credentials",
        ],
        [
            "access-control-allow-origins",
            "access-control-allow-headers",
            "access-control-allow-credentials",
        ],
    ] {
        let [origins, headers, credentials] = keys;
        let api = api(&format!(
            "x-wso2-cors: {{{origins}: ['http://www.m3.com'], {headers}: [X-A, '*'], {credentials}: true}}\n{GET}"
        ));
        let cors = api.cors.unwrap();
        assert_eq!(cors.allow_origins, ["http://www.m3.com"]);
        assert_eq!(cors.allow_headers, ["*"]);
        assert!(cors.allow_credentials);
    }
    assert_eq!(api(GET).cors, None);
    assert_eq!(
        api(&format!("x-wso2-cors: {{corsConfigurationEnabled: false}}\n{GET}")).cors,
        None
    );
}

#[test]
fn a_key_of_cors_stands_once_in_any_spelling() {
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-cors: {{accessControlAllowOrigins: ['https://a.example'], access-control-allow-origins: ['*'], \
         access_control_max_age: 5}}\n{GET}"
    ));
    assert_eq!(
        problems,
        "api_definitions/a.yaml:5:65: error: `access-control-allow-origins` is another spelling of `accessControlAllowOrigins`, \
         which is there too [Remove one of the two.]"
    );
}

#[test]
fn what_is_wrong_in_a_list_of_cors_is_the_element() {
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-cors:\n  accessControlAllowHeaders: [x-c, \"x-a, x-b\", 5]\n  accessControlAllowOrigins: [\"https://a.example \
         https://b.example\", \"\", é]\n{GET}"
    ));
    insta::assert_snapshot!(problems, @r#"
    api_definitions/a.yaml:6:36: error: an element of `accessControlAllowHeaders` has a comma or a blank in it [Write each as an element of its own.]
    api_definitions/a.yaml:6:48: error: an element of `accessControlAllowHeaders` should be a text, found a number [Write a text there.]
    api_definitions/a.yaml:7:31: error: an element of `accessControlAllowOrigins` has a comma or a blank in it [Write each as an element of its own.]
    api_definitions/a.yaml:7:70: error: an element of `accessControlAllowOrigins` is empty [Remove it, or write what is meant.]
    api_definitions/a.yaml:7:74: error: an element of `accessControlAllowOrigins` cannot stand in a header [Write it with letters of ASCII alone.]
    "#);
}

#[test]
fn open_operations_need_a_policy_of_their_own() {
    let definition = format!("{HEAD}x-wso2-disable-security: true\n{GET}");
    let (_folder, layout) = project(&[
        ("api_definitions/a.yaml", &definition),
        ("policies.yaml", ""),
        (
            "mgw.toml",
            "format = 1\nname = \"x\"\n[build]\napi-fault-responses = true\n",
        ),
    ]);
    let compiled = compile_project(&layout).unwrap();
    let problems = problems(&layout, &compiled).join("\n");
    assert!(
        problems.starts_with("policies.yaml: error: there is no subscription policy `Unauthenticated`"),
        "{problems}"
    );
    assert!(compiled.config.api_fault_responses && !compiled.config.global_fault_responses);
}

#[test]
fn the_gateway_s_own_services_have_the_rules_of_the_project() {
    let definition = format!("{HEAD}x-wso2-cors: {{accessControlAllowOrigins: ['https://api.example']}}\n{GET}");
    let settings = "format = 1\nname = \"x\"\n[build.cors]\nallow-origins = [\"https://shop.example\"]\nallow-methods = [\"POST\"]\n";
    for (settings, expected) in [(settings, true), ("format = 1\nname = \"x\"\n", false)] {
        let (_folder, layout) = project(&[("api_definitions/a.yaml", &definition), ("mgw.toml", settings)]);
        let config = compile_project(&layout).unwrap().config;
        let origins = |cors: &Option<Cors>| cors.as_ref().map(|cors| cors.allow_origins.join(" "));
        let of_services = expected.then(|| "https://shop.example".to_owned());
        assert_eq!(origins(&config.service_cors), of_services);
        assert_eq!(origins(&config.apis[0].cors).as_deref(), Some("https://api.example"));
    }
}

#[test]
fn callers_without_subscription_need_a_policy_of_their_own() {
    let definition = format!("{HEAD}{GET}");
    let told = |files: &[(&str, &str)]| {
        let (_folder, layout) = project(&[&[("api_definitions/a.yaml", definition.as_str())], files].concat());
        problems(&layout, &compile_project(&layout).unwrap()).join("\n")
    };
    let unsaid = "policies.yaml: warning: there is no subscription policy `Default`, which callers of Shop:1.0.0 without a \
                  subscription are under; they are going to be refused with 900809 [Add it to `subscriptionPolicies` \
                  in policies.yaml.]";
    assert_eq!(told(&[("policies.yaml", "")]), unsaid);
    // Those of the template have it.
    assert_eq!(told(&[]), "");
    let policies = "subscriptionPolicies:\n- Default: {count: 5, unitTime: 1, timeUnit: min}\n";
    assert_eq!(told(&[("policies.yaml", policies)]), "");
    // Where subscriptions are known, only users of the gateway have none.
    let (_folder, layout) = project(&[("api_definitions/a.yaml", &definition)]);
    let mut apis = compile_project(&layout).unwrap().config.apis;
    let policies = Policies::default();
    let count = |apis: &[Api]| {
        let mut found = Diagnostics::default();
        implicit_policies::check(apis, KnownPolicies::new(&policies, None), true, "p", &mut found);
        found.iter().count()
    };
    assert_eq!(count(&apis), 0);
    apis[0].resources[0].security.alternatives[0].schemes = vec![Scheme::Basic];
    assert_eq!(count(&apis), 1);
}

#[test]
fn micro_gw_built_projects_whose_policies_nobody_defined() {
    let definition = format!("{HEAD}x-wso2-throttling-tier: Nonsuch\nx-wso2-disable-security: true\n{GET}");
    let (_folder, layout) = project(&[
        ("api_definitions/a.yaml", &definition),
        ("policies.yaml", ""),
        (
            "mgw.toml",
            "format = 1\nname = \"x\"\n[build]\ncompat = \"micro-gw-3.2\"\n",
        ),
    ]);
    let compiled = compile_project(&layout).unwrap();
    assert!(!compiled.diagnostics.has_errors());
    insta::assert_snapshot!(problems(&layout, &compiled).join("\n"), @r"
    api_definitions/a.yaml:5:25: warning: there is no resource policy `Nonsuch`; all calls are going to be refused with 900809 [Add it to `resourcePolicies` in policies.yaml.]
    policies.yaml: warning: there is no subscription policy `Unauthenticated`, which the open operations of Shop:1.0.0 are under; their calls are going to be refused with 900809 [Add it to `subscriptionPolicies` in policies.yaml.]
    ");
    assert_eq!(compiled.config.apis[0].policy.as_ref().unwrap().index, None);
}
