//! `endpointConfig` into `x-wso2-production-endpoints` and `x-wso2-sandbox-endpoints`.

use super::{Notice, Topic, endpoint_advanced};
use crate::cloud::json;
use crate::compile::has_credential;
use serde_json::{Value, json};
use url::Url;

/// Backends of an API in the form of the extensions.
#[derive(Debug, Default, PartialEq)]
pub(super) struct EndpointExtensions {
    /// `x-wso2-production-endpoints`
    pub(super) production: Option<Value>,
    /// `x-wso2-sandbox-endpoints`
    pub(super) sandbox: Option<Value>,
    /// What could not be taken over.
    pub(super) notices: Vec<Notice>,
}

impl EndpointExtensions {
    /// Every URL.
    pub(super) fn urls(&self) -> Vec<String> {
        let sides = [&self.production, &self.sandbox].into_iter().flatten();
        sides.flat_map(|side| json::texts(side, "urls")).collect()
    }
}

/// Maps an endpoint configuration. Passwords are never taken over.
pub(super) fn map(config: &Value, security: &Value) -> EndpointExtensions {
    let mut out = EndpointExtensions::default();
    let kind = json::text(config, "endpoint_type").unwrap_or_else(|| "http".into());
    if !matches!(
        kind.as_str(),
        "http" | "address" | "wsdl" | "load_balance" | "failover" | "graphql"
    ) {
        if !config.is_null() {
            let text = format!("backends of type {} cannot be used by this gateway", printable(&kind));
            out.notices
                .push(Notice::new(Topic::Backend, &["endpointConfig", "endpoint_type"], text));
        }
        return out;
    }
    if kind == "load_balance" {
        endpoint_advanced::untold_balancing(config, &mut out.notices);
    }
    out.production = side(config, security, &kind, "production", &mut out.notices);
    out.sandbox = side(config, security, &kind, "sandbox", &mut out.notices);
    out
}

fn side(config: &Value, security: &Value, kind: &str, side: &str, notices: &mut Vec<Notice>) -> Option<Value> {
    let mut backends = backends(config, &format!("{side}_endpoints"));
    if backends.is_empty() {
        return None;
    }
    if kind == "failover" {
        backends.extend(self::backends(config, &format!("{side}_failovers")));
    }
    let mut user = None;
    let mut urls = Vec::new();
    for backend in &backends {
        let Some(text) = json::text(backend, "url") else {
            continue;
        };
        match Url::parse(&text)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https"))
        {
            Some(url) => urls.push(without_user(url, &text, &mut user, side, notices)),
            None => {
                let text = format!("the {side} backend `{}` is no http or https URL", printable(&text));
                notices.push(Notice::backend(side, text));
            }
        }
    }
    if urls.is_empty() {
        return None;
    }
    let kind = match (kind, urls.len()) {
        ("load_balance", 2..) => "load_balance",
        ("failover", 2..) => "failover",
        _ => "http",
    };
    let mut endpoint = json!({ "type": kind, "urls": urls });
    if let Some(advanced) = endpoint_advanced::advanced(&backends, side, notices) {
        endpoint["advanceEndpointConfig"] = advanced;
    }
    let own = credentials(config, security, side, notices);
    if let Some(own) = own.or_else(|| user.map(|user| json!({ "type": "basic", "username": user }))) {
        let (what, who) = match json::text(&own, "type").as_deref() {
            Some("apikey") => ("API key", json::text(&own, "name")),
            Some("oauth2") => ("client secret", json::text(&own, "clientId")),
            _ => ("password", json::text(&own, "username")),
        };
        let text = format!(
            "the {what} of `{}` for the {side} backend is not taken over; give it to the gateway",
            printable(&who.unwrap_or_default())
        );
        notices.push(Notice::credentials(Topic::Secret, side, text));
        endpoint["securityConfig"] = own;
    }
    Some(endpoint)
}

