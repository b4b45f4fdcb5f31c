//! Whole projects on disk, compiled and packed.

mod callers;
mod corrections;
mod cors;
mod endpoints;
mod extensions;
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
