//! Definitions with extensions.

use super::*;

fn api(extra: Value) -> ApiDetails {
    let mut value = json!({
        "id": "1", "name": "Ledger", "version": "2.1.0", "context": "/t/org/ledger", "provider": "ana@org",
        "lifeCycleStatus": "PUBLISHED",
        "endpointConfig": {"endpoint_type": "http", "production_endpoints": {"url": "https://core"}}
    });
    for (key, member) in extra.as_object().unwrap() {
        value[key] = member.clone();
    }
    ApiDetails::read(&value).unwrap()
}

fn texts(out: &Enriched) -> Vec<&str> {
    out.notices.iter().map(|notice| notice.text.as_str()).collect()
}

#[test]
fn everything_the_control_plane_knows_is_added() {
    let api = api(json!({
        "lifeCycleStatus": "DEPRECATED", "isDefaultVersion": true, "apiThrottlingPolicy": "50KPerMin",
        "authorizationHeader": "X-Auth", "securityScheme": ["oauth2", "mutualssl", "oauth_basic_auth_api_key_mandatory"],
        "transport": ["https"], "responseCachingEnabled": true, "cacheTimeout": 60,
        "corsConfiguration": {"corsConfigurationEnabled": true, "accessControlAllowOrigins": ["*"]},
        "mediationPolicies": [{"name": "log", "type": "in"}], "maxTps": {"production": 50, "sandbox": null}
    }));
    let document = json!({
        "openapi": "3.0.1", "info": {"title": "other", "version": "0"}, "servers": [{"url": "https://gateway.example"}],
        "paths": {}
    });
    let out = enrich(document, &api);
    assert_eq!(
        out.document,
        json!({
            "openapi": "3.0.1", "info": {"title": "Ledger", "version": "2.1.0"}, "paths": {},
            "x-wso2-production-endpoints": {"type": "http", "urls": ["https://core"]},
            "x-wso2-basePath": "/ledger/2.1.0",
            "x-wso2-cors": {
                "corsConfigurationEnabled": true, "accessControlAllowOrigins": ["*"],
                "accessControlAllowCredentials": false, "accessControlAllowHeaders": [], "accessControlAllowMethods": []
            },
            "x-wso2-throttling-tier": "50KPerMin", "x-wso2-auth-header": "X-Auth",
            "x-wso2-application-security": {"security-types": ["oauth2"], "optional": false},
            "x-wso2-mutual-ssl": "optional", "x-wso2-transports": ["https"],
            "x-wso2-response-cache": {"enabled": true, "cacheTimeoutInSeconds": 60},
            "x-wso2-owner": "ana@org", "x-mgw-default-version": true, "x-mgw-life-cycle": "DEPRECATED"
        })
    );
    assert_eq!(
        texts(&out),
        [
            "the mediation sequence `log` (in flow) cannot be run by this gateway",
            "the limit of requests to its backend (maxTps) is not applied by this gateway"
        ]
    );
}

#[test]
fn what_the_definition_says_stays_but_passwords() {
    let document = json!({
        "swagger": "2.0", "host": "gateway.example", "basePath": "/x", "schemes": ["https"],
        "x-wso2-basePath": "/mine", "x-throttling-tier": "Mine",
        "x-wso2-production-endpoints": {"urls": ["https://mine"], "securityConfig": {"type": "basic", "username": "u", "password": "canary"}}
    });
    let out = enrich(document, &api(json!({"apiThrottlingPolicy": "Theirs"}))).document;
    assert_eq!(out["x-wso2-basePath"], "/mine");
    assert_eq!(out["x-wso2-production-endpoints"]["urls"], json!(["https://mine"]));
    assert_eq!(out["x-wso2-production-endpoints"]["securityConfig"]["username"], "u");
    assert_eq!(
        (out.get("x-wso2-throttling-tier"), out.get("host"), out.get("basePath")),
        (None, None, None)
    );
    assert!(!out.to_string().contains("canary"));
}

#[test]
fn operations_get_what_their_definition_lacks() {
    let api = api(json!({"operations": [
        {"target": "/open", "verb": "GET", "authType": "None"},
        {"target": "/said", "verb": "GET", "authType": "None", "throttlingPolicy": "Tiny"},
        {"target": "/write", "verb": "POST", "authType": "Any", "throttlingPolicy": "Tiny", "scopes": ["w", "x"]}
    ]}));
    let paths = json!({
        "/open": {"get": {}, "servers": []},
        "/said": {"get": {"x-auth-type": "None", "x-throttling-tier": "Own", "security": [], "servers": []}},
        "/write": {"post": {}, "put": {}, "parameters": []}
    });
    for (version, place) in [
        ("openapi", "/components/securitySchemes/default/type"),
        ("swagger", "/securityDefinitions/default/type"),
    ] {
        let out = enrich(json!({version: "x", "paths": paths}), &api).document;
        assert_eq!(
            out["paths"],
            json!({
                "/open": {"get": {"x-wso2-disable-security": true}},
                "/said": {"get": {"x-auth-type": "None", "x-throttling-tier": "Own", "security": []}},
                "/write": {"post": {"x-wso2-throttling-tier": "Tiny", "security": [{"default": ["w", "x"]}]}, "put": {}, "parameters": []}
            })
        );
        assert_eq!(out.pointer(place), Some(&json!("oauth2")), "{out}");
    }
}

#[test]
fn an_api_policy_makes_those_of_operations_void() {
    let api = api(
        json!({"apiThrottlingPolicy": "Big", "operations": [{"target": "/a", "verb": "GET", "throttlingPolicy": "Tiny"}]}),
    );
    let out = enrich(json!({"paths": {"/a": {"get": {}}}}), &api).document;
    assert_eq!(out["paths"]["/a"]["get"], json!({}));
}

#[test]
fn base_paths_have_the_version_where_the_context_wants_it() {
    for (context, expected) in [
        ("/ledger", "/ledger/1"),
        ("/{version}/ledger", "/1/ledger"),
        ("/", "/1"),
    ] {
        assert_eq!(base_path(context, "1"), expected);
    }
}

#[test]
fn documents_of_any_shape_are_survived() {
    for document in [
        json!(null),
        json!([]),
        json!({"info": 1, "paths": []}),
        json!({"paths": {"/a": 1}, "components": 1}),
    ] {
        let out = enrich(document, &api(json!({"endpointConfig": null})));
        assert_eq!(out.document["info"]["title"], "Ledger");
        assert_eq!(texts(&out), ["it has no backend"]);
    }
}
