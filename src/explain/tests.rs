//! Requests of a small project: what is said of them, and where it points.

use super::{Asked, Outcome, Secrets, Told};
use crate::compile::{ProjectPlaces, compile_project, pack};
use crate::project::Layout;
use mgw_bundle::Bundle;
use mgw_runtime::config::{RuntimeConfig, Sources};
use mgw_runtime::explain::{AskedRequest, Explainer};
use std::net::Ipv4Addr;
use tempfile::TempDir;

const DEFINITION: &str = "openapi: 3.0.0
info: {title: Shop, version: 1.0.0}
x-wso2-basePath: /shop/v1
x-wso2-production-endpoints: '#/x-wso2-endpoints/main'
x-wso2-endpoints:
  - main: {urls: ['https://backend.example/api']}
  - slow: {urls: ['https://slow.example', 'https://slower.example'], type: load_balance}
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://idp.example', scopes: {write: w}}}}
    key: {type: apiKey, in: header, name: X-Key}
paths:
  /orders:
    get:
      x-wso2-disable-security: true
      x-wso2-throttling-tier: Few
      responses: {'200': {description: ok}}
    put:
      security: [{oauth: [write]}]
      responses: {'200': {description: ok}}
  /reports/{day}:
    get:
      x-wso2-disable-security: true
      x-wso2-production-endpoints: '#/x-wso2-endpoints/slow'
      responses: {'200': {description: ok}}
  /keyed:
    get:
      security: [{key: []}]
      responses: {'200': {description: ok}}
";

const ENCRYPTED: &str = "openapi: 3.0.0
info: {title: Vault, version: 1.0.0}
x-wso2-basePath: /vault
x-wso2-transports: [https]
x-wso2-production-endpoints: {urls: ['https://backend.example']}
paths:
  /a:
    get: {x-wso2-disable-security: true, responses: {'200': {description: ok}}}
";

/// Who may call is said in ways that come to nothing.
const VAIN: &str = "openapi: 3.0.0
info: {title: Vain, version: 1.0.0}
x-wso2-basePath: /vain
x-wso2-sandbox-endpoints: {urls: ['https://backend.example']}
components:
  securitySchemes:
    oauth: {type: oauth2, flows: {implicit: {authorizationUrl: 'https://idp.example', scopes: {write: w}}}}
    basic: {type: http, scheme: basic}
    key: {type: apiKey, in: header, name: Authorization}
security: [{oauth: [write]}, {basic: []}]
paths:
  /keyed:
    get:
      security: [{key: []}]
      responses: {'200': {description: ok}}
  /both:
    get:
      security: [{oauth: [], basic: []}]
      responses: {'200': {description: ok}}
  /open:
    get: {x-wso2-disable-security: true, responses: {'200': {description: ok}}}
  /password:
    get: {security: [{basic: []}], responses: {'200': {description: ok}}}
  /scoped:
    get: {security: [], responses: {'200': {description: ok}}}
";

const POLICIES: &str = "resourcePolicies:
  - Few:
      count: 2
      unitTime: 1
      timeUnit: min
applicationPolicies: []
subscriptionPolicies:
  - Unauthenticated:
      count: 500
      unitTime: 1
      timeUnit: min
  - Default:
      count: 9
      unitTime: 1
      timeUnit: min
";

struct Project {
    _folder: TempDir,
    layout: Layout,
    bundle: Bundle,
    settings: RuntimeConfig,
    explainer: Explainer,
}

