//! An admitted request, as the traffic manager counts it.

use super::Properties;
use std::sync::Arc;
use uuid::Uuid;

/// The names of an event's fields, in the order in which the traffic manager takes them.
pub const FIELDS: [&str; 17] = [
    "messageID",
    "appKey",
    "appTier",
    "apiKey",
    "apiTier",
    "subscriptionKey",
    "subscriptionTier",
    "resourceKey",
    "resourceTier",
    "userId",
    "apiContext",
    "apiVersion",
    "appTenant",
    "apiTenant",
    "appId",
    "apiName",
    "properties",
];

/// An admitted request. Making one costs two counted references, and what its [`Properties`] copy.
#[derive(Debug, Clone)]
pub struct RequestEvent {
    /// Unique. Never the client's own: two requests with one id would count as one.
    pub message_id: Uuid,
    /// When the request came, in milliseconds since the epoch.
    pub at_ms: u64,
    /// What was called.
    pub called: Arc<Called>,
    /// Who called.
    pub calling: Arc<Calling>,
    /// What conditions of policies look at.
    pub properties: Properties,
}

/// What was called; the same for every request to a resource, so it is made with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Called {
    /// Counts all callers of the API together.
    pub api_key: Arc<str>,
    /// Policy of the API; empty: none.
    pub api_tier: Arc<str>,
    /// Counts all callers of the resource together.
    pub resource_key: Arc<str>,
    /// Policy of the resource; `Unlimited` where there is none.
    pub resource_tier: Arc<str>,
    /// Base path.
    pub api_context: Arc<str>,
    /// Version.
    pub api_version: Arc<str>,
    /// Tenant that owns the API.
    pub api_tenant: Arc<str>,
    /// Name of the API as the traffic manager knows it.
    pub api_name: Arc<str>,
    /// Header fields and query parameters, in lower case, in which callers of this API send credentials. They are left
    /// out of what is told, as `authorization`, `proxy-authorization` and `cookie` always are.
    pub credential_names: Arc<[Box<str>]>,
}

/// Who called; the same for every request of a caller to an API, so it is kept with the caller.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calling {
    /// Counts one user of one application.
    pub app_key: Arc<str>,
    /// Policy of the application.
    pub app_tier: Arc<str>,
    /// Counts one application, or one address without credentials, at one API.
    pub subscription_key: Arc<str>,
    /// Policy of the subscription.
    pub subscription_tier: Arc<str>,
    /// The user.
    pub user_id: Arc<str>,
    /// Tenant of the subscriber.
    pub app_tenant: Arc<str>,
    /// The application.
    pub app_id: Arc<str>,
}

impl RequestEvent {
    /// Hands the fields to `take`, in the order of [`FIELDS`]. Does work that a request should not wait for.
    pub fn fields<T>(&self, take: impl FnOnce([&str; FIELDS.len()]) -> T) -> T {
        let (called, calling) = (&self.called, &self.calling);
        let mut id = Uuid::encode_buffer();
        let properties = self.properties.to_json(&called.credential_names).to_string();
        take([
            self.message_id.hyphenated().encode_lower(&mut id),
            &calling.app_key,
            &calling.app_tier,
            &called.api_key,
            &called.api_tier,
            &calling.subscription_key,
            &calling.subscription_tier,
            &called.resource_key,
            &called.resource_tier,
            &calling.user_id,
            &called.api_context,
            &called.api_version,
            &calling.app_tenant,
            &called.api_tenant,
            &calling.app_id,
            &called.api_name,
            &properties,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn every_field_stands_in_its_place() {
        let event = RequestEvent {
            message_id: Uuid::from_u128(7),
            at_ms: 1,
            called: Arc::new(Called {
                api_key: "apiKey".into(),
                api_tier: "apiTier".into(),
                resource_key: "resourceKey".into(),
                resource_tier: "resourceTier".into(),
                api_context: "apiContext".into(),
                api_version: "apiVersion".into(),
                api_tenant: "apiTenant".into(),
                api_name: "apiName".into(),
                credential_names: Arc::default(),
            }),
            calling: Arc::new(Calling {
                app_key: "appKey".into(),
                app_tier: "appTier".into(),
                subscription_key: "subscriptionKey".into(),
                subscription_tier: "subscriptionTier".into(),
                user_id: "userId".into(),
                app_tenant: "appTenant".into(),
                app_id: "appId".into(),
            }),
            properties: Properties::of(Ipv4Addr::new(10, 0, 0, 1).into()),
        };
        event.fields(|values| {
            for (name, value) in FIELDS.into_iter().zip(values) {
                let expected = match name {
                    "messageID" => "00000000-0000-0000-0000-000000000007",
                    "properties" => r#"{"ip":167772161,"ipv6":0}"#,
                    name => name,
                };
                assert_eq!(value, expected);
            }
        });
    }
}