/// One object, or a list of them.
fn backends<'a>(config: &'a Value, key: &str) -> Vec<&'a Value> {
    match json::member(config, key) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(object @ Value::Object(_)) => vec![object],
        _ => Vec::new(),
    }
}

/// A URL may hold a user and a password: neither stays in it.
fn without_user(mut url: Url, text: &str, user: &mut Option<String>, side: &str, notices: &mut Vec<Notice>) -> String {
    if url.username().is_empty() && url.password().is_none() {
        return text.to_owned();
    }
    if !url.username().is_empty() {
        *user = Some(url.username().to_owned());
    }
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    notices.push(Notice::backend(
        side,
        format!("credentials were removed from the URL of the {side} backend"),
    ));
    url.to_string()
}

/// The credentials without their secrets, from the place of 3.2 or from the older one.
fn credentials(config: &Value, security: &Value, side: &str, notices: &mut Vec<Notice>) -> Option<Value> {
    let newer = json::member(config, "endpoint_security")
        .and_then(|places| json::member(places, side))
        .filter(|place| json::flag(place, "enabled") == Some(true));
    let (place, kind) = match newer {
        Some(place) => (place, json::text(place, "type")?),
        None => (security, json::text(security, "type")?),
    };
    let mut cannot = |why: &str| {
        let text = format!(
            "credentials of type {} for the {side} backend cannot be used by this gateway{why}",
            printable(&kind)
        );
        notices.push(Notice::credentials(Topic::Backend, side, text));
        None
    };
    let with_user = |kind: &str| Some(json!({ "type": kind, "username": json::text(place, "username")? }));
    match kind.to_ascii_lowercase().as_str() {
        "basic" => with_user("basic"),
        "digest" => with_user("digest"),
        "oauth" | "oauth2" => {
            let grant = json::text(place, "grantType").unwrap_or_default();
            if !grant.eq_ignore_ascii_case("client_credentials") {
                return cannot(": it fetches tokens by client credentials only");
            }
            let (Some(token_url), Some(client_id)) = (json::text(place, "tokenUrl"), json::text(place, "clientId"))
            else {
                return cannot(" without token URL and client id");
            };
            // They would be secrets in a file that is built.
            let is_usable = |url: Url| {
                url.username().is_empty() && url.password().is_none() && !url.query().is_some_and(has_credential)
            };
            let usable = Url::parse(&token_url).is_ok_and(is_usable);
            if !usable {
                return cannot(": the token URL is no URL, or holds credentials");
            }
            if has_parameters(place) {
                let text = format!("custom parameters of the token request for the {side} backend are not sent");
                notices.push(Notice::credentials(Topic::Backend, side, text));
            }
            Some(json!({ "type": "oauth2", "tokenUrl": token_url, "clientId": client_id }))
        }
        "apikey" => {
            let Some(name) = json::text(place, "apiKeyIdentifier") else {
                return cannot(" without the name of the key");
            };
            let in_query = json::text(place, "apiKeyIdentifierType")
                .is_some_and(|kind| kind.to_ascii_uppercase().starts_with("QUERY"));
            Some(json!({ "type": "apikey", "name": name, "in": if in_query { "query" } else { "header" } }))
        }
        "none" => None,
        _ => cannot(""),
    }
}

/// `customParameters`: an object, or one in a text.
fn has_parameters(place: &Value) -> bool {
    match json::member(place, "customParameters") {
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::String(text)) => !matches!(text.trim(), "" | "{}"),
        _ => false,
    }
}