impl Project {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let root = folder.path().join("shop");
        let settings = "[listenerConfig]\nmaxUriLength = 100\n[b7a.users.ana]\npassword = \
                        \"@sha256:{2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b}\"\n";
        for (name, text) in [
            ("api_definitions/shop.yaml", DEFINITION),
            ("api_definitions/vain.yaml", VAIN),
            ("api_definitions/vault.yaml", ENCRYPTED),
            ("policies.yaml", POLICIES),
        ] {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let layout = Layout::new(&root);
        let compiled = compile_project(&layout).unwrap();
        assert!(!compiled.diagnostics.has_errors(), "{:?}", compiled.diagnostics);
        let bundle = pack(&compiled, "test").unwrap().bundle;
        let sources = Sources {
            file: Some(("conf/micro-gw.conf", settings)),
            ..Sources::default()
        };
        let (settings, _) = RuntimeConfig::load(sources).unwrap();
        let explainer = Explainer::new(&bundle, settings.clone(), &root.join("data"), None).unwrap();
        Self {
            _folder: folder,
            layout,
            bundle,
            settings,
            explainer,
        }
    }

    /// The document, without the temporary folder in it.
    fn explain(&self, method: &str, target: &str, headers: &[(&str, &str)]) -> (Outcome, serde_json::Value) {
        let mut request = AskedRequest::new(method, target, false, Ipv4Addr::LOCALHOST.into()).unwrap();
        for (name, value) in [("host", "localhost")].iter().chain(headers) {
            request.header(name, value).unwrap();
        }
        let explanation = self.explainer.explain(&request).unwrap();
        let places = ProjectPlaces::new(self.layout.clone());
        let told = Told {
            explanation: &explanation,
            bundle: &self.bundle,
            settings: &self.settings,
            places: Some(&places),
            is_tls: false,
            method,
            target,
            lacking: &[],
        };
        let report = told.report(Asked {
            http_version: "1.1",
            method: method.to_owned(),
            target: target.to_owned(),
            listener: "http",
            client: None,
            time: String::new(),
        });
        let text = report.to_json(&Secrets::default()).to_string();
        let root = format!("{}/", self.layout.root().display());
        let document = serde_json::from_str(&text.replace(&root, "")).unwrap();
        assert!(!report.to_text(&Secrets::default()).is_empty());
        (report.outcome, document)
    }
}

type Headers<'a> = &'a [(&'a str, &'a str)];
/// Method, target, headers; phase, status and code, reason, remedy, places.
type Row<'a> = (
    &'a str,
    &'a str,
    Headers<'a>,
    &'a str,
    (u64, u64),
    &'a str,
    &'a str,
    &'a [&'a str],
);

