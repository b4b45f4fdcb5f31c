//! APIs as the publisher shows them.

use super::Mediation;
use crate::cloud::json;
use serde_json::Value;

/// An entry of the list of APIs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiSummary {
    /// UUID.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// User name of the owner.
    pub(crate) provider: Option<String>,
    /// Life-cycle state.
    pub(crate) state: LifeCycle,
    /// The revision that is meant, where the control plane has such and it is known already.
    pub(crate) revision: Option<Revision>,
}

/// A revision of an API: what was deployed, while the API itself goes on being edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// UUID.
    pub(crate) id: String,
    /// Its number, counted per API from 1.
    pub(crate) number: Option<u32>,
    /// Gateway environments it is deployed to, sorted.
    pub(crate) environments: Vec<String>,
}

/// Life-cycle state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LifeCycle {
    /// Open to subscribers.
    Published,
    /// Open to everybody, for trying out.
    Prototyped,
    /// Served to existing subscribers.
    Deprecated,
    /// Every call is refused.
    Blocked,
    /// Not served: no revision of it is deployed.
    NotDeployed,
    /// Not served: created, retired, or a state this version does not know.
    Other(String),
}

impl LifeCycle {
    fn read(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "PUBLISHED" => Self::Published,
            "PROTOTYPED" => Self::Prototyped,
            "DEPRECATED" => Self::Deprecated,
            "BLOCKED" => Self::Blocked,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// Where nothing tells the state.
    pub(crate) fn unknown() -> Self {
        Self::Other("unknown".into())
    }

    /// The states in which gateways serve APIs.
    pub(crate) const SERVED: [Self; 4] = [Self::Published, Self::Prototyped, Self::Deprecated, Self::Blocked];

    /// Whether gateways serve APIs in this state.
    pub(crate) fn is_served(&self) -> bool {
        Self::SERVED.contains(self)
    }

    /// Lower-case name.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Published => "published".into(),
            Self::Prototyped => "prototyped".into(),
            Self::Deprecated => "deprecated".into(),
            Self::Blocked => "blocked".into(),
            Self::NotDeployed => "not deployed".into(),
            Self::Other(text) => text.to_lowercase(),
        }
    }
}

/// What kind of API it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiKind {
    /// HTTP, also over SOAP backends: described by OpenAPI.
    Http,
    /// Anything else, by its name.
    Other(String),
    /// Not served by gateways of this control plane; by whom, as a fragment.
    Elsewhere(String),
}

/// An API with everything the gateway needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ApiDetails {
    /// UUID.
    pub(crate) id: String,
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// Context without the tenant prefix, with a leading `/`.
    pub(crate) context: String,
    /// User name of the owner.
    pub(crate) provider: Option<String>,
    /// Life-cycle state.
    pub(crate) state: LifeCycle,
    /// Kind.
    pub(crate) kind: ApiKind,
    /// Gateway labels.
    pub(crate) labels: Vec<String>,
    /// Tags.
    pub(crate) tags: Vec<String>,
    /// Whether the API also answers on its context without version.
    pub(crate) is_default_version: bool,
    /// `endpointConfig` as an object; null when there is none.
    pub(crate) endpoint_config: Value,
    /// `endpointSecurity`, the older place of backend credentials.
    pub(crate) endpoint_security: Value,
    /// `http` and `https`; empty when nothing is said.
    pub(crate) transports: Vec<String>,
    /// Cross-origin rules, when they are switched on.
    pub(crate) cors: Option<Cors>,
    /// Name of the header with the token, when it is not the usual one.
    pub(crate) auth_header: Option<String>,
    /// `securityScheme`.
    pub(crate) security: Vec<String>,
    /// Policy over all operations together.
    pub(crate) policy: Option<String>,
    /// Seconds for which answers are cached, when that is switched on.
    pub(crate) response_cache_seconds: Option<u64>,
    /// Operations.
    pub(crate) operations: Vec<Operation>,
    /// What changes requests and answers on the way, beside the definition.
    pub(crate) mediation: Vec<Mediation>,
    /// Whether requests to the backend are limited.
    pub(crate) limits_backend: bool,
    /// When it was changed, as the control plane writes it.
    pub(crate) last_updated: Option<String>,
    /// The revision that they are of, where the control plane has such.
    pub(crate) revision: Option<Revision>,
}

