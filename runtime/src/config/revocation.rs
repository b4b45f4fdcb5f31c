//! Revoked tokens.

use super::Brokers;
use super::catalogue::{Key, Kind};
use super::event_hub::{TopicKeys, brokers_of_topic};
use super::settings::Reader;
use crate::event_hub::MAX_SHORT;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

const PROVIDER: &str = "tokenRevocationConfig.realtime.jmsConnectionProviderUrl";
const PERSISTENT: &str = "tokenRevocationConfig.persistent.enablePersistentStorageRetrieval";
const TOPIC: &str = "tokenRevocationConfig.realtime.jmsConnectionTopic";

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        "tokenRevocationConfig.file",
        Kind::File,
        "file with revoked tokens, one JSON object per line",
    ),
    Key::new(
        "tokenRevocationConfig.capacity",
        Kind::Integer {
            min: 1,
            max: 100_000_000,
        },
        "1000000",
        "revocations that are remembered",
    ),
    Key::new(
        "tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval",
        Kind::Bool,
        "false",
        "take revoked tokens from the control plane's event hub, as they are revoked",
    ),
    Key::new(
        TOPIC,
        Kind::Text,
        "tokenRevocation",
        "topic of the event hub with revoked tokens",
    ),
    Key::inert(
        "tokenRevocationConfig.realtime.jmsConnectioninitialContextFactory",
        Kind::Text,
    ),
    Key::unset(
        PROVIDER,
        Kind::Secret,
        "brokers, written as in `apim.eventHub.eventListeningEndpoints`, and those when absent",
    ),
    Key::unset(
        "tokenRevocationConfig.realtime.jmsConnectionUsername",
        Kind::Text,
        "user name, instead of the one that the brokers are written with",
    ),
    Key::unset(
        "tokenRevocationConfig.realtime.jmsConnectionPassword",
        Kind::Secret,
        "password, instead of the one that the brokers are written with",
    ),
    Key::unset(
        "tokenRevocationConfig.realtime.caFile",
        Kind::File,
        "PEM certificates trusted for brokers with TLS beside the system's; when absent `apim.eventHub.caFile` for the brokers named there, else the trust store",
    ),
    Key::unset(
        PERSISTENT,
        Kind::Bool,
        "fetch the control plane's list of revoked tokens, again and again; unset: not, but with `mgw run --connected` where the password is known",
    ),
    Key::new(
        "tokenRevocationConfig.persistent.type",
        Kind::OneOf(&["default", "etcd", "custom"]),
        "default",
        "`default`: the control plane; the others are known from micro-gw and refused when retrieval is enabled",
    ),
    Key::new(
        "tokenRevocationConfig.persistent.endpointURL",
        Kind::Text,
        "https://localhost:9443/internal/data/v1",
        "the list is at `/revokedjwt` below it",
    )
    .also(&["tokenRevocationConfig.persistent.hostname"]),
    Key::new(
        "tokenRevocationConfig.persistent.username",
        Kind::Text,
        "admin",
        "user name",
    ),
    Key::new(
        "tokenRevocationConfig.persistent.password",
        Kind::Secret,
        "admin",
        "password",
    ),
    Key::unset(
        "tokenRevocationConfig.persistent.caFile",
        Kind::File,
        "PEM certificates trusted for it beside the system's; those of the trust store when absent",
    ),
    Key::new(
        "tokenRevocationConfig.persistent.refreshInterval",
        Kind::Integer { min: 1, max: 86_400 },
        "60",
        "seconds between two fetches; failed ones are repeated sooner",
    ),
    Key::unset(
        "tokenRevocationConfig.redis.url",
        Kind::Secret,
        "Redis or Valkey server with revoked tokens: `redis://[user:password@]host:port[/database]`, with TLS `rediss://`",
    ),
    Key::new(
        "tokenRevocationConfig.redis.key",
        Kind::Text,
        "mgw:revoked",
        "stream with one entry per revocation: one of the fields `jti`, `token`, `signature`, and `expires`",
    ),
    Key::unset(
        "tokenRevocationConfig.redis.caFile",
        Kind::File,
        "PEM certificates trusted for it instead of the system's",
    ),
];

