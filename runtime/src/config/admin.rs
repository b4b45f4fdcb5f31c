//! The admin and metrics listener.

use super::Listener;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use std::net::IpAddr;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "adminConfig.enabled",
        Kind::Bool,
        "true",
        "whether the admin listener is opened",
    ),
    Key::new(
        "adminConfig.host",
        Kind::Text,
        "127.0.0.1",
        "its address; keep it local",
    ),
    Key::new(
        "adminConfig.port",
        Kind::PORT,
        "9797",
        "port of /metrics, /health and /ready",
    )
    .also(&["b7a.observability.metrics.prometheus.port"]),
    Key::inert("b7a.observability.metrics.enabled", Kind::Bool),
    Key::inert("b7a.observability.metrics.reporter", Kind::Text),
    Key::inert("b7a.observability.metrics.enableAuth", Kind::Bool),
    Key::inert("b7a.observability.metrics.prometheus.jmx_port", Kind::PORT),
    Key::inert("b7a.observability.metrics.prometheus.secure_port", Kind::PORT),
];

/// The admin and metrics listener.
#[derive(Debug, Clone)]
pub struct Admin {
    /// Whether it is opened.
    pub enabled: bool,
    /// Bind address.
    pub host: IpAddr,
    /// Port; 0 chooses a free one.
    pub port: u16,
}

impl Admin {
    pub(super) fn read(reader: &mut Reader<'_>, listener: &Listener) -> Self {
        let admin = Self {
            enabled: reader.bool("adminConfig.enabled"),
            host: reader.address("adminConfig.host"),
            port: reader.port("adminConfig.port"),
        };
        for (name, port) in [
            ("listenerConfig.httpPort", listener.http_port),
            ("listenerConfig.httpsPort", listener.https_port),
        ] {
            if port == Some(admin.port) && admin.meets(listener.host) {
                const OWN: &str = "adminConfig.port";
                // The other one may be the default.
                let (at, other) = if reader.is_set(OWN) { (OWN, name) } else { (name, OWN) };
                reader.fail(
                    at,
                    format!("`{at}` is the same as `{other}`, {}", admin.port),
                    "Give each a port of its own, or switch one off with `enabled = false`, `httpEnabled = false` or `httpsEnabled = false`.",
                );
            }
        }
        admin
    }

    /// Whether a listener at that address, on the same port, and this one would be in each other's way.
    fn meets(&self, host: IpAddr) -> bool {
        // All addresses of IPv6 are those of IPv4 as well.
        let covers = |one: IpAddr, other: IpAddr| one.is_unspecified() && (one.is_ipv6() || other.is_ipv4());
        let is_met = self.host == host || covers(self.host, host) || covers(host, self.host);
        self.enabled && self.port != 0 && is_met
    }
}

#[cfg(test)]
mod tests {
    use crate::config::tests::{load, problems};

    #[test]
    fn a_port_is_one_listeners_alone() {
        let told = |file: &str| problems(file).join("\n");
        let https = "conf/micro-gw.conf:2:1: `adminConfig.port` is the same as `listenerConfig.httpsPort`, 9095 | \
                     Give each a port of its own";
        assert!(told("[adminConfig]\nport = 9095\n").starts_with(https));
        let http = "conf/micro-gw.conf:2:1: `listenerConfig.httpPort` is the same as `adminConfig.port`, 9797 | ";
        assert!(told("[listenerConfig]\nhttpPort = 9797\n").starts_with(http));
        for apart in [
            "[adminConfig]\nport = 9095\nenabled = false\n",
            "[adminConfig]\nport = 9095\nhost = \"::1\"\n",
            "[adminConfig]\nport = 9095\n[listenerConfig]\nhost = \"192.0.2.1\"\n",
            "[adminConfig]\nport = 9095\n[listenerConfig]\nhttpsEnabled = false\n",
            "[adminConfig]\nport = 0\n[listenerConfig]\nhttpPort = 0\n",
        ] {
            assert!(load(apart, &[], &[]).is_ok(), "{apart}");
        }
        for together in ["host = \"::\"", "host = \"127.0.0.1\""] {
            let file = format!("[adminConfig]\nport = 9095\n[listenerConfig]\n{together}\n");
            assert!(load(&file, &[], &[]).is_err(), "{file}");
        }
    }
}