/// Text of the control plane in a message: one line, short, nothing that steers a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(config: Value) -> EndpointExtensions {
        map(&config, &Value::Null)
    }

    #[test]
    fn shapes_are_mapped() {
        let one = |url: &str| json!({"url": url, "config": null});
        for (config, production, sandbox) in [
            (
                json!({"endpoint_type": "http", "production_endpoints": one("https://a"), "sandbox_endpoints": one("https://s")}),
                Some(json!({"type": "http", "urls": ["https://a"]})),
                Some(json!({"type": "http", "urls": ["https://s"]})),
            ),
            (
                json!({"endpoint_type": "load_balance", "production_endpoints": [one("https://a"), one("https://b")],
                       "algoCombo": "org.apache.synapse.endpoints.algorithms.RoundRobin"}),
                Some(json!({"type": "load_balance", "urls": ["https://a", "https://b"]})),
                None,
            ),
            (
                json!({"endpoint_type": "load_balance", "production_endpoints": [one("https://a")]}),
                Some(json!({"type": "http", "urls": ["https://a"]})),
                None,
            ),
            (
                json!({"endpoint_type": "failover", "production_endpoints": one("https://a"), "failOver": true,
                       "production_failovers": [one("https://b"), one("https://c")], "sandbox_failovers": []}),
                Some(json!({"type": "failover", "urls": ["https://a", "https://b", "https://c"]})),
                None,
            ),
            (
                json!({"production_endpoints": {"url": "https://a", "config": {"actionSelect": "fault", "actionDuration": "30000"}}}),
                Some(
                    json!({"type": "http", "urls": ["https://a"], "advanceEndpointConfig": {"timeoutInMillis": 30000}}),
                ),
                None,
            ),
            (
                json!({"production_endpoints": {"url": "https://a", "config": {"actionSelect": "neverTimeout", "actionDuration": 1}}}),
                Some(json!({"type": "http", "urls": ["https://a"]})),
                None,
            ),
            (
                json!({"production_endpoints": {"url": "https://a", "config": ""}}),
                Some(json!({"type": "http", "urls": ["https://a"]})),
                None,
            ),
            (Value::Null, None, None),
            (json!({}), None, None),
        ] {
            let out = mapped(config.clone());
            assert_eq!((out.production, out.sandbox), (production, sandbox), "{config}");
            assert!(out.notices.is_empty(), "{:?}", out.notices);
        }
    }

    #[test]
    fn backends_that_cannot_be_used_are_told() {
        for (config, notice) in [
            (
                json!({"endpoint_type": "awslambda", "amznSecretKey": "canary"}),
                "backends of type awslambda",
            ),
            (
                json!({"endpoint_type": "default", "production_endpoints": {"url": "default"}}),
                "backends of type default",
            ),
            (
                json!({"production_endpoints": {"url": "consul(x)"}}),
                "`consul(x)` is no http or https URL",
            ),
            (
                json!({"production_endpoints": {"url": "ws://x"}}),
                "`ws://x` is no http or https URL",
            ),
        ] {
            let out = mapped(config);
            assert_eq!((&out.production, &out.sandbox), (&None, &None));
            assert!(out.notices[0].text.contains(notice), "{:?}", out.notices);
            assert!(!format!("{out:?}").contains("canary"));
        }
    }

    #[test]
    fn passwords_stay_behind() {
        let security = json!({"production": {"enabled": true, "type": "BASIC", "username": "svc", "password": "canary"},
                              "sandbox": {"enabled": false, "type": "BASIC", "username": "no"}});
        let backend = json!({"url": "https://a"});
        let config =
            json!({"production_endpoints": backend, "sandbox_endpoints": backend, "endpoint_security": security});
        let newer = mapped(config);
        assert_eq!(
            newer.production.as_ref().unwrap()["securityConfig"],
            json!({"type": "basic", "username": "svc"})
        );
        assert_eq!(newer.sandbox.as_ref().unwrap().get("securityConfig"), None);
        let older = map(
            &json!({"production_endpoints": backend}),
            &json!({"type": "basic", "username": "old", "password": "canary"}),
        );
        assert_eq!(older.production.as_ref().unwrap()["securityConfig"]["username"], "old");
        let url = mapped(json!({"production_endpoints": {"url": "https://user:canary@a/x"}}));
        assert_eq!(url.production.as_ref().unwrap()["urls"], json!(["https://a/x"]));
        assert_eq!(url.production.as_ref().unwrap()["securityConfig"]["username"], "user");
        for out in [newer, older, url] {
            assert!(!format!("{out:?}").contains("canary"));
            assert!(
                out.notices.iter().any(|notice| notice.text.contains("password")),
                "{:?}",
                out.notices
            );
        }
    }

    #[test]
    fn other_credentials_are_told() {
        let with = |mut security: Value| {
            security["enabled"] = json!(true);
            let security = json!({ "production": security });
            mapped(json!({"production_endpoints": {"url": "https://a"}, "endpoint_security": security}))
        };
        for security in [
            json!({"type": "OAUTH", "clientSecret": "canary"}),
            json!({"type": "OAUTH", "grantType": "PASSWORD", "tokenUrl": "https://t", "clientId": "id", "password": "canary"}),
            json!({"type": "OAUTH", "grantType": "CLIENT_CREDENTIALS", "tokenUrl": "https://u:canary@t", "clientId": "id"}),
            json!({"type": "OAUTH", "grantType": "CLIENT_CREDENTIALS", "tokenUrl": "https://t?client_secret=canary", "clientId": "id"}),
            json!({"type": "NTLM", "password": "canary"}),
            json!({"type": "apikey", "apiKeyValue": "canary"}),
        ] {
            let out = with(security);
            assert!(out.notices[0].text.contains("cannot be used"), "{:?}", out.notices);
            assert_eq!(out.production.as_ref().and_then(|one| one.get("securityConfig")), None);
            assert!(!format!("{out:?}").contains("canary"));
        }
        for (security, expected) in [
            (
                json!({"type": "DIGEST", "username": "u", "password": "canary"}),
                json!({"type": "digest", "username": "u"}),
            ),
            (
                json!({"type": "OAUTH", "grantType": "CLIENT_CREDENTIALS", "tokenUrl": "https://t/token", "clientId": "id",
                       "clientSecret": "canary", "customParameters": {}}),
                json!({"type": "oauth2", "tokenUrl": "https://t/token", "clientId": "id"}),
            ),
            (
                json!({"type": "apikey", "apiKeyIdentifier": "X-Key", "apiKeyIdentifierType": "HEADER", "apiKeyValue": "canary"}),
                json!({"type": "apikey", "name": "X-Key", "in": "header"}),
            ),
            (
                json!({"type": "APIKEY", "apiKeyIdentifier": "key", "apiKeyIdentifierType": "QUERY_PARAMETER"}),
                json!({"type": "apikey", "name": "key", "in": "query"}),
            ),
        ] {
            let out = with(security);
            assert_eq!(
                out.production.as_ref().map(|one| &one["securityConfig"]),
                Some(&expected)
            );
            assert!(
                out.notices
                    .iter()
                    .any(|notice| notice.text.contains("is not taken over")),
                "{:?}",
                out.notices
            );
            assert!(!format!("{out:?}").contains("canary"));
        }
    }
    #[test]
    fn parameters_of_token_requests_are_told() {
        for (parameters, told) in [
            (Value::Null, false),
            (json!({}), false),
            (json!("{}"), false),
            (json!({"audience": "ledger"}), true),
            (json!("{\"audience\":\"ledger\"}"), true),
        ] {
            let security = json!({"production": {"enabled": true, "type": "oauth", "grantType": "client_credentials",
                "tokenUrl": "https://t", "clientId": "id", "customParameters": parameters}});
            let out = mapped(json!({"production_endpoints": {"url": "https://a"}, "endpoint_security": security}));
            let notice = out
                .notices
                .iter()
                .find(|notice| notice.text.contains("custom parameters"));
            assert_eq!(notice.is_some(), told, "{parameters}");
            assert!(notice.is_none_or(|notice| notice.at == ["endpointConfig", "endpoint_security", "production"]));
        }
    }
}
