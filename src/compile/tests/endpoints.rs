//! Which backends definitions give their operations.

use super::*;

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
fn endpoints_that_get_no_request_are_reported() {
    let (_, problems) = api_with_problems(
        "x-wso2-sandbox-endpoints: {urls: ['http://s']}\nx-wso2-endpoints:\n  - a: {urls: ['http://a']}\n  - b: {urls: \
         ['http://b']}\npaths:\n  /a:\n    get: {x-wso2-disable-security: true, x-wso2-production-endpoints: \
         '#/x-wso2-endpoints/a', x-wso2-sandbox-endpoints: {urls: ['http://s']}}\n",
    );
    insta::assert_snapshot!(problems, @r##"
    api_definitions/a.yaml:4:1: warning: this endpoint of Shop:1.0.0 gets no request: every operation has its own [Remove it here, or at the operations.]
    api_definitions/a.yaml:5:1: warning: this endpoint of Shop:1.0.0 gets no request: every operation has its own [Remove it here, or at the operations.]
    api_definitions/a.yaml:8:5: warning: the endpoint `b` is named nowhere [Remove it, or write `x-wso2-production-endpoints: "#/x-wso2-endpoints/b"` where it is meant.]
    api_definitions/a.yaml:11:95: warning: the sandbox endpoint of GET /a gets no request: its callers show nothing that could be a sandbox key [Remove it, or have the operation take tokens or API keys.]
    "##);
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-sandbox-endpoints: {{urls: ['http://s']}}\nx-wso2-application-security: {{security-types: [basic_auth]}}\n{GET}"
    ));
    insta::assert_snapshot!(problems, @"api_definitions/a.yaml:5:1: warning: this endpoint of Shop:1.0.0 gets no request: callers show nothing that could be a sandbox key [Remove it, or have operations take tokens or API keys.]");
    for used in [
        format!("x-wso2-sandbox-endpoints: {{urls: ['http://s']}}\n{GET}"),
        "paths:\n  /a: {get: {x-wso2-production-endpoints: {urls: ['http://a']}}}\n  /b: {get: {}}\n".to_owned(),
        "paths:\n  /a: {get: {x-wso2-sandbox-endpoints: {urls: ['http://a']}}}\n".to_owned(),
    ] {
        api(&used);
    }
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
fn operations_that_no_handshake_can_open_are_told() {
    let socket = "{urls: ['wss://chat.example.com']}";
    let text = format!(
        "paths:\n  /mixed: {{post: {{}}}}\n  /rooms:\n    get: {{x-wso2-production-endpoints: {socket}}}\n    \
         post: {{x-wso2-production-endpoints: {socket}}}\n    put: {{x-wso2-production-endpoints: {socket}, x-wso2-sandbox-endpoints: {{urls: ['http://s']}}}}\n"
    );
    let (_, problems) = api_with_problems(&text);
    assert_eq!(
        problems,
        "api_definitions/a.yaml:7:3: warning: POST /rooms of Shop:1.0.0 is never served: its backend is a WebSocket, which only GET \
         opens [Remove the operation, or give it an endpoint with `https://` or `http://` URLs.]"
    );
    // Those of the API count where an operation has none of its own.
    let (_, problems) = api_with_problems(&format!(
        "x-wso2-sandbox-endpoints: {socket}\npaths: {{/a: {{post: {{x-wso2-production-endpoints: {socket}}}}}}}\n"
    ));
    assert!(problems.contains("POST /a of Shop:1.0.0 is never served"), "{problems}");
}

/// A server without a host at an operation or a path is no backend, which nobody sees who reads the definition.
#[test]
fn a_server_without_a_host_is_told_where_it_changes_nothing() {
    let definition = |of_api: &str, of_path: &str| {
        format!(
            "openapi: 3.0.0\ninfo: {{title: Shop, version: 1.0.0}}\nx-wso2-basePath: /shop\n{of_api}\npaths:\n  /a:\n    servers: \
             [{{url: {of_path}}}]\n    get: {{}}\n    put: {{}}\n"
        )
    };
    let with_path = "servers: [{url: 'https://backend.example/v1'}]";
    let with_both = "x-wso2-production-endpoints: {urls: ['https://backend.example']}\nservers: [{url: /v2/}]";
    let (_, problems) = compile_definition(&definition(with_path, "/v2"));
    assert_eq!(
        problems,
        [
            "api_definitions/a.yaml:7:21: warning: the server `/v2` has no host and is not used: requests go to the endpoint of \
          the API [Write it with its host, such as `https://backend.example.com/v2`, or remove it.]"
        ]
    );
    for (of_api, of_path) in [
        (with_path, "/v1/"),
        (with_path, "/"),
        (with_path, "'https://b/v2'"),
        (with_both, "/v2"),
    ] {
        let (_, problems) = compile_definition(&definition(of_api, of_path));
        assert_eq!(problems, [""; 0], "{of_api} {of_path}");
    }
}
