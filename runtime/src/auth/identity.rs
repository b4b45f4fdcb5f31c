//! What a verified credential says, independent of any API.

use super::api_key::ApiKeyRules;
use super::caller::UNKNOWN;
use super::jwt::{scopes, strings, text};
use super::key_manager::key_validation::KeyInfo;
use crate::config::ClaimMapping;
use crate::throttle::SubscriptionTerms;
use http::HeaderValue;
use mgw_bundle::config::Api;
use serde_json::{Map, Value};

/// How a caller proved who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// A JWT access token.
    Jwt,
    /// An opaque access token.
    Opaque,
    /// An API key.
    ApiKey,
    /// User name and password.
    Basic,
    /// A client certificate alone.
    MutualTls,
}

impl CredentialKind {
    /// Name for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque-token",
            Self::ApiKey => "api-key",
            Self::Basic => "basic",
            Self::MutualTls => "client-certificate",
        }
    }
}

/// An application as a token describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenApplication {
    /// Id, a number as text.
    pub id: String,
    /// UUID.
    pub uuid: Option<String>,
    /// Name.
    pub name: String,
    /// Application policy.
    pub policy: String,
    /// Subscriber who owns it.
    pub owner: String,
}

/// An entry of the `subscribedAPIs` claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SubscribedApi {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) policy: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) terms: SubscriptionTerms,
}

/// What a verified credential says.
#[derive(Debug)]
pub struct Identity {
    /// How it was proved.
    pub kind: CredentialKind,
    /// The user.
    pub user: String,
    /// The OAuth2 client.
    pub consumer_key: Option<String>,
    /// Scopes.
    pub scopes: Vec<String>,
    /// All claims, renamed as configured; empty for kinds without claims.
    pub claims: Map<String, Value>,
    /// Epoch milliseconds until which it is valid, clock skew included.
    pub valid_until_ms: u64,
    /// The application, where the token names one.
    pub(super) application: Option<TokenApplication>,
    pub(super) subscribed: Vec<SubscribedApi>,
    pub(super) key_type: Option<String>,
    /// Whether the issuer's configuration asks for subscriptions; `None`: the general setting.
    pub(super) validate_subscription: Option<bool>,
    /// Whether claims about the user are fetched for the backend's token.
    pub(super) remote_claims: bool,
    /// `jti`.
    pub(super) token_id: Option<String>,
    /// The token for backends that the caller's credential brings with it.
    pub(super) backend_token: Option<HeaderValue>,
    /// What an API key is restricted to.
    pub(super) api_key: Option<ApiKeyRules>,
}

/// Members of `subscribedAPIs` that are read at the most.
const MAX_SUBSCRIBED: usize = 4096;

impl Identity {
    /// Reads the claims of a verified token.
    pub(super) fn from_claims(
        kind: CredentialKind,
        mut claims: Map<String, Value>,
        mappings: &[ClaimMapping],
        scope_claim: Option<&str>,
        consumer_key_claim: Option<&str>,
        valid_until_ms: u64,
    ) -> Self {
        for mapping in mappings {
            if let Some(value) = claims.remove(&mapping.remote) {
                claims.insert(mapping.local.clone(), value);
            }
        }
        let owned = |name| text(&claims, name).map(str::to_owned);
        let application = match claims.get("application") {
            Some(Value::Object(application)) => Some(read_application(application)),
            _ => None,
        };
        let subscribed = claims.get("subscribedAPIs").and_then(Value::as_array);
        Self {
            kind,
            user: owned("sub").unwrap_or_else(|| "Unknown".to_owned()),
            consumer_key: consumer_key(&claims, consumer_key_claim),
            scopes: scopes(&claims, scope_claim),
            application,
            subscribed: subscribed.map(|list| read_subscribed(list)).unwrap_or_default(),
            key_type: owned("keytype"),
            token_id: owned("jti"),
            backend_token: text(&claims, "backendJwt")
                .filter(|_| kind == CredentialKind::Jwt)
                .and_then(header),
            claims,
            valid_until_ms,
            validate_subscription: None,
            remote_claims: false,
            api_key: None,
        }
    }
}