/// Revoked tokens.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// File with revoked tokens.
    pub file: Option<PathBuf>,
    /// Revocations that are remembered.
    pub capacity: usize,
    /// The control plane's event hub.
    pub realtime: Option<RealtimeRevocation>,
    /// The control plane's list.
    pub persistent: Option<PersistentRevocation>,
    /// Whether the operator wants no such list, rather than said nothing.
    pub persistent_refused: bool,
    /// A shared stream.
    pub redis: Option<RedisRevocation>,
}

/// Revoked tokens as the control plane's event hub tells them.
#[derive(Debug, Clone)]
pub struct RealtimeRevocation {
    /// Where they are told.
    pub brokers: Brokers,
    /// Under which topic.
    pub topic: String,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
}

/// The control plane's list of revoked tokens.
#[derive(Debug, Clone)]
pub struct PersistentRevocation {
    /// Where the list is.
    pub url: Url,
    /// User name.
    pub username: String,
    /// Password.
    pub password: SecretString,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Time between two fetches.
    pub refresh: Duration,
}

/// A stream of revoked tokens in Redis or Valkey.
#[derive(Debug, Clone)]
pub struct RedisRevocation {
    /// The server, perhaps with a password.
    pub url: SecretString,
    /// Name of the stream.
    pub key: String,
    /// Trusted certificates, PEM; the system's when absent.
    pub ca_file: Option<PathBuf>,
}

impl Revocation {
    /// `event_hub`: the control plane's brokers, where they are set.
    pub(super) fn read(reader: &mut Reader<'_>, event_hub: Option<&Brokers>) -> Self {
        Self {
            file: reader.file("tokenRevocationConfig.file"),
            capacity: reader.count("tokenRevocationConfig.capacity"),
            realtime: realtime(reader, event_hub),
            persistent: persistent(reader),
            persistent_refused: reader.optional_bool(PERSISTENT) == Some(false),
            redis: redis(reader),
        }
    }
}

fn realtime(reader: &mut Reader<'_>, event_hub: Option<&Brokers>) -> Option<RealtimeRevocation> {
    const ENABLE: &str = "tokenRevocationConfig.realtime.enableRealtimeMessageRetrieval";
    if !reader.bool(ENABLE) {
        return None;
    }
    let keys = TopicKeys {
        enable: ENABLE,
        provider: PROVIDER,
        username: "tokenRevocationConfig.realtime.jmsConnectionUsername",
        password: "tokenRevocationConfig.realtime.jmsConnectionPassword",
        ca_file: "tokenRevocationConfig.realtime.caFile",
    };
    let (brokers, ca_file) = brokers_of_topic(reader, &keys, event_hub)?;
    let topic = reader.text_or_empty(TOPIC);
    if topic.is_empty() || topic.len() > MAX_SHORT {
        reader.fail(
            TOPIC,
            format!("`{TOPIC}` is not a topic"),
            "Name it with 1 to 255 bytes, as `tokenRevocation`.",
        );
    }
    Some(RealtimeRevocation {
        brokers,
        topic,
        ca_file,
    })
}

