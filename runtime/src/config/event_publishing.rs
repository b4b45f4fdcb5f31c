//! How admitted requests are told to the traffic manager.

use super::catalogue::{Key, Kind};
use super::receivers::ReceiverGroup;
use super::settings::Reader;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

const HTTP_CREDENTIALS: &str = "throttlingConfig.throttleEndpointbase64Header";
const GROUPS: &str = "throttlingConfig.binary.URLGroup";
/// Most groups of receivers; each gets every event.
const MAX_GROUPS: usize = 16;

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        "throttlingConfig.receiverCaFile",
        Kind::File,
        "PEM certificates trusted for receivers of events and for `throttleEndpointUrl` beside the system's; those of the trust store when absent",
    ),
    Key::new(
        "throttlingConfig.binary.enabled",
        Kind::Bool,
        "true",
        "tell admitted requests over the traffic manager's binary protocol; `false`: over HTTP",
    ),
    Key::new(
        "throttlingConfig.binary.username",
        Kind::Text,
        "admin",
        "user name there",
    ),
    Key::new(
        "throttlingConfig.binary.password",
        Kind::Secret,
        "admin",
        "password there",
    ),
    Key::unset(GROUPS, Kind::Tables(GROUP_KEYS), "groups of receivers"),
    Key::new(
        "throttlingConfig.binary.agent.queueSize",
        Kind::Integer { min: 1, max: 1_048_576 },
        "32768",
        "events that wait for each group of receivers, or for HTTP; further ones are dropped and counted",
    ),
    Key::new(
        "throttlingConfig.binary.agent.batchSize",
        Kind::Integer { min: 1, max: 10_000 },
        "200",
        "events that are sent at a time",
    ),
    Key::new(
        "throttlingConfig.binary.agent.socketTimeoutMS",
        Kind::Integer { min: 100, max: 600_000 },
        "30000",
        "ms for signing in, and for the answer to what was sent",
    ),
    Key::new(
        "throttlingConfig.binary.agent.reconnectionInterval",
        Kind::Integer { min: 1, max: 3600 },
        "30",
        "longest time in seconds between two attempts to reach a receiver; the first come sooner",
    ),
    Key::new(
        "throttlingConfig.throttleEndpointUrl",
        Kind::Text,
        "https://localhost:9443/endpoints",
        "where admitted requests are told over HTTP: at `/throttleEventReceiver` below it",
    ),
    Key::new(
        HTTP_CREDENTIALS,
        Kind::Secret,
        "admin:admin",
        "user name and password there, separated by a colon and not encoded",
    ),
    Key::inert("throttlingConfig.binary.publisherPool.maxIdle", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherPool.initIdleCapacity", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherThreadPool.corePoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherThreadPool.maxPoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherThreadPool.keepAliveTime", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.sslEnabledProtocols", Kind::Text),
    Key::inert("throttlingConfig.binary.agent.ciphers", Kind::Text),
    Key::inert("throttlingConfig.binary.agent.corePoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.maxPoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.keepAliveTimeInPool", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.maxTransportPoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.maxIdleConnections", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.evictionTimePeriod", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.minIdleTimeInPool", Kind::COUNT),
    Key::inert(
        "throttlingConfig.binary.agent.secureMaxIdleTransportPoolSize",
        Kind::COUNT,
    ),
    Key::inert("throttlingConfig.binary.agent.secureMaxIdleConnections", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.secureEvictionTimePeriod", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.secureMinIdleTimeInPool", Kind::COUNT),
];

const GROUP_KEYS: &[Key] = &[
    Key::new(
        "receiverURL",
        Kind::Text,
        "tcp://localhost:9611",
        "receivers of events, of which one gets each: `tcp://host:port`, or with TLS `ssl://host:port`; several with commas \
         between share the load, with vertical bars each stands in for those before it",
    ),
    Key::unset(
        "authURL",
        Kind::Text,
        "where the gateway signs in to them, `ssl://host:port`, as many as there are receivers and separated the same way; \
         unset: 100 ports above",
    ),
    Key::unset(
        "type",
        Kind::OneOf(&["loadbalance", "failover"]),
        "what the separators say already",
    ),
];

/// How admitted requests are told to the traffic manager.
#[derive(Debug, Clone)]
pub struct EventPublishing {
    /// Over what.
    pub transport: EventTransport,
    /// Extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// Events that wait for each group of receivers.
    pub queue: usize,
    /// Events that are sent at a time.
    pub batch: usize,
    /// For signing in, and for an answer.
    pub timeout: Duration,
    /// Longest time between two attempts to reach a receiver.
    pub longest_pause: Duration,
}

/// Over what admitted requests are told.
#[derive(Debug, Clone)]
pub enum EventTransport {
    /// The binary protocol.
    Binary {
        /// Each gets every event; at least one.
        groups: Vec<ReceiverGroup>,
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// One POST per event.
    Http {
        /// Where they are posted.
        url: Url,
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
}

impl EventPublishing {
    /// `None`: it is switched off, or malformed and that was reported.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        if !reader.bool("throttlingConfig.enabledGlobalTMEventPublishing") {
            return None;
        }
        let transport = if reader.bool("throttlingConfig.binary.enabled") {
            binary(reader)?
        } else {
            http(reader)?
        };
        Some(Self {
            transport,
            ca_file: reader.file("throttlingConfig.receiverCaFile"),
            queue: reader.count("throttlingConfig.binary.agent.queueSize"),
            batch: reader.count("throttlingConfig.binary.agent.batchSize"),
            timeout: reader.milliseconds("throttlingConfig.binary.agent.socketTimeoutMS"),
            longest_pause: reader.seconds("throttlingConfig.binary.agent.reconnectionInterval"),
        })
    }
}

fn binary(reader: &mut Reader<'_>) -> Option<EventTransport> {
    let mut groups = reader.tables(GROUPS, |reader| Some(ReceiverGroup::read(reader)));
    if groups.is_empty() {
        groups.push(Some(ReceiverGroup::default()));
    }
    if groups.len() > MAX_GROUPS {
        reader.fail(
            GROUPS,
            format!("there are more than {MAX_GROUPS} groups of receivers"),
            "Every group gets every event; write receivers that share them into one group.",
        );
    }
    Some(EventTransport::Binary {
        groups: groups.into_iter().collect::<Option<_>>()?,
        username: reader.text_or_empty("throttlingConfig.binary.username"),
        password: reader.secret("throttlingConfig.binary.password").unwrap_or_default(),
    })
}

fn http(reader: &mut Reader<'_>) -> Option<EventTransport> {
    let mut url = reader.url("throttlingConfig.throttleEndpointUrl")?;
    let path = format!("{}/throttleEventReceiver", url.path().trim_end_matches('/'));
    url.set_path(&path);
    // Credentials have a setting of their own. A URL that http and https have a host for can be without any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    let credentials = reader.secret(HTTP_CREDENTIALS).unwrap_or_default();
    let Some((username, password)) = credentials.expose_secret().split_once(':') else {
        reader.fail(
            HTTP_CREDENTIALS,
            format!("`{HTTP_CREDENTIALS}` has no colon"),
            "Write it like user:password, not encoded.",
        );
        return None;
    };
    Some(EventTransport::Http {
        url,
        username: username.to_owned(),
        password: password.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RuntimeConfig, ServerAddress, Sharing, Sources};

    const ON: &str =
        "[throttlingConfig]\nenabledGlobalTMEventPublishing = true\njmsConnectionProviderUrl = \"amqp://a:b@h\"\n";

    fn load(keys: &str) -> Result<(Option<EventPublishing>, Vec<String>), Vec<String>> {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", keys)),
            ..Sources::default()
        });
        match loaded {
            Ok((config, warnings)) => Ok((
                config.event_publishing,
                warnings.iter().map(|warning| warning.reason.clone()).collect(),
            )),
            Err(errors) => Err(errors.iter().map(ToString::to_string).collect()),
        }
    }

    fn loaded(keys: &str) -> EventPublishing {
        load(&format!("{ON}{keys}")).expect("valid").0.expect("switched on")
    }

    #[test]
    fn nothing_is_told_unless_it_is_switched_on() {
        let nonsense = "[[throttlingConfig.binary.URLGroup]]\nreceiverURL = \"nonsense\"\n";
        assert!(load(nonsense).expect("unread").0.is_none());
    }

    #[test]
    fn the_defaults_are_micro_gws() {
        let publishing = loaded("");
        assert_eq!(
            (
                publishing.queue,
                publishing.batch,
                publishing.timeout.as_secs(),
                publishing.longest_pause.as_secs()
            ),
            (32_768, 200, 30, 30)
        );
        let EventTransport::Binary {
            groups,
            username,
            password,
        } = publishing.transport
        else {
            panic!("binary")
        };
        assert_eq!((username.as_str(), password.expose_secret()), ("admin", "admin"));
        let [group] = &groups[..] else { panic!("one group") };
        assert_eq!(group.receivers[0].events, ServerAddress::new("localhost", 9611, false));
        assert_eq!(group.receivers[0].auth, ServerAddress::new("localhost", 9711, true));
    }

    #[test]
    fn every_group_is_read() {
        let publishing = loaded(
            "binary.username = \"gw\"\nbinary.password = \"canary\"\n\
             [[throttlingConfig.binary.URLGroup]]\nreceiverURL = \"tcp://localhost:1|tcp://localhost:2\"\ntype = \"FailOver\"\n\
             [[throttlingConfig.binary.URLGroup]]\nauthURL = \"ssl://other:9\"\n",
        );
        assert!(!format!("{publishing:?}").contains("canary"));
        let EventTransport::Binary { groups, .. } = publishing.transport else {
            panic!("binary")
        };
        assert_eq!(groups.len(), 2);
        assert_eq!((groups[0].sharing, groups[0].receivers.len()), (Sharing::Failover, 2));
        assert_eq!(groups[1].receivers[0].auth, ServerAddress::new("other", 9, true));
    }

    #[test]
    fn http_takes_its_credentials_apart_at_the_first_colon() {
        let publishing = loaded(
            "binary.enabled = false\nthrottleEndpointUrl = \"https://a:canary@tm:9443/endpoints/?x\"\n\
             throttleEndpointbase64Header = \"gw@carbon.super:ca:nary\"\n",
        );
        let shown = format!("{publishing:?}");
        assert!(!shown.contains("nary"), "{shown}");
        let EventTransport::Http {
            url,
            username,
            password,
        } = publishing.transport
        else {
            panic!("HTTP")
        };
        assert_eq!(url.as_str(), "https://tm:9443/endpoints/throttleEventReceiver");
        assert_eq!(
            (username.as_str(), password.expose_secret()),
            ("gw@carbon.super", "ca:nary")
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_at_its_place() {
        let group = "[[throttlingConfig.binary.URLGroup]]\n";
        let many = group.repeat(17);
        for (keys, expected) in [
            (
                format!("{group}receiverURL = \"tcp://a,tcp://b|tcp://c\"\n"),
                "test.conf:5:1: `receiverURL` cannot be used: `,` and `|` cannot be mixed",
            ),
            (
                format!("{group}receiverURL = \"tcp://a\"\nauthURL = \"ssl://a,ssl://b\"\n"),
                "test.conf:6:1: `authURL` cannot be used: it has to have the same number of URLs",
            ),
            (many, "there are more than 16 groups"),
            (
                "binary.enabled = false\nthrottleEndpointbase64Header = \"canary\"\n".to_owned(),
                "test.conf:5:1: `throttlingConfig.throttleEndpointbase64Header` has no colon",
            ),
            (
                "binary.enabled = false\nthrottleEndpointUrl = \"tm\"\n".to_owned(),
                "is not an http or https URL",
            ),
            (
                "binary.agent.queueSize = 0\n".to_owned(),
                "expected an integer from 1 to 1048576",
            ),
            (
                "binary.agent.batchSize = 0\n".to_owned(),
                "expected an integer from 1 to 10000",
            ),
        ] {
            let errors = load(&format!("{ON}{keys}")).expect_err(expected);
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert!(
                errors[0].contains(expected) && !errors[0].contains("canary"),
                "{errors:?}"
            );
        }
    }

    #[test]
    fn events_that_others_can_read_are_told_of() {
        let group = "[[throttlingConfig.binary.URLGroup]]\nreceiverURL";
        for (url, warned) in [("tcp://tm", true), ("ssl://tm", false), ("tcp://127.0.0.1", false)] {
            let (_, warnings) = load(&format!("{ON}{group} = \"{url}\"\n")).expect("valid");
            let found = warnings.iter().any(|warning| warning.contains("without TLS"));
            assert_eq!(found, warned, "{url}: {warnings:?}");
        }
    }
}
