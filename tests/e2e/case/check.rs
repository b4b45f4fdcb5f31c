//! Compares an answer, and what the backend saw, with what is expected.

use super::description::Expected;
use super::stage::Sent;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// Returns every difference.
pub fn compare(expected: &Expected, sent: &Sent) -> Vec<String> {
    let mut problems = Vec::new();
    let mut differs = |what: &str, wanted: &dyn std::fmt::Debug, got: &dyn std::fmt::Debug| {
        problems.push(format!("{what}: expected {wanted:?}, got {got:?}"));
    };
    if expected.status != sent.status {
        differs("status", &expected.status, &(sent.status, &sent.body));
    }
    let json: Value = serde_json::from_str(&sent.body).unwrap_or_default();
    if let Some(code) = expected.code
        && json["fault"]["code"] != code
    {
        differs("code", &code, &sent.body);
    }
    if let Some(body) = &expected.body
        && *body != sent.body
    {
        differs("body", body, &sent.body);
    }
    for (name, wanted) in &expected.headers {
        let got = sent.headers.get(name).and_then(|value| value.to_str().ok());
        if !got.is_some_and(|got| wanted == "*" || wanted == got) {
            differs(name, wanted, &got);
        }
    }
    for name in &expected.without {
        if let Some(got) = sent.headers.get(name) {
            differs(name, &"no such header", got);
        }
    }
    if expected.reached() != sent.reached {
        differs("backend", &expected.reached(), &sent.reached);
    }
    for (name, wanted) in &expected.backend_headers {
        let got = json["headers"][name].as_str();
        if !got.is_some_and(|got| wanted == "*" || wanted == got) {
            differs(&format!("backend's {name}"), wanted, &got);
        }
    }
    for name in &expected.backend_without {
        // Only the backend's echo has headers to look at.
        if !json["headers"].is_object() || !json["headers"][name].is_null() {
            differs(&format!("backend's {name}"), &"no such header", &sent.body);
        }
    }
    if let Some(query) = &expected.backend_query
        && json["query"].as_str() != Some(query)
    {
        differs("backend's query", query, &json["query"]);
    }
    if !expected.backend_jwt.is_empty() {
        let claims = claims(json["headers"]["x-jwt-assertion"].as_str());
        for (claim, wanted) in &expected.backend_jwt {
            let wanted = serde_json::to_value(wanted).expect("TOML without dates is JSON");
            if claims[claim] != wanted {
                differs(&format!("backend's claim {claim}"), &wanted, &claims);
            }
        }
    }
    problems
}

fn claims(token: Option<&str>) -> Value {
    let payload = token.and_then(|token| token.split('.').nth(1)).unwrap_or_default();
    let payload = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&payload).unwrap_or_default()
}
