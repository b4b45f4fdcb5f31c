//! Quotas that the control plane's traffic manager counts.

use super::Brokers;
use super::catalogue::{Key, Kind};
use super::event_hub::{TopicKeys, brokers_of_topic};
use super::settings::Reader;
use super::shared_quotas;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use url::Url;

const ENABLE: &str = "throttlingConfig.enabledGlobalTMEventPublishing";
const LISTS: &str = "throttlingConfig.dataRetriever.serverUrl";
const PROVIDER: &str = "throttlingConfig.jmsConnectionProviderUrl";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        ENABLE,
        Kind::Bool,
        "false",
        "have the control plane's traffic manager count requests, for all its gateways together, instead of counting here",
    ),
    Key::new(
        "throttlingConfig.enableHeaderConditions",
        Kind::Bool,
        "false",
        "tell the traffic manager the header fields of requests, without credentials, and look at them where its conditions do",
    ),
    Key::new(
        "throttlingConfig.enableQueryParamConditions",
        Kind::Bool,
        "false",
        "the same for query parameters",
    ),
    Key::new(
        "throttlingConfig.enableJwtClaimConditions",
        Kind::Bool,
        "false",
        "the same for claims of the caller's token",
    ),
    Key::inert("throttlingConfig.jmsConnectioninitialContextFactory", Kind::Text),
    Key::unset(
        PROVIDER,
        Kind::Secret,
        "brokers with the traffic manager's decisions, written as in `apim.eventHub.eventListeningEndpoints`, and those when absent",
    ),
    Key::unset(
        "throttlingConfig.jmsConnectionUsername",
        Kind::Text,
        "user name, instead of the one that the brokers are written with",
    ),
    Key::unset(
        "throttlingConfig.jmsConnectionPassword",
        Kind::Secret,
        "password, instead of the one that the brokers are written with",
    ),
    Key::unset(
        "throttlingConfig.jmsConnectionCaFile",
        Kind::File,
        "PEM certificates trusted for brokers with TLS beside the system's; when absent `apim.eventHub.caFile` for the brokers named there, else the trust store",
    ),
    Key::new(
        LISTS,
        Kind::Text,
        "https://localhost:9443/internal/data/v1",
        "the lists of key templates and blocks are at `/keyTemplates` and `/block` below it; not set, with `mgw run --connected` the control plane that is followed, where the password is known",
    ),
    Key::new(
        "throttlingConfig.dataRetriever.username",
        Kind::Text,
        "admin",
        "user name",
    ),
    Key::new(
        "throttlingConfig.dataRetriever.password",
        Kind::Secret,
        "admin",
        "password",
    ),
    Key::unset(
        "throttlingConfig.dataRetriever.caFile",
        Kind::File,
        "PEM certificates trusted for it beside the system's; those of the trust store when absent",
    ),
];

/// Quotas that the control plane's traffic manager counts.
#[derive(Debug, Clone)]
pub struct GlobalThrottling {
    /// Where its decisions are told.
    pub brokers: Brokers,
    /// Extra trusted certificates for them, PEM.
    pub ca_file: Option<PathBuf>,
    /// The lists for what was told before.
    pub lists: ThrottleLists,
    /// What conditions may look at.
    pub conditions: ConditionKinds,
}

/// The control plane's lists of key templates and blocks.
#[derive(Debug, Clone)]
pub struct ThrottleLists {
    /// What they are below.
    pub url: Url,
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether the operator said where they are.
    pub is_set: bool,
}

/// What conditions may look at beside addresses. The traffic manager is told nothing else either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConditionKinds {
    /// Header fields.
    pub headers: bool,
    /// Query parameters.
    pub query: bool,
    /// Claims of the caller's token.
    pub claims: bool,
}

impl GlobalThrottling {
    /// `event_hub`: the control plane's brokers, where they are set. `None`: it is switched off, or cannot be, which is
    /// reported.
    pub(super) fn read(reader: &mut Reader<'_>, event_hub: Option<&Brokers>) -> Option<Self> {
        if !reader.bool(ENABLE) {
            return None;
        }
        let keys = TopicKeys {
            enable: ENABLE,
            provider: PROVIDER,
            username: "throttlingConfig.jmsConnectionUsername",
            password: "throttlingConfig.jmsConnectionPassword",
            ca_file: "throttlingConfig.jmsConnectionCaFile",
        };
        let brokers = brokers_of_topic(reader, &keys, event_hub);
        let shared = reader.secret(shared_quotas::URL);
        if shared.is_some_and(|url| !url.expose_secret().is_empty()) {
            reader.fail(
                shared_quotas::URL,
                format!(
                    "the traffic manager counts, as `{ENABLE}` is true: quotas cannot be shared by other means too"
                ),
                format!("Remove one of `{}` and `{ENABLE}`.", shared_quotas::URL),
            );
        }
        let lists = lists(reader);
        let conditions = ConditionKinds {
            headers: reader.bool("throttlingConfig.enableHeaderConditions"),
            query: reader.bool("throttlingConfig.enableQueryParamConditions"),
            claims: reader.bool("throttlingConfig.enableJwtClaimConditions"),
        };
        let (brokers, ca_file) = brokers?;
        Some(Self {
            brokers,
            ca_file,
            lists: lists?,
            conditions,
        })
    }
}

