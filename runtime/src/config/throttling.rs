//! Quotas.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "throttlingConfig.maxCounters",
        Kind::Integer {
            min: 32,
            max: 100_000_000,
        },
        "1000000",
        "quota counters that are kept; further keys share one per policy. Where the traffic manager counts: its decisions that are kept",
    ),
    Key::new(
        "throttlingConfig.nodeLocal.cleanUpFrequency",
        Kind::POSITIVE,
        "3600",
        "seconds after which expired counters are removed",
    ),
    Key::new(
        "throttlingConfig.rateLimitHeaders",
        Kind::Bool,
        "true",
        "tell callers their limits and what is left of them in `RateLimit-Policy` and `RateLimit`; micro-gw does not, so not with \
         `compat`",
    ),
    Key::inert("throttlingConfig.throttleEndpointUrl", Kind::Text),
    Key::inert("throttlingConfig.throttleEndpointbase64Header", Kind::Secret),
    Key::inert("throttlingConfig.nodeLocal.processThreadPoolCoreSize", Kind::COUNT),
    Key::inert("throttlingConfig.nodeLocal.processThreadPoolMaximumSize", Kind::COUNT),
    Key::inert("throttlingConfig.nodeLocal.processThreadPoolKeepAliveTime", Kind::COUNT),
    Key::inert("throttlingConfig.binary.enabled", Kind::Bool),
    Key::inert("throttlingConfig.binary.username", Kind::Text),
    Key::inert("throttlingConfig.binary.password", Kind::Secret),
    Key::unset(
        "throttlingConfig.binary.URLGroup",
        Kind::Tables(URL_GROUP_KEYS),
        "traffic managers",
    ),
    Key::inert("throttlingConfig.binary.publisherPool.maxIdle", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherPool.initIdleCapacity", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherThreadPool.corePoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherThreadPool.maxPoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.publisherThreadPool.keepAliveTime", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.sslEnabledProtocols", Kind::Text),
    Key::inert("throttlingConfig.binary.agent.ciphers", Kind::Text),
    Key::inert("throttlingConfig.binary.agent.queueSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.batchSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.corePoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.socketTimeoutMS", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.maxPoolSize", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.keepAliveTimeInPool", Kind::COUNT),
    Key::inert("throttlingConfig.binary.agent.reconnectionInterval", Kind::COUNT),
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

const URL_GROUP_KEYS: &[Key] = &[
    Key::inert("receiverURL", Kind::Text),
    Key::inert("authURL", Kind::Text),
    Key::inert("type", Kind::Text),
];

/// Quotas.
#[derive(Debug, Clone)]
pub struct Throttling {
    /// Counters that are kept.
    pub max_counters: usize,
    /// Between two removals of expired counters; at most a minute, so that no counter outlives its window's numbering.
    pub sweep_interval: Duration,
    /// Tell callers how they stand.
    pub rate_limit_headers: bool,
}

impl Throttling {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            max_counters: reader.count("throttlingConfig.maxCounters"),
            sweep_interval: reader
                .seconds("throttlingConfig.nodeLocal.cleanUpFrequency")
                .min(Duration::from_secs(60)),
            rate_limit_headers: reader.bool("throttlingConfig.rateLimitHeaders"),
        }
    }
}
