//! Which backends an operator means.

use url::Host;

/// A host, or all hosts one level below a name; with a port, or with any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    host: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    /// As URLs have it, without brackets.
    One(String),
    /// One level below a name, which has its dot in front.
    Below(String),
}

impl HostPattern {
    /// Reads `a.example`, `*.example`, `192.0.2.7` or `2001:db8::7`, with or without a port; an IPv6 address with a port is in
    /// brackets. `None`: it is none of these.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            Some(port) => Some(port.parse().ok().filter(|port| *port != 0)?),
            None => None,
        };
        let host = match host.strip_prefix("*.") {
            Some(name) => match one(name)? {
                Host::Domain(name) => Hosts::Below(format!(".{}", without_last_dot(&name))),
                Host::Ipv4(_) | Host::Ipv6(_) => return None,
            },
            None if host.contains(':') && !host.starts_with('[') => Hosts::One(written(one(&format!("[{host}]"))?)),
            None => Hosts::One(written(one(host)?)),
        };
        Some(Self { host, port })
    }

    /// Whether it means a backend, whose host is as URLs have it, without brackets.
    pub(super) fn is(&self, host: &str, port: u16) -> bool {
        let host = without_last_dot(host);
        let is_host = match &self.host {
            Hosts::One(one) => one == host,
            Hosts::Below(suffix) => host
                .strip_suffix(suffix.as_str())
                .is_some_and(|label| !label.is_empty() && !label.contains('.')),
        };
        is_host && self.port.is_none_or(|own| own == port)
    }
}

/// Reads a host as URLs do; `None` for what is none, or would stand for several.
fn one(text: &str) -> Option<Host> {
    Host::parse(text).ok().filter(|_| !text.contains('*'))
}

fn written(host: Host) -> String {
    match host {
        Host::Domain(name) => without_last_dot(&name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

fn without_last_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_meant_by_name_and_port() {
        for (text, host, port, expected) in [
            ("a.example", "a.example", 443, true),
            ("A.Example", "a.example", 8443, true),
            ("a.example", "a.example.", 443, true),
            ("a.example", "b.a.example", 443, false),
            ("a.example", "xa.example", 443, false),
            ("a.example:8443", "a.example", 8443, true),
            ("a.example:8443", "a.example", 443, false),
            ("*.example", "a.example", 443, true),
            ("*.example", "b.a.example", 443, false),
            ("*.example", "example", 443, false),
            ("*.example", ".example", 443, false),
            ("*.example:1", "a.example", 1, true),
            ("*.example:1", "a.example", 2, false),
            ("bücher.example", "xn--bcher-kva.example", 443, true),
            ("192.0.2.7", "192.0.2.7", 443, true),
            ("192.0.2.7:1", "192.0.2.7", 1, true),
            ("2001:DB8::7", "2001:db8::7", 443, true),
            ("[2001:db8::7]", "2001:db8::7", 443, true),
            ("[2001:db8::7]:1", "2001:db8::7", 1, true),
            ("[2001:db8::7]:1", "2001:db8::7", 2, false),
        ] {
            let pattern = HostPattern::parse(text).expect(text);
            assert_eq!(pattern.is(host, port), expected, "{text} {host}:{port}");
        }
    }

    #[test]
    fn what_means_no_backend_is_refused() {
        for text in [
            "",
            "*",
            "*.",
            "a.*.example",
            "*.*.example",
            "*.192.0.2.7",
            "https://a.example",
            "a.example/",
            "a.example:",
            "a.example:0",
            "a.example:65536",
            "a.example:x",
            "a example",
            "[::1",
            "::1]:1",
            "user@a.example",
        ] {
            assert_eq!(HostPattern::parse(text), None, "{text}");
        }
    }
}
