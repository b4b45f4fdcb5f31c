//! The model in which API Manager 2.6 to 3.2 export an API, under the names of 4.x.

use serde_json::{Map, Value, json};

/// Members that only have another name; the newer one stands first.
const NAMES: [(&str, &str); 14] = [
    ("lifeCycleStatus", "status"),
    ("transport", "transports"),
    ("securityScheme", "apiSecurity"),
    ("apiThrottlingPolicy", "apiLevelPolicy"),
    ("operations", "uriTemplates"),
    ("isDefaultVersion", "isDefaultVersion"),
    ("labels", "gatewayLabels"),
    ("responseCachingEnabled", "responseCache"),
    ("endpointSecurity", "endpointUTUsername"),
    ("maxTps", "productionMaxTps"),
    ("mediationPolicies", "inSequence"),
    ("policies", "availableTiers"),
    ("keyManagers", "keyManagers"),
    ("enableSchemaValidation", "enableSchemaValidation"),
];

/// What the older model calls a member.
pub(super) fn original_name(key: &str) -> &str {
    NAMES
        .iter()
        .find(|(newer, _)| *newer == key)
        .map_or(key, |(_, older)| older)
}

/// Returns the API as 4.x has it; members of both stay as they are.
pub(super) fn translate(api: Value) -> Value {
    let Value::Object(mut api) = api else { return api };
    let id = api.remove("id").unwrap_or_default();
    for (newer, older) in [
        ("name", "apiName"),
        ("version", "version"),
        ("provider", "providerName"),
    ] {
        set(&mut api, newer, id.get(older).cloned());
    }
    let version = text(&api, "version");
    let context = text(&api, "contextTemplate").or_else(|| {
        let context = text(&api, "context")?;
        let plain = version
            .as_deref()
            .and_then(|version| context.strip_suffix(version)?.strip_suffix('/'));
        Some(plain.map_or(context.clone(), str::to_owned))
    });
    set(
        &mut api,
        "context",
        context.map(|context| with_place_of_version(&context).into()),
    );
    for (newer, older) in NAMES {
        let is_plain = !matches!(
            newer,
            "operations" | "responseCachingEnabled" | "endpointSecurity" | "maxTps" | "mediationPolicies"
        );
        if is_plain && newer != older && !api.contains_key(newer) {
            let value = api.get(older).cloned();
            set(&mut api, newer, value);
        }
    }
    let caches = text(&api, "responseCache").is_some_and(|text| text.eq_ignore_ascii_case("enabled"));
    set(&mut api, "responseCachingEnabled", Some(caches.into()));
    let security = security(&api);
    set(&mut api, "endpointSecurity", security);
    let limits = limits(&api);
    set(&mut api, "maxTps", limits);
    let operations = operations(&api);
    set(&mut api, "operations", Some(operations));
    let sequences = sequences(&api);
    set(&mut api, "mediationPolicies", Some(sequences));
    Value::Object(api)
}

fn set(api: &mut Map<String, Value>, name: &str, value: Option<Value>) {
    if let Some(value) = value.filter(|value| !value.is_null()) {
        api.insert(name.to_owned(), value);
    }
}

fn text(api: &Map<String, Value>, key: &str) -> Option<String> {
    api.get(key)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .filter(|text| !text.is_empty())
}

/// `/ledger/{version}` is what `/ledger` means; the version's place is kept where it is another one.
fn with_place_of_version(context: &str) -> String {
    context.strip_suffix("/{version}").unwrap_or(context).to_owned()
}

fn security(api: &Map<String, Value>) -> Option<Value> {
    let is_on = |key: &str| match api.get(key) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    if !is_on("endpointSecured") {
        return None;
    }
    let kind = if is_on("endpointAuthDigest") { "digest" } else { "basic" };
    Some(json!({ "type": kind, "username": text(api, "endpointUTUsername")? }))
}

fn limits(api: &Map<String, Value>) -> Option<Value> {
    let (production, sandbox) = (api.get("productionMaxTps"), api.get("sandboxMaxTps"));
    (production.is_some() || sandbox.is_some()).then(|| json!({ "production": production, "sandbox": sandbox }))
}