/// Cross-origin rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cors {
    /// Origins, or `*`.
    pub(crate) origins: Vec<String>,
    /// Methods.
    pub(crate) methods: Vec<String>,
    /// Request headers.
    pub(crate) headers: Vec<String>,
    /// Whether credentials may be sent.
    pub(crate) credentials: bool,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// Path template.
    pub(crate) target: String,
    /// Lower-case method.
    pub(crate) verb: String,
    /// `false`: open to everybody.
    pub(crate) is_secured: bool,
    /// Policy of its own.
    pub(crate) policy: Option<String>,
    /// Scopes of which a token needs one.
    pub(crate) scopes: Vec<String>,
}

impl Revision {
    /// Number and environments, for messages.
    pub(crate) fn describe(&self) -> String {
        let number = self.number.map_or_else(|| self.id.clone(), |number| number.to_string());
        format!("revision {number} in {}", self.environments.join(", "))
    }
}

impl ApiSummary {
    /// Reads an entry of the list; the error says what identifies no API, as a fragment behind "an API".
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let id = json::text(value, "id").ok_or("without `id`")?;
        if !is_path_segment(&id) {
            return Err("whose `id` cannot be asked for");
        }
        let name = json::text(value, "name").ok_or("without `name`")?;
        let version = json::text(value, "version").ok_or("without `version`")?;
        // No control plane takes such a name, and no line that it stands on would stay one.
        if [&name, &version].iter().any(|text| text.contains(char::is_control)) {
            return Err("with a control character in its `name` or `version`");
        }
        Ok(Self {
            id,
            name,
            version,
            provider: json::text(value, "provider"),
            state: state(value),
            revision: None,
        })
    }
}

impl ApiDetails {
    /// Reads the details; the error says what is missing or of another shape, as a fragment behind "an API". Members that
    /// say who may call what, and where to, are not passed over.
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let summary = ApiSummary::read(value)?;
        let context = json::text(value, "context").ok_or("without `context`")?;
        let kind = json::text(value, "type").unwrap_or_else(|| "HTTP".into());
        let is_http = matches!(
            kind.to_ascii_uppercase().as_str(),
            "HTTP" | "SOAP" | "SOAPTOREST" | "REST"
        );
        if is_http && !json::is_texts(value, "securityScheme") {
            return Err("whose `securityScheme` is not a list of texts");
        }
        if is_http && !json::is_texts(value, "transport") {
            return Err("whose `transport` is not a list of texts");
        }
        let config = object(value.get("endpointConfig")).ok_or("whose `endpointConfig` is not an object");
        let security = object(value.get("endpointSecurity")).ok_or("whose `endpointSecurity` is not an object");
        let cache = json::flag(value, "responseCachingEnabled").unwrap_or(false);
        Ok(Self {
            id: summary.id,
            name: summary.name,
            version: summary.version,
            context: without_tenant(&context),
            provider: summary.provider,
            state: summary.state,
            kind: if is_http { ApiKind::Http } else { ApiKind::Other(kind) },
            labels: json::texts(value, "labels"),
            tags: json::texts(value, "tags"),
            is_default_version: json::flag(value, "isDefaultVersion").unwrap_or(false),
            endpoint_config: needed(config, is_http)?,
            endpoint_security: needed(security, is_http)?,
            transports: json::texts(value, "transport"),
            cors: json::member(value, "corsConfiguration").and_then(Cors::read),
            auth_header: json::text(value, "authorizationHeader"),
            security: json::texts(value, "securityScheme"),
            policy: json::text(value, "apiThrottlingPolicy").filter(|name| !is_unlimited(name)),
            response_cache_seconds: cache.then(|| json::count(value, "cacheTimeout").unwrap_or(300)),
            operations: needed(operations(value), is_http)?,
            mediation: Mediation::sequences(value, "mediationPolicies"),
            limits_backend: limits_backend(value),
            last_updated: json::text(value, "lastUpdatedTime"),
            revision: None,
        })
    }
}

/// `maxTps`: a number for each side; some releases write 0 or -1 for none, and limits on tokens of AI services beside it.
fn limits_backend(api: &Value) -> bool {
    let Some(limits) = json::member(api, "maxTps") else {
        return false;
    };
    ["production", "sandbox"]
        .into_iter()
        .filter_map(|side| json::count(limits, side))
        .any(|count| count > 0)
}

impl Cors {
    fn read(value: &Value) -> Option<Self> {
        json::flag(value, "corsConfigurationEnabled")?.then(|| Self {
            origins: json::texts(value, "accessControlAllowOrigins"),
            methods: json::texts(value, "accessControlAllowMethods"),
            headers: json::texts(value, "accessControlAllowHeaders"),
            credentials: json::flag(value, "accessControlAllowCredentials").unwrap_or(false),
        })
    }
}

