//! Applications, key mappings and subscriptions that the control plane tells while the gateway runs.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use http::HeaderValue;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        ENABLE,
        Kind::Bool,
        "load applications, key mappings and subscriptions from the control plane while the gateway runs; unset: not, but with `mgw run --connected` where the password is known",
    ),
    Key::new(
        "apim.eventHub.serviceUrl",
        Kind::Text,
        "https://localhost:9443",
        "base URL of the control plane",
    ),
    Key::new(
        "apim.eventHub.internalDataContext",
        Kind::Text,
        "/internal/data/v1/",
        "path of its internal data API",
    ),
    Key::unset(
        "apim.eventHub.username",
        Kind::Text,
        "user name there; unset: `apim.credentials.username`",
    ),
    Key::unset(
        "apim.eventHub.password",
        Kind::Secret,
        "password there; unset: `apim.credentials.password`",
    ),
    Key::unset(
        "apim.eventHub.caFile",
        Kind::File,
        "PEM certificates trusted for it beside the system's; those of the trust store when absent",
    ),
    Key::unset(
        "apim.eventHub.tenant",
        Kind::Text,
        "tenant to read, for users of the super tenant; unset: the user's own, which is what follows the last `@` of the user name, else `carbon.super`",
    ),
    Key::new(
        "apim.eventHub.refreshInterval",
        Kind::Integer { min: 1, max: 86_400 },
        "60",
        "seconds between two loads while no notifications arrive; failed ones are repeated sooner",
    ),
    Key::new(
        "apim.eventHub.recheckInterval",
        Kind::Integer { min: 1, max: 86_400 },
        "3600",
        "seconds between two loads while notifications arrive, up to half less, so that one that was lost is made good",
    ),
    Key::new(
        "apim.eventHub.lookupTimeout",
        Kind::Integer { min: 1, max: 60_000 },
        "2000",
        "ms that a request waits for the control plane's word on an unknown caller",
    ),
    Key::new(
        "apim.eventHub.maxObjects",
        Kind::Integer {
            min: 1,
            max: 10_000_000,
        },
        "1000000",
        "applications, APIs, key mappings and subscriptions that are kept, of each",
    ),
];

/// Switches them on or off.
const ENABLE: &str = "apim.eventHub.enable";

/// The tenant of users who name none.
const SUPER_TENANT: &str = "carbon.super";

/// Where subscription data come from while the gateway runs.
#[derive(Debug, Clone)]
pub struct SubscriptionDataSettings {
    /// The internal data API.
    pub url: Url,
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// The tenant that is asked for; `None`: the user's own.
    pub tenant_header: Option<String>,
    /// The tenant whose data these are.
    pub tenant: String,
    /// How often, how long and how many.
    pub limits: SubscriptionDataLimits,
}

/// How often subscription data are loaded, how long they are waited for, and how many are kept. They count also where the
/// rest of the settings is derived from a session.
#[derive(Debug, Clone, Copy)]
pub struct SubscriptionDataLimits {
    /// Time between two loads without notifications.
    pub refresh: Duration,
    /// The same with notifications, of which one may be lost; somewhat less, so that gateways do not load together.
    pub recheck: Duration,
    /// For the look-ups of one request.
    pub lookup_timeout: Duration,
    /// Records per collection.
    pub max_objects: usize,
}

impl SubscriptionDataLimits {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            refresh: reader.seconds("apim.eventHub.refreshInterval"),
            recheck: reader.seconds("apim.eventHub.recheckInterval"),
            lookup_timeout: reader.milliseconds("apim.eventHub.lookupTimeout"),
            max_objects: reader.count("apim.eventHub.maxObjects"),
        }
    }
}

/// Whether the operator switched them off, rather than said nothing.
pub(super) fn are_refused(reader: &Reader<'_>) -> bool {
    reader.optional_bool(ENABLE) == Some(false)
}

