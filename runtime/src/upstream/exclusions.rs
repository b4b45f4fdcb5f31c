//! Which hosts are reached without the proxy.

use ipnet::IpNet;
use std::net::IpAddr;

/// Most entries of a list.
const MAX_ENTRIES: usize = 1024;

/// Hosts that are reached without the proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Exclusions {
    all: bool,
    names: Vec<String>,
    /// With the dot in front.
    suffixes: Vec<String>,
    networks: Vec<IpNet>,
}

impl Exclusions {
    /// Reads a list of host names, suffixes (`.example.com` or `*.example.com`), addresses and networks; `*` is every host.
    ///
    /// # Errors
    ///
    /// The first entry that is none of these.
    pub(crate) fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut exclusions = Self::default();
        for (position, entry) in entries.into_iter().enumerate() {
            let entry = entry.trim().to_ascii_lowercase();
            if position >= MAX_ENTRIES {
                return Err(entry);
            }
            let unbracketed = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
            let text = unbracketed.unwrap_or(&entry);
            if text == "*" {
                exclusions.all = true;
            } else if let Ok(address) = text.parse::<IpAddr>() {
                exclusions.networks.push(address.into());
            } else if let Ok(network) = text.parse::<IpNet>() {
                exclusions.networks.push(network);
            } else if let Some(suffix) = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')) {
                if !is_name(suffix) {
                    return Err(entry);
                }
                exclusions.suffixes.push(format!(".{suffix}"));
            } else if is_name(text) {
                exclusions.names.push(text.to_owned());
            } else {
                return Err(entry);
            }
        }
        Ok(exclusions)
    }

    /// Whether a host, a lower-case name or an address without brackets, is reached without the proxy. Networks are about
    /// addresses as they are written: names are not looked up, the proxy may know other ones.
    pub(crate) fn has(&self, host: &str) -> bool {
        if self.all {
            return true;
        }
        if let Ok(address) = host.parse::<IpAddr>() {
            let address = address.to_canonical();
            return self.networks.iter().any(|network| network.contains(&address));
        }
        let host = host.strip_suffix('.').unwrap_or(host);
        self.names.iter().any(|name| name == host) || self.suffixes.iter().any(|suffix| host.ends_with(suffix.as_str()))
    }
}

fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.len() < 256 && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_suffixes_and_networks_are_excluded() {
        let list = [
            "localhost",
            ".Internal.test",
            "*.corp.test",
            "10.0.0.0/8",
            "192.0.2.7",
            "[::1]",
            "fd00::/8",
        ];
        let exclusions = Exclusions::parse(list).expect("a good list");
        for (host, excluded) in [
            ("localhost", true),
            ("localhost.", true),
            ("a.internal.test", true),
            ("internal.test", false),
            ("notinternal.test", false),
            ("a.b.corp.test", true),
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::1", true),
            ("::ffff:10.1.1.1", true),
            ("fd12::1", true),
            ("2001:db8::1", false),
            ("10.example.com", false),
        ] {
            assert_eq!(exclusions.has(host), excluded, "{host}");
        }
        assert!(Exclusions::parse(["*"]).is_ok_and(|all| all.has("anything")));
        assert!(!Exclusions::default().has("localhost"));
        for bad in ["", "http://a", "a:80", "*.", "a b", "10.0.0.0/33"] {
            assert_eq!(Exclusions::parse([bad]), Err(bad.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn an_excluded_name_excludes_itself_and_no_longer_one(name in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", more in "[a-z]{1,5}") {
            let exclusions = Exclusions::parse([name.as_str()]).expect("a name");
            prop_assert!(exclusions.has(&name));
            let longer = [format!("{more}.{name}"), format!("{more}{name}"), format!("{name}{more}")];
            prop_assert!(longer.iter().all(|longer| !exclusions.has(longer)));
        }
    }
}