impl Operation {
    /// Reads an element of an API's operations; the error is a fragment behind "an API".
    fn read(value: &Value) -> Result<Self, &'static str> {
        const NOWHERE: &str = "with one of its `operations` without `target` or `verb`";
        if !json::is_texts(value, "scopes") {
            return Err("with one of its `operations` whose `scopes` are not a list of texts");
        }
        if matches!(
            json::member(value, "throttlingPolicy"),
            Some(Value::Array(_) | Value::Object(_))
        ) {
            return Err("with one of its `operations` whose `throttlingPolicy` is not a text");
        }
        Ok(Self {
            target: json::text(value, "target").ok_or(NOWHERE)?,
            verb: json::text(value, "verb").ok_or(NOWHERE)?.to_lowercase(),
            is_secured: json::text(value, "authType").as_deref() != Some("None"),
            policy: json::text(value, "throttlingPolicy").filter(|name| !is_unlimited(name)),
            scopes: json::texts(value, "scopes"),
        })
    }
}

fn state(value: &Value) -> LifeCycle {
    json::text(value, "lifeCycleStatus")
        .or_else(|| json::text(value, "status"))
        .map_or_else(LifeCycle::unknown, |text| LifeCycle::read(&text))
}

/// What cannot be read matters of APIs that are served.
fn needed<T: Default>(read: Result<T, &'static str>, is_http: bool) -> Result<T, &'static str> {
    if is_http { read } else { Ok(read.unwrap_or_default()) }
}

/// What is said of single operations; without any of it, limits and scopes would be missing where nobody sees it.
fn operations(value: &Value) -> Result<Vec<Operation>, &'static str> {
    let list = match json::member(value, "operations") {
        None => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or("whose `operations` are not a list")?,
    };
    list.iter().map(Operation::read).collect()
}

/// Older servers write the object as a text. Nothing is null; the error is something else.
fn object(value: Option<&Value>) -> Option<Value> {
    match value {
        None | Some(Value::Null) => Some(Value::Null),
        Some(Value::Object(members)) => Some(Value::Object(members.clone())),
        Some(Value::String(text)) if text.trim().is_empty() => Some(Value::Null),
        Some(Value::String(text)) => serde_json::from_str::<Value>(text)
            .ok()
            .filter(|value| value.is_object() || value.is_null()),
        Some(_) => None,
    }
}

fn is_unlimited(policy: &str) -> bool {
    policy == "Unlimited"
}

/// Removes `/t/<tenant>` once and adds the leading `/`.
fn without_tenant(context: &str) -> String {
    let rest = context
        .strip_prefix("/t/")
        .and_then(|rest| rest.find('/').and_then(|slash| rest.get(slash..)))
        .unwrap_or(context);
    format!("/{}", rest.trim_matches('/'))
}