/// Phase and places of the step that ended a request, its status and code, and what a part of reason and remedy is.
#[test]
fn refusals_say_why_and_where_and_what_to_do() {
    let project = Project::new();
    let long = format!("/shop/v1/{}", "a".repeat(100));
    let rows: [Row<'_>; 21] = [
        (
            "GET",
            "/shop/v1/order",
            &[],
            "route",
            (404, 404),
            "API Shop 1.0.0 has no resource for this path",
            "Did you mean `/orders`?",
            &["api_definitions/shop.yaml:3:18"],
        ),
        (
            "DELETE",
            "/shop/v1/orders",
            &[],
            "route",
            (405, 405),
            "the path has no DELETE operation",
            "It has: GET",
            &["api_definitions/shop.yaml:3:18"],
        ),
        (
            "GET",
            "/shop/v2/orders",
            &[],
            "route",
            (404, 404),
            "no API has a base path",
            "Did you mean `/shop/v1`?",
            &[],
        ),
        (
            "GET",
            "/nowhere",
            &[],
            "route",
            (404, 404),
            "no API has a base path",
            "Base paths are: /shop/v1, /vain, /vault.",
            &[],
        ),
        (
            "GET",
            "/vault/a",
            &[],
            "route",
            (404, 404),
            "API Vault 1.0.0 is not offered by the plain listener",
            "--tls",
            &["api_definitions/vault.yaml:4:1"],
        ),
        (
            "GET",
            "/shop/v1/../v1/orders",
            &[],
            "route",
            (400, 400),
            "backends would read this path",
            "mgw help routing",
            &[],
        ),
        (
            "GET",
            &long,
            &[],
            "listener",
            (414, 414),
            "path and query are longer than the 100 bytes of",
            "raise `listenerConfig.maxUriLength`",
            &["conf/micro-gw.conf:2:1"],
        ),
        (
            "GET",
            "/shop/v1/orders",
            &[("host", "twice")],
            "listener",
            (400, 400),
            "`Host`, `Content-Length`",
            "one `Host`",
            &[],
        ),
        (
            "PUT",
            "/shop/v1/orders",
            &[],
            "authn",
            (401, 900_902),
            "no credentials that the resource accepts",
            "Send an access token (`authorization: Bearer …`).",
            &["api_definitions/shop.yaml:18:5", "api_definitions/shop.yaml:19:7"],
        ),
        (
            "PUT",
            "/shop/v1/orders",
            &[("authorization", "Basic YTpi")],
            "authn",
            (401, 900_917),
            "credentials of this kind",
            "an access token",
            &["api_definitions/shop.yaml:18:5", "api_definitions/shop.yaml:19:7"],
        ),
        (
            "PUT",
            "/shop/v1/orders",
            &[("authorization", "Bearer opaque")],
            "authn",
            (401, 900_901),
            "it is no signed token",
            "opaque tokens need a key manager",
            &["api_definitions/shop.yaml:18:5", "api_definitions/shop.yaml:19:7"],
        ),
        (
            "PUT",
            "/shop/v1/orders",
            &[("authorization", "Bearer one"), ("authorization", "Bearer two")],
            "authn",
            (401, 900_901),
            "sent more than once",
            "Send one access token",
            &["api_definitions/shop.yaml:18:5", "api_definitions/shop.yaml:19:7"],
        ),
        (
            "GET",
            "/shop/v1/keyed",
            &[],
            "authn",
            (401, 900_902),
            "no credentials",
            "an API key in the header `X-Key`",
            &["api_definitions/shop.yaml:27:5", "api_definitions/shop.yaml:28:7"],
        ),
        (
            "GET",
            "/shop/v1/keyed",
            &[("x-key", "nonsense")],
            "authn",
            (401, 900_901),
            "the credential is not accepted: token is not three parts",
            "signed by a trusted issuer",
            &["api_definitions/shop.yaml:27:5", "api_definitions/shop.yaml:28:7"],
        ),
        (
            "GET",
            "/vain/keyed",
            &[],
            "authn",
            (401, 900_902),
            "no request is let in: in the header `authorization` the gateway looks for tokens",
            "If a token is meant, make the scheme `oauth2`",
            &["api_definitions/vain.yaml:13:5", "api_definitions/vain.yaml:14:7"],
        ),
        (
            "GET",
            "/vain/keyed",
            &[("authorization", "eyJhbGciOiJub25lIn0")],
            "authn",
            (401, 900_917),
            "no request is let in: in the header `authorization` the gateway looks for tokens",
            "If a token is meant, make the scheme `oauth2`",
            &["api_definitions/vain.yaml:13:5", "api_definitions/vain.yaml:14:7"],
        ),
        (
            "GET",
            "/vain/both",
            &[("authorization", "Bearer opaque")],
            "authn",
            (401, 900_902),
            "no request is let in: a token and a password are asked for together",
            "Leave one of them out",
            &["api_definitions/vain.yaml:17:5", "api_definitions/vain.yaml:18:7"],
        ),
        (
            "GET",
            "/vain/both",
            &[("authorization", "Basic YW5hOnNlY3JldA==")],
            "authn",
            (401, 900_902),
            "no request is let in: a token and a password are asked for together",
            "Leave one of them out",
            &["api_definitions/vain.yaml:17:5", "api_definitions/vain.yaml:18:7"],
        ),
        (
            "GET",
            "/vain/open",
            &[],
            "transform",
            (403, 900_901),
            "calls without a token or API key count as production",
            "Add `x-wso2-production-endpoints`, or have",
            &["api_definitions/vain.yaml:4:1", "api_definitions/vain.yaml:21:5"],
        ),
        (
            "GET",
            "/vain/password",
            &[("authorization", "Basic YW5hOnNlY3JldA==")],
            "transform",
            (403, 900_901),
            "calls without a token or API key count as production",
            "Add `x-wso2-production-endpoints`, or have",
            &["api_definitions/vain.yaml:4:1", "api_definitions/vain.yaml:23:5"],
        ),
        (
            "GET",
            "/vain/scoped",
            &[("authorization", "Basic YW5hOnNlY3JldA==")],
            "authz",
            (403, 900_910),
            "needs scope write, the caller has none",
            "Get a token with scope write",
            &["api_definitions/vain.yaml:10:1", "api_definitions/vain.yaml:25:5"],
        ),
    ];
    for (method, target, headers, phase, (status, code), reason, remedy, places) in rows {
        let (outcome, document) = project.explain(method, target, headers);
        let context = format!("{method} {target} {document:#}");
        assert_eq!(outcome, Outcome::Refused, "{context}");
        let last = document["steps"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["phase"], &last["outcome"]),
            (&phase.into(), &"refused".into()),
            "{context}"
        );
        assert_eq!(last["places"], serde_json::json!(places), "{context}");
        let answer = &document["answer"];
        assert_eq!(
            (&answer["status"], &answer["code"]),
            (&status.into(), &code.into()),
            "{context}"
        );
        assert!(answer["reason"].as_str().unwrap().contains(reason), "{context}");
        assert!(answer["remedy"].as_str().unwrap().contains(remedy), "{context}");
    }
}

