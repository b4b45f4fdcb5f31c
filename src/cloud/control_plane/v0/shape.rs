//! Objects of 2.6 under the names of 3.2. `status`, `endpointConfig` in a string and labels as objects need nothing: the
//! reader of details takes either.

use crate::cloud::json;
use serde_json::{Value, json};

/// Details of an API.
pub(super) fn api(api: &mut Value) {
    rename(
        api,
        &[
            ("apiLevelPolicy", "apiThrottlingPolicy"),
            ("sequences", "mediationPolicies"),
        ],
    );
    let caches = json::text(api, "responseCaching").is_some_and(|text| text.eq_ignore_ascii_case("enabled"));
    if let Value::Object(members) = api {
        members.entry("responseCachingEnabled").or_insert(caches.into());
        // Every API takes access tokens, and nothing else.
        members.entry("securityScheme").or_insert(json!(["oauth2"]));
    }
}

/// A subscription, as the publisher shows it.
pub(super) fn subscription(subscription: &mut Value) {
    rename(subscription, &[("tier", "throttlingPolicy")]);
}

/// An application, as the store shows it.
pub(super) fn application(application: &mut Value) {
    rename(
        application,
        &[("throttlingTier", "throttlingPolicy"), ("subscriber", "owner")],
    );
}

/// Gives members their newer names, where these are not taken.
fn rename(object: &mut Value, names: &[(&str, &str)]) {
    let Value::Object(members) = object else { return };
    for (old, new) in names {
        if members.get(*new).is_none_or(Value::is_null)
            && let Some(value) = members.remove(*old)
        {
            members.insert((*new).to_owned(), value);
        }
    }
}
