//! Quotas that several gateways share.

use super::RedisAddress;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;
use std::time::Duration;

pub(super) const URL: &str = "throttlingConfig.shared.url";
const REMEDY: &str = "Write it like rediss://user:password@host:6379, redis-sentinel://user:password@host:26379,host:26379/master or \
                      redis-cluster://user:password@host:6379,host:6379.";

pub(super) const KEYS: &[Key] = &[
    Key::unset(
        URL,
        Kind::Secret,
        "Redis or Valkey through which gateways share their quotas: `redis://[user:password@]host[:port][/database]`, \
         `redis-sentinel://[user:password@]host,host/master[/database]` or `redis-cluster://[user:password@]host,host`; with TLS `rediss…`",
    ),
    Key::unset(
        "throttlingConfig.shared.caFile",
        Kind::File,
        "PEM certificates trusted for it instead of the system's",
    ),
    Key::unset(
        "throttlingConfig.shared.sentinelPassword",
        Kind::Secret,
        "password of the sentinels themselves",
    ),
    Key::new(
        "throttlingConfig.shared.prefix",
        Kind::Text,
        "mgw:quota",
        "what the names of its keys begin with; gateways with the same one share their quotas",
    ),
    Key::new(
        "throttlingConfig.shared.tolerance",
        Kind::Integer { min: 0, max: 100 },
        "20",
        "per cent of a limit by which all gateways together may be wrong; less refuses more of a sudden burst, more admits \
         more of one; each gateway may be wrong by one request at least",
    ),
    Key::new(
        "throttlingConfig.shared.leaseTime",
        Kind::Integer { min: 10, max: 60_000 },
        "1000",
        "milliseconds for which a gateway leases ahead, and after which it gives back what nobody uses",
    ),
    Key::new(
        "throttlingConfig.shared.timeout",
        Kind::Integer { min: 10, max: 10_000 },
        "250",
        "milliseconds after which the store counts as away",
    ),
    Key::new(
        "throttlingConfig.shared.gateways",
        Kind::Integer { min: 1, max: 100_000 },
        "1",
        "gateways that share the quotas at least; the store tells how many there are, and this counts until it does",
    ),
];

/// Quotas that several gateways share.
#[derive(Debug, Clone)]
pub struct SharedQuotas {
    /// The store.
    pub store: RedisAddress,
    /// Trusted certificates, PEM; the system's when absent.
    pub ca_file: Option<PathBuf>,
    /// Password of sentinels.
    pub sentinel_password: Option<SecretString>,
    /// What the names of keys begin with.
    pub prefix: String,
    /// By how many thousandths of a limit all gateways together may be wrong.
    pub tolerance: u64,
    /// How long a lease should last.
    pub lease_time: Duration,
    /// After how long without an answer the store counts as away.
    pub timeout: Duration,
    /// Gateways at least.
    pub gateways: u64,
}

impl SharedQuotas {
    /// `None`: every gateway counts for itself.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let url = reader.secret(URL).filter(|url| !url.expose_secret().is_empty())?;
        let store = match RedisAddress::parse(url.expose_secret()) {
            Ok(store) => store,
            Err(reason) => {
                reader.fail(URL, format!("`{URL}` cannot be used: {reason}"), REMEDY);
                return None;
            }
        };
        let ca_file = reader.file("throttlingConfig.shared.caFile");
        if ca_file.is_some() && !store.tls {
            reader.fail(
                "throttlingConfig.shared.caFile",
                "certificates are trusted, but the store is reached without TLS",
                "Write the URL with `rediss`, or remove the key.",
            );
        }
        let prefix = reader.text_or_empty("throttlingConfig.shared.prefix");
        if prefix.is_empty() || prefix.len() > 128 || prefix.contains(['{', '}']) {
            reader.fail(
                "throttlingConfig.shared.prefix",
                "the prefix is empty, longer than 128 bytes, or has a brace",
                "Name it like `mgw:quota`.",
            );
        }
        let number = |name| u64::try_from(reader.integer(name)).unwrap_or(1);
        Some(Self {
            ca_file,
            sentinel_password: reader
                .secret("throttlingConfig.shared.sentinelPassword")
                .filter(|password| !password.expose_secret().is_empty()),
            prefix,
            tolerance: 10 * number("throttlingConfig.shared.tolerance"),
            lease_time: reader.milliseconds("throttlingConfig.shared.leaseTime"),
            timeout: reader.milliseconds("throttlingConfig.shared.timeout"),
            gateways: number("throttlingConfig.shared.gateways"),
            store,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{RuntimeConfig, Sources};
    use secrecy::ExposeSecret;

    fn load(keys: &str) -> Result<Option<super::SharedQuotas>, String> {
        let text: String = keys
            .lines()
            .map(|line| format!("throttlingConfig.shared.{line}\n"))
            .collect();
        let loaded = RuntimeConfig::load(Sources {
            file: Some(("test.conf", &text)),
            ..Sources::default()
        });
        loaded
            .map(|(config, _)| config.shared_quotas)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn nothing_is_shared_until_a_store_is_named() {
        assert!(load("tolerance = 5").expect("valid").is_none());
        let shared = load("url = \"rediss://gateway:canary@quota\"\ntolerance = 5\nleaseTime = 200").expect("valid");
        let shared = shared.expect("a store is named");
        assert_eq!(
            (shared.tolerance, shared.gateways, shared.lease_time.as_millis()),
            (50, 1, 200)
        );
        assert_eq!(
            shared.store.password.as_ref().map(ExposeSecret::expose_secret),
            Some("canary")
        );
        assert!(!format!("{shared:?}").contains("canary"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_at_its_place() {
        for (keys, message) in [
            ("url = \"http://canary@quota\"", "test.conf:1:"),
            ("url = \"redis://quota\"\ncaFile = \"ca.pem\"", "without TLS"),
            ("url = \"redis://quota\"\nprefix = \"\"", "prefix"),
            ("url = \"redis://quota\"\ntolerance = 101", "tolerance"),
        ] {
            let error = load(keys).expect_err(keys);
            assert!(error.contains(message) && !error.contains("canary"), "{error}");
        }
    }
}
