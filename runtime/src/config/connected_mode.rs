//! `mgw run --connected`: how old the control plane's word may become.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::time::Duration;
use url::Url;

/// A year, in seconds.
const LONGEST: i64 = 31_536_000;
const SECONDS: Kind = Kind::Integer { min: 1, max: LONGEST };

const URL: &str = "connected.updatedApisUrl";

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        "connected.pollInterval",
        SECONDS,
        "seconds between two pulls of `run --connected`; unset: 60, 600 with API Cloud; `--poll` has the last word",
    ),
    Key::unset(
        "connected.staleAfter",
        SECONDS,
        "seconds after the last successful pull from which the state is `stale`; unset: three poll intervals, at least 30",
    ),
    Key::new(
        "connected.emergencyAfter",
        SECONDS,
        "14400",
        "seconds after the last successful pull from which the state is `emergency`",
    ),
    Key::new(
        "connected.expiredAfter",
        SECONDS,
        "604800",
        "seconds after the last successful pull from which the state is `expired`",
    ),
    Key::new(
        "connected.expiredRefuses",
        Kind::Bool,
        "false",
        "whether `/ready` answers 503 while the state is `expired`, so that load balancers send traffic elsewhere; requests \
         that come all the same are served",
    ),
    Key::new(
        "connected.askWhatChanged",
        Kind::Bool,
        "true",
        "with API Cloud and the password of an administrator: ask which APIs have changed, and pull where some have",
    ),
    Key::unset(
        URL,
        Kind::Text,
        "where API Cloud says which APIs have changed; unset: `https://api.cloud.wso2.com/hybrid-gateway/v0.11/updated-apis`, and `/hybrid-gateway/v0.11/updated-apis` at any other host that is followed as API Cloud",
    ),
    Key::new(
        "connected.fullPullInterval",
        SECONDS,
        "900",
        "seconds after which everything is pulled although no API has changed: policies, blocks and subscriptions may have",
    ),
    Key::new(
        "connected.keep",
        Kind::Integer { min: 1, max: 100 },
        "5",
        "good bundles that are kept in the state folder",
    ),
];

/// How old the control plane's word may become, and what is kept of it.
#[derive(Debug, Clone)]
pub struct ConnectedSettings {
    /// Time between two pulls; `None`: as the kind of the control plane suggests.
    pub poll: Option<Duration>,
    /// When it is stale; `None`: after three polls.
    pub stale_after: Option<Duration>,
    /// When it is an emergency.
    pub emergency_after: Duration,
    /// When it has expired.
    pub expired_after: Duration,
    /// Whether the gateway is not ready then.
    pub expired_refuses: bool,
    /// Bundles that are kept.
    pub keep: usize,
    /// Whether it is asked which APIs have changed, where the control plane tells that.
    pub ask_what_changed: bool,
    /// Where that is told; `None`: where the kind of the control plane has it.
    pub updated_apis: Option<Url>,
    /// Time between two pulls of everything.
    pub full_pull: Duration,
}

impl ConnectedSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let optional = |reader: &Reader<'_>, name| reader.is_set(name).then(|| reader.seconds(name));
        let settings = Self {
            poll: optional(reader, "connected.pollInterval"),
            stale_after: optional(reader, "connected.staleAfter"),
            emergency_after: reader.seconds("connected.emergencyAfter"),
            expired_after: reader.seconds("connected.expiredAfter"),
            expired_refuses: reader.bool("connected.expiredRefuses"),
            keep: reader.count("connected.keep"),
            ask_what_changed: reader.bool("connected.askWhatChanged"),
            updated_apis: reader.url_without_user(URL),
            full_pull: reader.seconds("connected.fullPullInterval"),
        };
        let stale = settings.stale_after.unwrap_or_default();
        for (name, earlier, age, before) in [
            (
                "connected.emergencyAfter",
                "connected.staleAfter",
                settings.emergency_after,
                stale,
            ),
            (
                "connected.expiredAfter",
                "connected.emergencyAfter",
                settings.expired_after,
                settings.emergency_after,
            ),
        ] {
            if age < before {
                reader.fail(
                    name,
                    format!("`{name}` is less than `{earlier}`"),
                    "States follow each other: stale, emergency, expired.",
                );
            }
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{ConnectedSettings, RuntimeConfig, Sources};
    use std::time::Duration;

    fn load(keys: &str) -> Result<ConnectedSettings, String> {
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", keys)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.connected)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn intervals_are_left_to_the_control_plane_until_set() {
        let settings = load("").expect("valid");
        assert_eq!((settings.poll, settings.stale_after), (None, None));
        assert!(!settings.expired_refuses);
        let settings = load("[connected]\npollInterval = 5\nstaleAfter = 20\nexpiredRefuses = true\n").expect("valid");
        assert_eq!(settings.poll, Some(Duration::from_secs(5)));
        assert_eq!(settings.stale_after, Some(Duration::from_secs(20)));
        assert!(settings.expired_refuses);
    }

    #[test]
    fn states_follow_each_other() {
        for (keys, named) in [
            ("staleAfter = 20000", "emergencyAfter"),
            ("expiredAfter = 100", "expiredAfter"),
            ("emergencyAfter = 604801", "expiredAfter"),
        ] {
            let error = load(&format!("[connected]\n{keys}\n")).expect_err("refused");
            assert!(error.contains(named), "{error}");
        }
        assert!(load("connected.keep = 0").is_err());
    }
}