impl SubscriptionDataSettings {
    /// `None`: switched off.
    pub(super) fn read(reader: &mut Reader<'_>, limits: SubscriptionDataLimits) -> Option<Self> {
        if !reader.bool(ENABLE) {
            return None;
        }
        let mut url = reader.url("apim.eventHub.serviceUrl")?;
        let context = reader.text_or_empty("apim.eventHub.internalDataContext");
        // Whatever slashes either part brings, one stands between them.
        let path = format!("{}/{}", url.path().trim_end_matches('/'), context.trim_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        let username = reader
            .text("apim.eventHub.username")
            .unwrap_or_else(|| reader.text_or_empty("apim.credentials.username"));
        let password = reader
            .secret("apim.eventHub.password")
            .or_else(|| reader.secret("apim.credentials.password"));
        let tenant_header = reader.text("apim.eventHub.tenant");
        if tenant_header
            .as_deref()
            .is_some_and(|tenant| HeaderValue::from_str(tenant).is_err())
        {
            reader.fail(
                "apim.eventHub.tenant",
                "`apim.eventHub.tenant` is not a tenant domain",
                "Write it like example.com.",
            );
        }
        let own = username.rsplit_once('@').map_or(SUPER_TENANT, |(_, tenant)| tenant);
        Some(Self {
            tenant: tenant_header.clone().unwrap_or_else(|| own.to_owned()),
            url,
            username,
            password: password.unwrap_or_default(),
            ca_file: reader.file("apim.eventHub.caFile"),
            tenant_header,
            limits,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{RuntimeConfig, Sources, SubscriptionDataSettings};
    use secrecy::ExposeSecret;

    fn load(keys: &str) -> Result<Option<SubscriptionDataSettings>, String> {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", keys)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.subscription_data)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn it_is_off_until_enabled() {
        assert!(
            load("apim.eventHub.serviceUrl = \"nonsense\"")
                .expect("unread")
                .is_none()
        );
        let settings = load("apim.eventHub.enable = true").expect("valid").expect("enabled");
        assert_eq!(settings.url.as_str(), "https://localhost:9443/internal/data/v1");
        assert_eq!(
            (settings.username.as_str(), settings.password.expose_secret()),
            ("admin", "admin")
        );
        assert_eq!(
            (settings.tenant.as_str(), settings.tenant_header),
            ("carbon.super", None)
        );
    }

    #[test]
    fn off_is_not_the_same_as_unset() {
        for (keys, refused) in [
            ("", false),
            ("apim.eventHub.enable = true", false),
            ("apim.eventHub.enable = false", true),
        ] {
            let loaded = RuntimeConfig::load(Sources {
                file: Some(("test.conf", keys)),
                ..Sources::default()
            });
            let (config, _) = loaded.expect("valid");
            assert_eq!(config.subscription_data_refused, refused, "{keys}");
        }
    }

    #[test]
    fn paths_are_joined_with_one_slash() {
        for (service, context, expected) in [
            (
                "https://cp:9443",
                "internal/data/v1",
                "https://cp:9443/internal/data/v1",
            ),
            (
                "https://cp:9443/",
                "/internal/data/v1/",
                "https://cp:9443/internal/data/v1",
            ),
            (
                "https://cp/apim/",
                "/internal/data/v1",
                "https://cp/apim/internal/data/v1",
            ),
        ] {
            let keys = format!(
                "apim.eventHub.enable = true\napim.eventHub.serviceUrl = \"{service}\"\napim.eventHub.internalDataContext = \"{context}\""
            );
            let settings = load(&keys).expect("valid").expect("enabled");
            assert_eq!(settings.url.as_str(), expected);
        }
    }

    #[test]
    fn credentials_fall_back_and_the_tenant_is_the_users() {
        let keys = "apim.eventHub.enable = true\napim.credentials.username = \"gw@meridian\"\napim.credentials.password = \"canary\"";
        let settings = load(keys).expect("valid").expect("enabled");
        assert_eq!(
            (settings.username.as_str(), settings.tenant.as_str()),
            ("gw@meridian", "meridian")
        );
        assert!(!format!("{settings:?}").contains("canary"));
        let keys = format!("{keys}\napim.eventHub.username = \"other\"\napim.eventHub.tenant = \"a.example\"");
        let settings = load(&keys).expect("valid").expect("enabled");
        assert_eq!(
            (settings.username.as_str(), settings.tenant.as_str()),
            ("other", "a.example")
        );
        assert_eq!(settings.password.expose_secret(), "canary");
        assert_eq!(settings.tenant_header.as_deref(), Some("a.example"));
    }

    #[test]
    fn what_cannot_be_sent_is_an_error() {
        for (key, value) in [("serviceUrl", "cp:9443"), ("tenant", "a\\nb")] {
            let keys = format!("apim.eventHub.enable = true\napim.eventHub.{key} = \"{value}\"");
            assert!(load(&keys).expect_err("refused").contains(key), "{key}");
        }
    }
}