impl Identity {
    /// An identity of a kind that has no claims and does not expire by itself.
    pub(super) fn without_claims(kind: CredentialKind, user: String) -> Self {
        let mut identity = Self::from_claims(kind, Map::new(), &[], None, None, u64::MAX);
        identity.user = user;
        identity
    }

    /// Reads what the key manager said about an opaque token.
    pub(super) fn from_introspection(members: Map<String, Value>, valid_until_ms: u64) -> Self {
        let mut identity = Self::from_claims(
            CredentialKind::Opaque,
            members,
            &[],
            Some("scope"),
            None,
            valid_until_ms,
        );
        let user = ["username", "sub"].iter().find_map(|name| text(&identity.claims, name));
        identity.user = user.unwrap_or("Unknown").to_owned();
        // Nothing else names the application: the audience of an opaque token is somebody else's.
        identity.consumer_key = text(&identity.claims, "client_id")
            .filter(|id| !id.is_empty())
            .map(str::to_owned);
        identity
    }

    /// Reads what the key validation service said about a call of `api`.
    pub(super) fn from_key_info(info: &KeyInfo, api: &Api, valid_until_ms: u64) -> Self {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| UNKNOWN.to_owned());
        let user = info.user.clone().unwrap_or_else(|| "Unknown".to_owned());
        Self {
            consumer_key: info.consumer_key.clone(),
            scopes: info.scopes.clone(),
            valid_until_ms,
            application: Some(TokenApplication {
                id: known(&info.application_id),
                uuid: None,
                name: known(&info.application_name),
                policy: info.application_tier.clone().unwrap_or_else(|| "Unlimited".to_owned()),
                owner: known(&info.subscriber),
            }),
            subscribed: vec![SubscribedApi {
                name: api.name.clone(),
                version: api.version.clone(),
                policy: info.tier.clone(),
                tenant: info.subscriber_tenant.clone(),
                terms: SubscriptionTerms {
                    stop_on_quota: info.stop_on_quota,
                    burst: info.burst(),
                },
            }],
            key_type: info.key_type.clone(),
            // The service has decided that already.
            validate_subscription: Some(false),
            backend_token: info.user_token.as_deref().and_then(header),
            ..Self::without_claims(CredentialKind::Opaque, user)
        }
    }

    /// One of the gateway's own users.
    pub(super) fn for_user(name: String, scopes: Vec<String>) -> Self {
        Self {
            scopes,
            ..Self::without_claims(CredentialKind::Basic, name)
        }
    }
}

/// Returns a token for backends as the header value that it becomes.
fn header(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(token).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Returns the configured claim, else what the known issuers use. An array counts by its first element.
fn consumer_key(claims: &Map<String, Value>, configured: Option<&str>) -> Option<String> {
    let read = |name: &str| {
        let values = claims.get(name).and_then(strings)?;
        values
            .first()
            .filter(|value| !value.is_empty())
            .map(|value| (*value).to_owned())
    };
    match configured {
        Some(name) => read(name).or_else(|| read("aud")),
        None => ["consumerKey", "azp", "client_id", "aud"].into_iter().find_map(read),
    }
}

/// Numbers and texts are both seen as ids.
fn id(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn read_application(application: &Map<String, Value>) -> TokenApplication {
    let owned = |name| text(application, name).map(str::to_owned);
    TokenApplication {
        id: id(application.get("id")).unwrap_or_else(|| UNKNOWN.to_owned()),
        uuid: owned("uuid"),
        name: owned("name").unwrap_or_else(|| UNKNOWN.to_owned()),
        policy: owned("tier").unwrap_or_else(|| "Unlimited".to_owned()),
        owner: owned("owner").unwrap_or_else(|| UNKNOWN.to_owned()),
    }
}

fn read_subscribed(list: &[Value]) -> Vec<SubscribedApi> {
    list.iter()
        .take(MAX_SUBSCRIBED)
        .filter_map(Value::as_object)
        .filter_map(|entry| {
            Some(SubscribedApi {
                name: text(entry, "name")?.to_owned(),
                version: text(entry, "version")?.to_owned(),
                policy: text(entry, "subscriptionTier").map(str::to_owned),
                tenant: text(entry, "subscriberTenantDomain").map(str::to_owned),
                terms: SubscriptionTerms::default(),
            })
        })
        .collect()
}