fn operations(api: &Map<String, Value>) -> Value {
    let templates = api.get("uriTemplates").and_then(Value::as_array);
    let operation = |template: &Value| {
        let scopes: Vec<&Value> = match template.get("scopes") {
            Some(Value::Array(scopes)) => scopes.iter().collect(),
            _ => template.get("scope").into_iter().collect(),
        };
        let keys: Vec<&str> = scopes
            .into_iter()
            .filter_map(|scope| scope.get("key").or_else(|| scope.get("name"))?.as_str())
            .collect();
        json!({
            "target": template.get("uriTemplate"),
            "verb": template.get("httpVerb").or_else(|| template.get("HTTPVerb")),
            "authType": template.get("authType"),
            "throttlingPolicy": template.get("throttlingTier"),
            "scopes": keys,
        })
    };
    templates.into_iter().flatten().map(operation).collect()
}

/// The sequences of the three flows, by name.
fn sequences(api: &Map<String, Value>) -> Value {
    ["in", "out", "fault"]
        .into_iter()
        .filter_map(|flow| {
            let name = text(api, &format!("{flow}Sequence")).filter(|name| !name.eq_ignore_ascii_case("none"))?;
            Some(json!({ "name": name, "type": flow }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::control_plane::read_exported;

    #[test]
    fn an_older_export_is_read_as_a_newer_one() {
        let older = json!({
            "id": {"providerName": "ana", "apiName": "Ledger", "version": "2.1.0"},
            "context": "/t/org/ledger/2.1.0", "contextTemplate": "/t/org/ledger/{version}", "status": "PUBLISHED", "type": "HTTP",
            "transports": "http,https", "apiSecurity": "oauth2,oauth_basic_auth_api_key_mandatory", "apiLevelPolicy": "Gold",
            "endpointConfig": "{\"endpoint_type\":\"http\",\"production_endpoints\":{\"url\":\"https://a\"}}",
            "endpointSecured": true, "endpointUTUsername": "svc", "endpointUTPassword": "canary",
            "responseCache": "Enabled", "cacheTimeout": 60, "productionMaxTps": "50", "inSequence": "log", "outSequence": "none",
            "uriTemplates": [
                {"uriTemplate": "/a", "httpVerb": "GET", "authType": "Any", "throttlingTier": "Tiny", "scopes": [{"key": "r"}]},
                {"uriTemplate": "/b", "httpVerb": "POST", "authType": "None", "throttlingTier": "Unlimited", "scope": {"key": "w"}}
            ]
        });
        let api = read_exported(&{
            let mut api = translate(older);
            api["id"] = "x".into();
            api
        })
        .unwrap();
        assert_eq!(
            (api.name.as_str(), api.version.as_str(), api.context.as_str()),
            ("Ledger", "2.1.0", "/ledger")
        );
        assert_eq!(api.transports, ["http", "https"]);
        assert_eq!(api.security, ["oauth2", "oauth_basic_auth_api_key_mandatory"]);
        assert_eq!(
            (api.policy.as_deref(), api.response_cache_seconds),
            (Some("Gold"), Some(60))
        );
        assert_eq!(api.endpoint_security, json!({"type": "basic", "username": "svc"}));
        assert!(api.limits_backend);
        assert_eq!(api.operations.len(), 2);
        assert_eq!(
            (&*api.operations[0].scopes, api.operations[1].is_secured),
            (&["r".to_owned()][..], false)
        );
        assert_eq!((api.mediation.len(), api.mediation[0].name.as_str()), (1, "log"));
    }

    #[test]
    fn contexts_lose_the_version_that_is_added_to_them() {
        for (api, expected) in [
            (json!({"context": "/a/1", "id": {"version": "1"}}), "/a"),
            (json!({"context": "/a", "id": {"version": "1"}}), "/a"),
            (json!({"context": "/a/21", "id": {"version": "1"}}), "/a/21"),
            (
                json!({"context": "/1/a", "contextTemplate": "/{version}/a", "id": {"version": "1"}}),
                "/{version}/a",
            ),
        ] {
            assert_eq!(translate(api.clone())["context"], expected, "{api}");
        }
        assert_eq!(translate(json!([1])), json!([1]));
    }
}
