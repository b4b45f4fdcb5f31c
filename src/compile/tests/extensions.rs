//! Extensions of the gateway: what is wrong with them, and those that nobody reads.

use super::*;

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
