//! Whole projects on disk, compiled and packed.

use super::*;
use crate::project::Layout;
use mgw_bundle::config::{
    Api, ApiKeyLocation, BackendProtocol, EndpointAuth, EndpointKind, Method, MutualTls, Requirement, Scheme, Security,
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
fn servers_are_endpoint_and_base_path() {
    let (compiled, problems) = compile_definition(
        "openapi: 3.0.0\ninfo: {title: T, version: 1}\nservers:\n- url: '{s}://x.example.com/v{n}/'\n  variables: {s: \
         {default: https}, n: {default: 2}}\npaths:\n  /a:\n    servers: [{url: 'http://y/'}]\n    get: {}\n    put: \
         {servers: [{url: 'http://z'}, {url: 'http://w'}]}\n  /b: {get: {}}\n",
    );
    assert_eq!(
        problems,
        [
            "api_definitions/a.yaml:10:20: warning: the 2 servers are used in turn [Name the backend in \
          `x-wso2-production-endpoints` when only one of them is meant.]"
        ]
    );
    let api = &compiled.config.apis[0];
    assert_eq!(api.base_path, "/v2");
    assert_eq!(
        api.endpoints.production.as_ref().unwrap().urls().collect::<Vec<_>>(),
        ["https://x.example.com/v2"]
    );
    let urls: Vec<_> = api
        .resources
        .iter()
        .map(|resource| {
            resource
                .endpoints
                .production
                .as_ref()
                .map(|e| (e.kind, e.urls().collect::<Vec<_>>().join(" ")))
        })
        .collect();
    assert_eq!(
        urls,
        [
            Some((EndpointKind::Single, "http://y".into())),
            Some((EndpointKind::LoadBalance, "http://z http://w".into())),
            None
        ]
    );
}

#[test]
fn named_endpoints_are_found_by_reference() {
    let api = api(
        "x-wso2-endpoints:\n- a: {urls: ['http://a1', 'http://a2'], type: failover, advanceEndpointConfig: \
         {timeoutInMillis: 5}}\n- b: {urls: ['http://b'], securityConfig: {type: basic, username: u}}\n\
         x-wso2-sandbox-endpoints: '#/x-wso2-endpoints/a'\npaths: {/a: {get: {x-wso2-production-endpoints: \
         '#/x-wso2-endpoints/b'}}, /b: {get: {}}}\n",
    );
    let sandbox = api.endpoints.sandbox.unwrap();
    assert_eq!(sandbox.name.as_deref(), Some("a"));
    assert_eq!((sandbox.kind, sandbox.timeout_ms), (EndpointKind::Failover, 5));
    let own = api.resources[0].endpoints.production.as_ref().unwrap();
    assert_eq!(
        (own.name.as_deref(), own.auth.clone()),
        (Some("b"), Some(EndpointAuth::Basic { username: "u".into() }))
    );
}

#[test]
fn endpoints_are_for_web_sockets_or_for_http() {
    let of = |urls: &str| {
        let text = format!("x-wso2-sandbox-endpoints: {{urls: [{urls}]}}\npaths: {{/a: {{get: {{}}}}}}\n");
        api_with_problems(&text)
    };
    let (api, problems) = of("'ws://a/chat', 'WSS://b/'");
    let urls = api.and_then(|api| Some(api.endpoints.sandbox?.urls().map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(
        urls,
        Some(vec!["ws://a/chat".to_owned(), "wss://b".to_owned()]),
        "{problems}"
    );
    let (_, problems) = of("'ws://a', 'http://b'");
    assert!(problems.contains("for WebSockets or for HTTP"), "{problems}");
}

#[test]
fn the_http_version_of_backends_is_said_or_left_open() {
    let of = |version: &str| {
        api_with_problems(&format!(
            "x-wso2-sandbox-endpoints: {{urls: ['http://a'], advanceEndpointConfig: {{{version}}}}}\npaths: {{/a: {{get: {{}}}}}}\n"
        ))
    };
    for (written, expected) in [
        ("", BackendProtocol::Negotiated),
        ("httpVersion: null", BackendProtocol::Negotiated),
        ("httpVersion: 2", BackendProtocol::Http2),
        ("httpVersion: '2'", BackendProtocol::Http2),
        ("httpVersion: 1.1", BackendProtocol::Http1),
    ] {
        let (api, problems) = of(written);
        let endpoint = api.and_then(|api| api.endpoints.sandbox);
        assert_eq!(
            endpoint.map(|endpoint| endpoint.protocol),
            Some(expected),
            "{written} {problems}"
        );
    }
    for wrong in ["httpVersion: 3", "httpVersion: [2]", "httpVersion: HTTP/2"] {
        let (_, problems) = of(wrong);
        assert!(
            problems.contains("`httpVersion` should be `1.1` or `2`"),
            "{wrong} {problems}"
        );
    }
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
    api_definitions/a.yaml:6:27: error: the endpoint `b` is not defined under `x-wso2-endpoints`
    api_definitions/a.yaml:7:26: error: `x-wso2-disable-security` should be `true` or `false` without quotes, found a text
    api_definitions/a.yaml:8:21: error: a transport is `http` or `https`
    api_definitions/a.yaml:9:20: error: `x-wso2-mutual-ssl` should be `mandatory` or `optional`, found `mandatry` [Did you mean `mandatory`?]
    api_definitions/a.yaml:10:15: error: `x-wso2-cors` has no `accessControlAllowOrigin` [Did you mean `accessControlAllowOrigins`?]
    api_definitions/a.yaml:10:75: error: `accessControlAllowMethods` should be a list of at most 256 texts, found a text
    api_definitions/a.yaml:11:1: warning: the extension `x-wso2-production-endpoint` is not known and has no effect [Did you mean `x-wso2-production-endpoints`?]
    api_definitions/a.yaml:12:1: warning: the extension `x-wso2-transport` is not known and has no effect [Did you mean `x-wso2-transports`?]
    api_definitions/a.yaml:13:1: warning: the extension `x-wso2-foo` is not known and has no effect
    api_definitions/a.yaml:15:21: error: `a b` cannot be the name of a header
    api_definitions/a.yaml:16:48: error: a security type is `oauth2`, `basic_auth` or `api_key` [Did you mean `oauth2`?]
    api_definitions/a.yaml:16:66: error: `optional` should be `true` or `false`, found a number
    api_definitions/a.yaml:17:1: error: the API names an interceptor in `x-wso2-request-interceptor`, and this version of mgw runs none [Remove the extension once the API works, and is as safe, without the interceptor.]
    api_definitions/a.yaml:18:1: warning: `x-auth-type` has no effect at the API; it belongs to an operation
    api_definitions/a.yaml:21:5: warning: `x-wso2-throttling-tier` has no effect at a path; it belongs to the API or to an operation
    api_definitions/a.yaml:22:11: warning: `x-wso2-cors` has no effect at GET /a; it belongs to the API as a whole
    api_definitions/a.yaml:22:58: error: an endpoint has no `url` [Did you mean `urls`?]
    api_definitions/a.yaml:22:73: error: `ftp://x` is not a backend URL: the gateway speaks http, https, ws and wss to backends, not ftp
    api_definitions/a.yaml:22:84: error: this is not a backend URL: it holds credentials; name the user in `securityConfig`
    api_definitions/a.yaml:22:101: error: `//h` is not a backend URL: relative URL without a base
    "#);
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
    api_definitions/a.yaml:10:26: warning: the security scheme `d` cannot be used by the gateway: of the `http` schemes it knows `basic` and `bearer` [Callers need another of the listed schemes, or OAuth2 when there is none.]
    api_definitions/a.yaml:11:26: warning: the security scheme `k` cannot be used by the gateway: API keys are not read from cookies [Callers need another of the listed schemes, or OAuth2 when there is none.]
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
        ("{security: [{o: [a]}], x-scope: 'p q'}", vec!["p q"]),
    ] {
        let api = api(&format!("{schemes}paths: {{/a: {{get: {operation}}}}}\n"));
        assert_eq!(api.resources[0].scopes.names, expected, "{operation}");
    }
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
fn templates_that_stand_for_the_same_requests_are_refused() {
    let (_, problems) = api_with_problems(
        "paths:\n  /a/{x}: {get: {}}\n  /a/{y}: {get: {}, put: {}}\n  /a/{z}/: {get: {}}\n  /b/{p}{q}: {get: {}, put: \
         {}}\n  /c/*: {get: {}}\n  /c*: {get: {}}\n  /c*d: {get: {}}\n  /health: {get: {}}\n",
    );
    insta::assert_snapshot!(problems, @r"
    api_definitions/a.yaml:7:3: error: GET /a/{y} of Shop:1.0.0 stands for the same requests as GET /a/{x} [Remove one of the two; names of variables and a `/` at the end do not tell them apart.]
    api_definitions/a.yaml:8:3: error: GET /a/{z}/ of Shop:1.0.0 stands for the same requests as GET /a/{x} [Remove one of the two; names of variables and a `/` at the end do not tell them apart.]
    api_definitions/a.yaml:9:3: error: GET /b/{p}{q} of Shop:1.0.0 cannot be routed: nothing tells where the first of two variables in `{p}{q}` ends; put a text such as `-` between them
    api_definitions/a.yaml:12:3: error: GET /c*d of Shop:1.0.0 cannot be routed: `*` is possible only at the very end, as `/*` or after a text without variables, as in `/files*`
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
fn endpoints_that_get_no_request_are_reported() {
    let (_, problems) = api_with_problems(
        "x-wso2-sandbox-endpoints: {urls: ['http://s']}\nx-wso2-endpoints:\n  - a: {urls: ['http://a']}\n  - b: {urls: \
         ['http://b']}\npaths:\n  /a:\n    get: {x-wso2-disable-security: true, x-wso2-production-endpoints: \
         '#/x-wso2-endpoints/a', x-wso2-sandbox-endpoints: {urls: ['http://s']}}\n",
    );
    insta::assert_snapshot!(problems, @r##"
    api_definitions/a.yaml:4:30: warning: this endpoint of Shop:1.0.0 gets no request: every operation has its own [Remove it here, or at the operations.]
    api_definitions/a.yaml:5:27: warning: this endpoint of Shop:1.0.0 gets no request: every operation has its own [Remove it here, or at the operations.]
    api_definitions/a.yaml:8:8: warning: the endpoint `b` is named nowhere [Remove it, or write `x-wso2-production-endpoints: "#/x-wso2-endpoints/b"` where it is meant.]
    api_definitions/a.yaml:11:121: warning: the sandbox endpoint of GET /a gets no request: its callers show nothing that could be a sandbox key [Remove it, or have the operation take tokens or API keys.]
    "##);
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-sandbox-endpoints: {{urls: ['http://s']}}\nx-wso2-application-security: {{security-types: [basic_auth]}}\n{GET}"
    ));
    insta::assert_snapshot!(problems, @"api_definitions/a.yaml:5:27: warning: this endpoint of Shop:1.0.0 gets no request: callers show nothing that could be a sandbox key [Remove it, or have operations take tokens or API keys.]");
    for used in [
        format!("x-wso2-sandbox-endpoints: {{urls: ['http://s']}}\n{GET}"),
        "paths:\n  /a: {get: {x-wso2-production-endpoints: {urls: ['http://a']}}}\n  /b: {get: {}}\n".to_owned(),
        "paths:\n  /a: {get: {x-wso2-sandbox-endpoints: {urls: ['http://a']}}}\n".to_owned(),
    ] {
        api(&used);
    }
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
fn an_api_without_backends_is_told_what_to_add() {
    let (_, problems) = compile_definition(
        "openapi: 3.0.0\ninfo:\n  title: Shop\n  version: 1\nservers: [{url: /v1}]\npaths: {/a: {get: {}, put: {}}, /b: \
         {get: {}, put: {}}}\n",
    );
    insta::assert_snapshot!(problems.join("\n"), @r#"api_definitions/a.yaml:3:10: error: Shop:1 has no endpoint for GET /a, PUT /a, GET /b and 1 more; the server `/v1` has no host [Add `x-wso2-production-endpoints: {urls: ["https://backend.example.com"]}` at the top of the definition, or a server with a host.]"#);
}

#[test]
fn folders_that_are_no_project_and_projects_without_definitions() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(
        compile_project(&Layout::new(folder.path())),
        Err(CompileError::NotAProject(_))
    ));
    assert!(matches!(
        compile_project(&Layout::new(folder.path().join("none"))),
        Err(CompileError::NotAProject(_))
    ));
    let (_folder, layout) = project(&[("policies.yaml", "")]);
    let compiled = compile_project(&layout).unwrap();
    assert_eq!(
        problems(&layout, &compiled),
        [
            "api_definitions: error: there is no API definition to build [Copy OpenAPI files into `api_definitions/` or \
          `.proto` files into `grpc_definitions/`, or run `mgw add` or `mgw pull`.]"
        ]
    );
}

#[test]
fn every_file_is_looked_at_in_one_run() {
    let good = format!("{HEAD}{GET}");
    let (_folder, layout) = project(&[
        ("policies.yaml", "resourcePolicies:\n- A: {count: 1}\n"),
        ("api_definitions/a.yaml", "a: [1\n"),
        ("api_definitions/b.json", "{\"openapi\": }"),
        ("api_definitions/c.yaml", "openapi: 3.0.0\n"),
        ("api_definitions/d.yaml", &good),
    ]);
    let compiled = compile_project(&layout).unwrap();
    let files: std::collections::BTreeSet<_> = compiled
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.file.rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        files.into_iter().collect::<Vec<_>>(),
        ["a.yaml", "b.json", "c.yaml", "policies.yaml"]
    );
    assert!(matches!(
        build_bundle(&layout, &compiled, "mgw"),
        Err(BuildError::Invalid)
    ));
    assert!(!layout.target().exists());
}

#[test]
fn the_same_project_in_two_folders_gives_the_same_bytes() {
    let definition = format!("{HEAD}{GET}");
    let files = [
        ("api_definitions/a.yaml", definition.as_str()),
        (
            "gen/control-plane/subscriptions.json",
            r#"{"format": 1, "source": "token-claims", "applications": [], "key_mappings": [], "subscriptions": []}"#,
        ),
        ("mgw.lock", "x"),
    ];
    let build = || {
        let (folder, layout) = project(&files);
        let compiled = compile_project(&layout).unwrap();
        let built = build_bundle(&layout, &compiled, "mgw test").unwrap();
        assert_eq!(std::fs::read(&built.path).unwrap(), built.bytes);
        (folder, layout, built)
    };
    let (_one, layout, first) = build();
    let (_two, _, second) = build();
    assert_eq!(first.digest, second.digest);
    assert_eq!(first.bytes, second.bytes);
    let bundle = Bundle::read(&first.bytes, &Limits::default()).unwrap();
    assert_eq!(bundle.config.project, "shop");
    assert!(bundle.snapshot.is_some() && bundle.manifest.lock.is_some());
    let laid_out = std::fs::read(layout.target().join("gen/gateway.json")).unwrap();
    assert_eq!(Some(&laid_out), bundle.entries.get("gateway.json"));
    let mut names: Vec<_> = std::fs::read_dir(layout.target())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["gen", "shop.zip"]);
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

#[cfg(unix)]
#[test]
fn links_out_of_the_project_are_not_followed() {
    let (folder, layout) = project(&[("api_definitions/a.yaml", &format!("{HEAD}{GET}"))]);
    let outside = folder.path().join("secret.yaml");
    std::fs::write(&outside, "secret: 1\n").unwrap();
    let link = |target: &std::path::Path, name: &str| {
        std::os::unix::fs::symlink(target, layout.root().join("api_definitions").join(name)).unwrap();
    };
    link(&outside, "out.yaml");
    link(layout.root(), "round");
    link(std::path::Path::new("nowhere"), "dangling.yaml");
    let compiled = compile_project(&layout).unwrap();
    let problems = problems(&layout, &compiled);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(
        problems[0].starts_with("api_definitions/dangling.yaml: error: this link leads nowhere"),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("api_definitions/out.yaml: error: this link leads out"),
        "{problems:?}"
    );
    assert_eq!(compiled.config.apis.len(), 1);
}