/// Ids become path segments: `.` and `..` would change the path, also between slashes, which are sent encoded and which a
/// proxy on the way may decode.
pub(super) fn is_path_segment(id: &str) -> bool {
    id.len() <= 512
        && !id.chars().any(char::is_control)
        && !id.split(['/', '\\']).any(|part| matches!(part, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn details_are_read_with_their_nulls() {
        let api = ApiDetails::read(&json!({
            "id": "7d1c", "name": "Ledger", "version": "2.1.0", "context": "/t/meridianpay/ledger",
            "provider": "ana@m.example@meridianpay", "lifeCycleStatus": "PUBLISHED", "type": "HTTP",
            "labels": [{"name": "dev"}, "prod"], "isDefaultVersion": true, "transport": ["http", "https"],
            "endpointConfig": "{\"endpoint_type\":\"http\"}", "endpointSecurity": null,
            "corsConfiguration": {"corsConfigurationEnabled": false}, "authorizationHeader": null,
            "securityScheme": ["oauth2"], "apiThrottlingPolicy": "Unlimited", "responseCachingEnabled": null,
            "operations": [
                {"target": "/a", "verb": "GET", "authType": "None", "throttlingPolicy": "Unlimited", "scopes": []},
                {"target": "/b", "verb": "POST", "authType": "Any", "throttlingPolicy": "Tiny", "scopes": ["w"]}
            ],
            "mediationPolicies": [{"name": "log", "type": "in"}], "lastUpdatedTime": 1767003600123u64,
            "somethingNew": {}
        }))
        .unwrap();
        assert_eq!(api.context, "/ledger");
        assert_eq!(api.labels, ["dev", "prod"]);
        assert_eq!(api.endpoint_config["endpoint_type"], "http");
        assert_eq!((api.cors, api.policy, api.response_cache_seconds), (None, None, None));
        assert_eq!(api.operations.len(), 2);
        assert!(!api.operations[0].is_secured && api.operations[1].is_secured);
        assert_eq!(api.operations[1].policy.as_deref(), Some("Tiny"));
        assert_eq!((api.mediation.len(), api.mediation[0].name.as_str()), (1, "log"));
        assert_eq!(api.last_updated.as_deref(), Some("1767003600123"));
    }

    #[test]
    fn the_tenant_prefix_goes_once() {
        for (context, expected) in [
            ("/ledger", "/ledger"),
            ("ledger/", "/ledger"),
            ("/t/org/ledger", "/ledger"),
            ("/t/org/t/x/ledger", "/t/x/ledger"),
            ("/t/org/{version}/ledger", "/{version}/ledger"),
            ("/t/org", "/t/org"),
            ("/", "/"),
        ] {
            assert_eq!(without_tenant(context), expected);
        }
    }

    #[test]
    fn ids_that_would_change_the_path_are_refused() {
        let read = |id: &str| ApiSummary::read(&json!({"id": id, "name": "n", "version": "1"}));
        for id in ["..", ".", "a\nb", "", "../x", "a/../x", "a\\..", "./a"] {
            assert!(read(id).is_err(), "{id}");
        }
        // As up to 2.6, with an owner of another user store.
        for id in [
            "7d1c0a52",
            "STORE/ana-Ledger-1.0..2",
            "...",
            "ana-AT-m.example-Ledger-2.1.0",
        ] {
            assert!(read(id).is_ok(), "{id}");
        }
    }

    #[test]
    fn what_says_who_may_call_is_never_passed_over() {
        let read = |key: &str, value: Value| {
            let mut api = json!({"id": "a", "name": "n", "version": "1", "context": "/c"});
            api[key] = value;
            ApiDetails::read(&api).map(|_| ())
        };
        for (key, good, bad) in [
            ("securityScheme", json!("oauth2"), json!({"mutualssl": true})),
            ("transport", json!(null), json!(7)),
            ("transport", json!(["https"]), json!(["https", 7])),
            ("securityScheme", json!([{"name": "oauth2"}]), json!([{"x": 1}])),
            (
                "operations",
                json!([{"target": "/a", "verb": "GET", "scopes": ["w"]}]),
                json!([{"target": "/a", "verb": "GET", "scopes": {"k": "w"}}]),
            ),
            (
                "operations",
                json!([{"target": "/a", "verb": "GET", "throttlingPolicy": "Gold"}]),
                json!([{"target": "/a", "verb": "GET", "throttlingPolicy": {"name": "Gold"}}]),
            ),
            ("operations", json!([]), json!({"target": "/a", "verb": "GET"})),
            (
                "operations",
                json!([{"target": "/a", "verb": "GET"}]),
                json!([{"verb": "GET", "throttlingPolicy": "Tiny"}]),
            ),
            ("endpointConfig", json!("{}"), json!("{\"endpoint_type\"")),
            ("endpointConfig", json!(" "), json!([])),
            ("endpointSecurity", json!("null"), json!(true)),
        ] {
            assert_eq!(read(key, good), Ok(()), "{key}");
            let missing = read(key, bad).unwrap_err();
            assert!(missing.contains(&format!("`{key}`")), "{key}: {missing}");
        }
        // Nobody serves it here, and it is left out as what it is.
        let other = json!({"id": "a", "name": "n", "version": "1", "context": "/c", "type": "WS", "operations": 7});
        assert!(ApiDetails::read(&other).is_ok());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-zA-Z/{}.@ ]{0,12}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 32, 4, |inner| {
            let keys = proptest::sample::select(vec![
                "id",
                "name",
                "version",
                "context",
                "type",
                "labels",
                "endpointConfig",
                "transport",
                "corsConfiguration",
                "corsConfigurationEnabled",
                "operations",
                "target",
                "verb",
                "scopes",
            ]);
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::vec((keys, inner), 0..8)
                    .prop_map(|members| members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            ]
        })
    }

    proptest! {
        #[test]
        fn no_document_makes_the_reader_panic(value in any_json()) {
            let _ = ApiDetails::read(&value);
        }
    }
}
