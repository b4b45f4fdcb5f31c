//! Where a server is that is spoken to over TCP or TLS.

use std::fmt;
use url::Url;

/// Where a server is that is spoken to over TCP or TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddress {
    /// Name or address of the host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether it is spoken to with TLS.
    pub tls: bool,
}

impl ServerAddress {
    pub(super) fn new(host: &str, port: u16, tls: bool) -> Self {
        Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            tls,
        }
    }

    /// Reads `host` or `host:port`; `default_port` counts where none is named.
    pub(super) fn read(authority: &str, tls: bool, default_port: u16) -> Result<Self, &'static str> {
        // The URL parser knows hosts and ports best; its scheme only has to be none that it knows a port for.
        let url = Url::parse(&format!("tcp://{authority}")).map_err(|_| "a host or port is malformed")?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or("there is no host")?;
        let more = !url.username().is_empty() || url.password().is_some() || !matches!(url.path(), "" | "/");
        if more || url.query().is_some() || url.fragment().is_some() {
            return Err("there is more than a host and a port");
        }
        Ok(Self::new(host, url.port().unwrap_or(default_port), tls))
    }
}

/// Returns whether a host, as URLs write it, is this machine, as far as its name tells.
pub(super) fn is_this_machine(host: &str) -> bool {
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>();
    address.map_or_else(
        |_| host == "localhost" || host.ends_with(".localhost"),
        |address| address.is_loopback(),
    )
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_ports_are_read_and_written() {
        for (text, host, port, written, here) in [
            ("host", "host", 5, "host:5", false),
            ("host:1", "host", 1, "host:1", false),
            ("localhost:1/", "localhost", 1, "localhost:1", true),
            ("127.0.0.1", "127.0.0.1", 5, "127.0.0.1:5", true),
            ("[::1]:1", "::1", 1, "[::1]:1", true),
            ("[2001:db8::1]", "2001:db8::1", 5, "[2001:db8::1]:5", false),
        ] {
            let address = ServerAddress::read(text, false, 5).expect("an address");
            assert_eq!(address, ServerAddress::new(host, port, false));
            assert_eq!(
                (address.to_string().as_str(), is_this_machine(&address.host)),
                (written, here)
            );
        }
        for text in ["", ":1", "h:x", "h:70000", "u:p@h", "h/path", "h?q", "h#f", "h i"] {
            assert!(ServerAddress::read(text, false, 5).is_err(), "{text}");
        }
    }
}