fn lists(reader: &mut Reader<'_>) -> Option<ThrottleLists> {
    Some(ThrottleLists {
        is_set: reader.is_set(LISTS),
        url: reader.url(LISTS)?,
        username: reader.text_or_empty("throttlingConfig.dataRetriever.username"),
        password: reader
            .secret("throttlingConfig.dataRetriever.password")
            .unwrap_or_default(),
        ca_file: reader.file("throttlingConfig.dataRetriever.caFile"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RuntimeConfig, Sources};
    use std::path::Path;

    const ON: &str = "throttlingConfig.enabledGlobalTMEventPublishing = true\n";

    fn load(keys: &str) -> Result<Option<GlobalThrottling>, String> {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", keys)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.global_throttling)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn it_is_off_until_enabled() {
        let off = load("throttlingConfig.jmsConnectionProviderUrl = \"nonsense\"\n").expect("unread");
        assert!(off.is_none());
    }

    #[test]
    fn brokers_are_its_own_or_the_event_hubs() {
        let none = load(ON).expect_err("refused");
        assert!(
            none.contains("enabledGlobalTMEventPublishing` is true and no broker"),
            "{none}"
        );
        let hub = format!(
            "{ON}apim.eventHub.eventListeningEndpoints = \"amqps://cp:canary@hub\"\napim.eventHub.caFile = \"/hub.pem\"\n"
        );
        let shared = load(&hub).expect("valid").expect("enabled");
        assert_eq!(shared.brokers.user, "cp");
        assert_eq!(shared.ca_file.as_deref(), Some(Path::new("/hub.pem")));
        assert_eq!(shared.lists.url.as_str(), "https://localhost:9443/internal/data/v1");
        assert_eq!(
            (shared.lists.username.as_str(), shared.lists.password.expose_secret()),
            ("admin", "admin")
        );
        assert_eq!(shared.conditions, ConditionKinds::default());
        let own = format!(
            "{hub}throttlingConfig.jmsConnectionProviderUrl = \"amqp://tm:canary@other/carbon\"\n\
             throttlingConfig.jmsConnectionUsername = \"bo!acme\"\nthrottlingConfig.enableHeaderConditions = true\n\
             throttlingConfig.enableQueryParamConditions = true\nthrottlingConfig.enableJwtClaimConditions = true\n\
             throttlingConfig.dataRetriever.serverUrl = \"https://cp/lists\"\n\
             throttlingConfig.dataRetriever.password = \"canary\"\n"
        );
        let own = load(&own).expect("valid").expect("enabled");
        assert_eq!((own.brokers.user.as_str(), own.ca_file.is_none()), ("bo@acme", true));
        assert_eq!(own.brokers.password.expose_secret(), "canary");
        assert_eq!(own.lists.url.as_str(), "https://cp/lists");
        let all = ConditionKinds {
            headers: true,
            query: true,
            claims: true,
        };
        assert_eq!(own.conditions, all);
        assert!(!format!("{own:?}").contains("canary"));
    }

    #[test]
    fn one_alone_counts() {
        let hub = "apim.eventHub.eventListeningEndpoints = \"amqps://cp:canary@hub\"\n";
        let shared = "throttlingConfig.shared.url = \"redis://:canary@127.0.0.1\"\n";
        let error = load(&format!("{ON}{hub}{shared}")).expect_err("refused");
        assert!(
            error.contains("cannot be shared by other means") && !error.contains("canary"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_without_secrets() {
        for (key, value) in [
            ("jmsConnectionProviderUrl", "http://a:canary@host"),
            ("dataRetriever.serverUrl", "cp:9443"),
        ] {
            let hub = "apim.eventHub.eventListeningEndpoints = \"amqps://cp:canary@hub\"\n";
            let error = load(&format!("{ON}{hub}throttlingConfig.{key} = \"{value}\"\n")).expect_err("refused");
            assert!(error.contains(key) && !error.contains("canary"), "{error}");
        }
    }
}
