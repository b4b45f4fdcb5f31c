//! Bounds of the token caches.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::time::Duration;

pub(super) const KEYS: &[Key] = &[
    Key::new("caching.enabled", Kind::Bool, "true", "remember verified tokens"),
    Key::new(
        "caching.tokenCacheExpiryTime",
        Kind::POSITIVE,
        "900000",
        "seconds for which a verified token is remembered at the most",
    )
    .also(&["caching.tokenCache.expiryTime"]),
    Key::new(
        "caching.tokenCacheCapacity",
        Kind::Integer {
            min: 1,
            max: 10_000_000,
        },
        "10000",
        "verified tokens that each core remembers",
    )
    .also(&["caching.tokenCache.capacity"]),
    Key::new(
        "caching.tokenCacheBytes",
        Kind::Integer {
            min: 65_536,
            max: 17_179_869_184,
        },
        "67108864",
        "bytes of verified tokens that each core remembers",
    ),
    Key::new(
        "caching.negativeCacheCapacity",
        Kind::Integer { min: 1, max: 1_000_000 },
        "1000",
        "refused tokens that each core remembers",
    ),
    Key::inert("caching.tokenCacheEvictionFactor", Kind::Float).also(&["caching.tokenCache.evictionFactor"]),
];

/// Bounds of the token caches.
#[derive(Debug, Clone)]
pub struct Caching {
    /// Whether verified tokens are remembered.
    pub enabled: bool,
    /// Longest life of an entry.
    pub max_life: Duration,
    /// Entries per core.
    pub capacity: usize,
    /// Bytes per core.
    pub bytes: u64,
    /// Refused tokens per core.
    pub negative_capacity: usize,
}

impl Caching {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            enabled: reader.bool("caching.enabled"),
            max_life: reader.seconds("caching.tokenCacheExpiryTime"),
            capacity: reader.count("caching.tokenCacheCapacity"),
            bytes: reader.limit("caching.tokenCacheBytes").unwrap_or(0),
            negative_capacity: reader.count("caching.negativeCacheCapacity"),
        }
    }
}
