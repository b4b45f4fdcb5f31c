//! How host names of backends are looked up.

use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Most servers.
const MAX_SERVERS: usize = 16;
/// Where DNS servers listen.
const PORT: u16 = 53;

const SECONDS: Kind = Kind::Integer { min: 0, max: 86_400 };

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "dns.resolver",
        Kind::OneOf(&["dns", "system"]),
        "dns",
        "who looks backends' names up: `dns`, the gateway with the times of DNS, or `system`, as every other program",
    ),
    Key::unset(
        "dns.servers",
        Kind::List,
        "addresses of DNS servers, with a port or without; unset: the system's (/etc/resolv.conf)",
    ),
    Key::new(
        "dns.timeout",
        Kind::Integer { min: 50, max: 30_000 },
        "2000",
        "ms for one question to a DNS server",
    ),
    Key::new("dns.minTtl", SECONDS, "1", "s that an answer holds at least"),
    Key::new("dns.maxTtl", SECONDS, "300", "s that an answer holds at most"),
    Key::new(
        "dns.negativeTtl",
        SECONDS,
        "5",
        "s at most that a name without addresses is not asked for again",
    ),
    Key::new(
        "dns.staleTtl",
        SECONDS,
        "3600",
        "s that addresses stay in use after their time while DNS cannot be asked",
    ),
];

/// How host names of backends are looked up.
#[derive(Debug, Clone)]
pub struct DnsSettings {
    /// The operating system looks names up.
    pub by_system: bool,
    /// Who is asked; none: those of the system's settings.
    pub servers: Vec<SocketAddr>,
    /// For one question.
    pub timeout: Duration,
    /// An answer holds at least this long.
    pub min_ttl: Duration,
    /// An answer holds at most this long.
    pub max_ttl: Duration,
    /// A name without addresses is not asked for again for at most this long.
    pub negative_ttl: Duration,
    /// Addresses stay in use this long after their time.
    pub stale: Duration,
}

impl DnsSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let (min_ttl, max_ttl) = (reader.seconds("dns.minTtl"), reader.seconds("dns.maxTtl"));
        if max_ttl < min_ttl {
            reader.fail(
                "dns.maxTtl",
                "`dns.maxTtl` is smaller than `dns.minTtl`",
                "Raise it, or lower the other.",
            );
        }
        Self {
            by_system: reader.text("dns.resolver").as_deref() == Some("system"),
            servers: servers(reader),
            timeout: reader.milliseconds("dns.timeout"),
            min_ttl,
            max_ttl: max_ttl.max(min_ttl),
            negative_ttl: reader.seconds("dns.negativeTtl"),
            stale: reader.seconds("dns.staleTtl"),
        }
    }
}

#[cfg(test)]
impl Default for DnsSettings {
    fn default() -> Self {
        super::RuntimeConfig::default().dns
    }
}

fn servers(reader: &mut Reader<'_>) -> Vec<SocketAddr> {
    let written = reader.list("dns.servers");
    let parsed: Option<Vec<SocketAddr>> = written.iter().map(|text| server(text)).collect();
    match parsed {
        Some(servers) if servers.len() <= MAX_SERVERS => servers,
        _ => {
            reader.fail(
                "dns.servers",
                format!("`dns.servers` is no list of up to {MAX_SERVERS} addresses"),
                "Write addresses such as 10.0.0.2, 10.0.0.2:5353 or [2001:db8::2]:53.",
            );
            Vec::new()
        }
    }
}

fn server(text: &str) -> Option<SocketAddr> {
    let text = text.trim();
    let address = text.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT));
    address.or_else(|_| text.parse()).ok()
}
