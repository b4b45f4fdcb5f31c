//! Whose request it is, as far as addresses tell.

use crate::forwarding::{Forwarding, X_FORWARDED_FOR, address, client_addresses};
use http::HeaderMap;
use ipnet::IpNet;
use std::net::IpAddr;

/// How many addresses are followed back.
const HOPS: usize = 16;

/// Whether a peer is a proxy whose headers are believed.
pub(super) fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// Returns the client's address: the peer's, or, behind trusted proxies, the last address that none of them vouches for.
pub(super) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet], forwarding: &Forwarding) -> IpAddr {
    let peer = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(peer, trusted) {
        return peer;
    }
    if forwarding.reads_forwarded() {
        return follow(peer, client_addresses(headers), trusted);
    }
    let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
    let entries = lines
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .map(|entry| address(std::str::from_utf8(entry).ok()?.trim()));
    follow(peer, entries, trusted)
}

/// The last entry was written by the proxy next to us. Entries before one that is not trusted are anybody's claim.
fn follow(peer: IpAddr, entries: impl Iterator<Item = Option<IpAddr>>, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for entry in entries.take(HOPS) {
        let Some(address) = entry else { break };
        client = address.to_canonical();
        if !is_trusted(client, trusted) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{RuntimeConfig, Sources};
    use crate::forwarding::FORWARDED;
    use http::HeaderValue;

    fn client(trusted: &[&str], peer: &str, lines: &[&'static str]) -> Option<IpAddr> {
        let trusted: Vec<IpNet> = trusted.iter().filter_map(|network| network.parse().ok()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        let forwarding = Forwarding::compile(&RuntimeConfig::default());
        Some(of(peer.parse().ok()?, &headers, &trusted, &forwarding))
    }

    #[test]
    fn one_header_is_read_and_not_the_other() {
        let sources = Sources {
            file: Some(("micro-gw.conf", "[forwarding]\nheaders = \"forwarded\"")),
            ..Sources::default()
        };
        let (config, _) = RuntimeConfig::load(sources).expect("the settings are valid");
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("203.0.113.1"));
        headers.append(
            FORWARDED,
            HeaderValue::from_static("for=203.0.113.2, for=\"[2001:db8::1]:80\", for=10.0.0.2"),
        );
        let trusted: Vec<IpNet> = ["10.0.0.0/8"]
            .iter()
            .filter_map(|network| network.parse().ok())
            .collect();
        let peer = "10.0.0.1".parse().expect("an address");
        let of = |config: &RuntimeConfig| of(peer, &headers, &trusted, &Forwarding::compile(config)).to_string();
        assert_eq!(of(&config), "2001:db8::1");
        assert_eq!(of(&RuntimeConfig::default()), "203.0.113.1");
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        for (trusted, peer, lines, expected) in [
            (&[][..], "192.0.2.1", &["198.51.100.1"][..], "192.0.2.1"),
            (&["10.0.0.0/8"], "192.0.2.1", &["198.51.100.1"], "192.0.2.1"),
            (&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            (&["10.0.0.0/8"], "::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["203.0.113.9, 198.51.100.1"],
                "198.51.100.1",
            ),
            (&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["198.51.100.1", "10.0.0.2"],
                "198.51.100.1",
            ),
            (&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1, forged"], "10.0.0.1"),
            (&["10.0.0.0/8"], "10.0.0.1", &["198.51.100.1:5678"], "198.51.100.1"),
            (
                &["10.0.0.0/8"],
                "10.0.0.1",
                &["[2001:db8::1]:80, 10.0.0.2:443"],
                "2001:db8::1",
            ),
            (&["10.0.0.0/8"], "10.0.0.1", &[], "10.0.0.1"),
        ] {
            assert_eq!(
                client(trusted, peer, lines),
                expected.parse().ok(),
                "{trusted:?} {peer} {lines:?}"
            );
        }
    }
}