#[test]
fn what_passes_is_told_with_every_line_behind_it() {
    let project = Project::new();
    let (outcome, document) = project.explain("GET", "/shop/v1/orders?x=1", &[("x-a", "b")]);
    assert_eq!(outcome, Outcome::Backend);
    let places = |phase: &str| {
        let steps = document["steps"].as_array().unwrap();
        steps.iter().find(|step| step["phase"] == phase).unwrap()["places"].clone()
    };
    for (phase, expected) in [
        ("listener", &[][..]),
        (
            "route",
            &["api_definitions/shop.yaml:14:5", "api_definitions/shop.yaml:3:18"],
        ),
        ("authn", &["api_definitions/shop.yaml:15:7"]),
        ("authz", &[]),
        (
            "throttle",
            &[
                "policies.yaml:2:5",
                "policies.yaml:8:5",
                "api_definitions/shop.yaml:16:7",
            ],
        ),
        ("transform", &[]),
        ("upstream", &["api_definitions/shop.yaml:6:5"]),
    ] {
        assert_eq!(places(phase), serde_json::json!(expected), "{phase} {document:#}");
    }
    let limit = &document["limits"][0];
    assert_eq!((&limit["policy"], &limit["count"]), (&"Few".into(), &2.into()));
    assert_eq!(document["backend"]["url"], "https://backend.example/api/orders?x=1");

    let (_, document) = project.explain("GET", "/shop/v1/reports/monday", &[]);
    let last = document["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(last["places"], serde_json::json!(["api_definitions/shop.yaml:7:5"]));
    assert_eq!(document["backend"]["others"], 1);
    assert_eq!(document["resource"]["template"], "/reports/{day}");
}

#[test]
fn what_is_no_refusal_is_told_apart() {
    let project = Project::new();
    let (outcome, document) = project.explain("GET", "/health", &[]);
    assert_eq!(outcome, Outcome::Answered);
    assert_eq!(document["answer"]["status"], 200);
    assert_eq!(document["answer"]["reason"], serde_json::Value::Null);
    let (outcome, document) = project.explain("OPTIONS", "/shop/v1/orders", &[]);
    assert_eq!(
        (outcome, &document["answer"]["code"]),
        (Outcome::Answered, &serde_json::Value::Null)
    );
}