fn persistent(reader: &mut Reader<'_>) -> Option<PersistentRevocation> {
    if !reader.bool(PERSISTENT) {
        return None;
    }
    if reader.text("tokenRevocationConfig.persistent.type").as_deref() != Some("default") {
        // To ignore it would leave revoked tokens good.
        reader.fail(
            "tokenRevocationConfig.persistent.type",
            "only the type `default` can be read",
            "Use `default` with the control plane's URL, or `tokenRevocationConfig.redis.url`.",
        );
        return None;
    }
    let base = reader.url("tokenRevocationConfig.persistent.endpointURL")?;
    let mut url = base;
    let path = format!("{}/revokedjwt", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Some(PersistentRevocation {
        url,
        username: reader.text_or_empty("tokenRevocationConfig.persistent.username"),
        password: reader
            .secret("tokenRevocationConfig.persistent.password")
            .unwrap_or_default(),
        ca_file: reader.file("tokenRevocationConfig.persistent.caFile"),
        refresh: reader.seconds("tokenRevocationConfig.persistent.refreshInterval"),
    })
}

fn redis(reader: &mut Reader<'_>) -> Option<RedisRevocation> {
    const URL: &str = "tokenRevocationConfig.redis.url";
    let url = reader.secret(URL).filter(|url| !url.expose_secret().is_empty())?;
    let valid = Url::parse(url.expose_secret()).is_ok_and(|url| {
        matches!(url.scheme(), "redis" | "rediss") && url.host_str().is_some_and(|host| !host.is_empty())
    });
    if !valid {
        reader.fail(
            URL,
            format!("`{URL}` is not a redis or rediss URL"),
            "Write it like rediss://user:password@host:6379.",
        );
        return None;
    }
    Some(RedisRevocation {
        url,
        key: reader.text_or_empty("tokenRevocationConfig.redis.key"),
        ca_file: reader.file("tokenRevocationConfig.redis.caFile"),
    })
}

#[cfg(test)]
mod tests {
    use crate::config::{RuntimeConfig, Sources};
    use secrecy::ExposeSecret;
    use std::path::Path;

    fn load(keys: &str) -> Result<super::Revocation, String> {
        let text: String = keys
            .lines()
            .map(|line| format!("tokenRevocationConfig.{line}\n"))
            .collect();
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &text)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.revocation)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn sources_are_off_until_configured() {
        let none = load("").expect("valid");
        assert!(none.persistent.is_none() && none.redis.is_none());
        let list = load("persistent.enablePersistentStorageRetrieval = true\npersistent.hostname = \"https://cp:9443/internal/data/v1/\"")
            .expect("valid");
        let url = list.persistent.expect("configured").url;
        assert_eq!(url.as_str(), "https://cp:9443/internal/data/v1/revokedjwt");
    }

    #[test]
    fn the_event_hub_needs_brokers_and_a_topic() {
        const ON: &str = "realtime.enableRealtimeMessageRetrieval = true\n";
        assert!(
            load("realtime.jmsConnectionProviderUrl = \"nonsense\"")
                .expect("unread")
                .realtime
                .is_none()
        );
        let none = load(ON).expect_err("refused");
        assert!(
            none.contains("enableRealtimeMessageRetrieval` is true and no broker"),
            "{none}"
        );
        let url =
            |scheme: &str| format!("{ON}realtime.jmsConnectionProviderUrl = \"{scheme}://ana:canary@host/carbon\"\n");
        let own = load(&url("amqp")).expect("valid").realtime.expect("configured");
        assert_eq!(
            (own.topic.as_str(), own.brokers.user.as_str()),
            ("tokenRevocation", "ana")
        );
        assert!(!format!("{own:?}").contains("canary"));
        let others = "realtime.jmsConnectionUsername = \"bo!acme\"\nrealtime.jmsConnectionPassword = \"other\"\n";
        let others = load(&(url("amqp") + others))
            .expect("valid")
            .realtime
            .expect("configured");
        assert_eq!(
            (others.brokers.user.as_str(), others.brokers.password.expose_secret()),
            ("bo@acme", "other")
        );
        for wrong in [url("http"), url("amqp") + "realtime.jmsConnectionTopic = \"\"\n"] {
            let error = load(&wrong).expect_err("refused");
            assert!(
                error.contains("tokenRevocationConfig.realtime.jms") && !error.contains("canary"),
                "{error}"
            );
        }
        let hub =
            "apim.eventHub.eventListeningEndpoints = \"amqps://cp:canary@hub\"\napim.eventHub.caFile = \"/hub.pem\"\n";
        let text = format!("{hub}tokenRevocationConfig.{ON}");
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &text)),
            ..Sources::default()
        });
        let (config, _) = loaded.expect("valid");
        let realtime = config.revocation.realtime.expect("configured");
        assert_eq!(realtime.brokers.user, "cp");
        assert_eq!(realtime.ca_file.as_deref(), Some(Path::new("/hub.pem")));
        assert!(own.ca_file.is_none());
    }

    #[test]
    fn a_source_that_cannot_be_read_is_an_error_and_shows_no_secret() {
        let etcd = load("persistent.enablePersistentStorageRetrieval = true\npersistent.type = \"etcd\"");
        assert!(etcd.expect_err("refused").contains("only the type `default`"));
        for url in ["canary", "http://canary@host", "redis:canary", "redis://"] {
            let error = load(&format!("redis.url = \"{url}\"")).expect_err("refused");
            assert!(error.contains("redis.url") && !error.contains("canary"), "{error}");
        }
    }
}
