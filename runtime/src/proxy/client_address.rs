//! Whose request it is, as far as addresses tell.

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::IpAddr;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How many addresses are followed back.
const HOPS: usize = 16;

/// Returns the client's address: the peer's, or, behind trusted proxies, the last address that none of them vouches for.
pub(super) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if trusted.is_empty() || !is_trusted(&peer) {
        return peer;
    }
    let mut client = peer;
    // The last entry was written by the proxy next to us. Entries before one that is not trusted are anybody's claim.
    let lines = headers.get_all(X_FORWARDED_FOR).iter().rev();
    for entry in lines
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
        .take(HOPS)
    {
        let address = std::str::from_utf8(entry)
            .ok()
            .and_then(|text| text.trim().parse::<IpAddr>().ok());
        let Some(address) = address else { break };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    client
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn client(trusted: &[&str], peer: &str, lines: &[&'static str]) -> Option<IpAddr> {
        let trusted: Vec<IpNet> = trusted.iter().filter_map(|network| network.parse().ok()).collect();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        Some(of(peer.parse().ok()?, &headers, &trusted))
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
