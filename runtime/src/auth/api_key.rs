//! What an API key is restricted to.

use super::RequestView;
use super::jwt::text;
use ipnet::IpNet;
use serde_json::{Map, Value};
use std::net::IpAddr;

/// Restrictions in an API key. Whatever cannot be read admits nobody.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ApiKeyRules {
    /// Networks that may send it; empty: all.
    networks: Vec<IpNet>,
    /// Patterns of `Referer`; empty: all.
    referers: Vec<String>,
    /// A restriction was there and could not be read.
    unreadable: bool,
    /// APIs it names in `subscribedAPIs` or `allowedAPIs`, as name and version or `*`.
    apis: Vec<(String, String)>,
}

impl ApiKeyRules {
    pub(super) fn read(claims: &Map<String, Value>) -> Self {
        let mut rules = Self::default();
        for part in rules.list(claims, "permittedIP") {
            let network = part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from));
            match network {
                Ok(network) => rules.networks.push(network),
                Err(_) => rules.unreadable = true,
            }
        }
        rules.referers = rules.list(claims, "permittedReferer");
        let named = claims.get("subscribedAPIs").or_else(|| claims.get("allowedAPIs"));
        for entry in named
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
        {
            if let Some(name) = text(entry, "name") {
                rules
                    .apis
                    .push((name.to_owned(), text(entry, "version").unwrap_or("*").to_owned()));
            }
        }
        rules
    }

    fn list(&mut self, claims: &Map<String, Value>, name: &str) -> Vec<String> {
        match claims.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(text)) => text
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect(),
            Some(_) => {
                self.unreadable = true;
                Vec::new()
            }
        }
    }

    /// Returns whether the key may be used by this client.
    pub(super) fn admits(&self, request: &RequestView<'_>) -> bool {
        if self.unreadable {
            return false;
        }
        let address = request.client_ip.to_canonical();
        if !self.networks.is_empty() && !self.networks.iter().any(|network| network.contains(&address)) {
            return false;
        }
        if self.referers.is_empty() {
            return true;
        }
        let referer = request
            .headers
            .get(http::header::REFERER)
            .and_then(|value| value.to_str().ok());
        referer.is_some_and(|referer| self.referers.iter().any(|pattern| matches(pattern, referer)))
    }

    /// Returns whether the key names this API.
    pub(super) fn names(&self, api: &str, version: &str) -> bool {
        self.apis
            .iter()
            .any(|(name, own)| name == api && (own == version || own == "*"))
    }
}

/// Matches a whole text against a pattern in which `*` stands for any text. Linear in the length of the text per star.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(end) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(position) => rest = rest.get(position + part.len()..).unwrap_or(""),
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;
    use serde_json::json;

    fn admits(claims: Value, address: &str, referer: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(referer) = referer {
            headers.insert("referer", referer.parse().expect("a header value"));
        }
        let request = RequestView {
            headers: &headers,
            query: None,
            client_ip: address.parse().expect("an address"),
            certificate: None,
        };
        claims
            .as_object()
            .is_some_and(|claims| ApiKeyRules::read(claims).admits(&request))
    }

    #[test]
    fn addresses_are_networks_with_both_ends() {
        let key = json!({"permittedIP": "10.1.0.0/16, 192.0.2.7,2001:db8::/32"});
        for address in [
            "10.1.0.0",
            "10.1.255.255",
            "192.0.2.7",
            "2001:db8::1",
            "::ffff:10.1.2.3",
        ] {
            assert!(admits(key.clone(), address, None), "{address}");
        }
        for address in ["10.2.0.0", "192.0.2.8", "2001:db9::1"] {
            assert!(!admits(key.clone(), address, None), "{address}");
        }
        assert!(admits(json!({"permittedIP": ""}), "192.0.2.1", None));
        assert!(!admits(json!({"permittedIP": "everywhere"}), "192.0.2.1", None));
        assert!(!admits(json!({"permittedIP": ["192.0.2.1"]}), "192.0.2.1", None));
    }

    #[test]
    fn referers_are_patterns() {
        let key = json!({"permittedReferer": "https://a.example/*,https://*.b.example/x"});
        for referer in [
            "https://a.example/",
            "https://a.example/deep/er",
            "https://www.b.example/x",
        ] {
            assert!(admits(key.clone(), "::1", Some(referer)), "{referer}");
        }
        for referer in [
            "https://a.example",
            "https://www.b.example/xy",
            "http://a.example/",
            "https://evil/?https://a.example/",
        ] {
            assert!(!admits(key.clone(), "::1", Some(referer)), "{referer}");
        }
        assert!(!admits(key, "::1", None));
    }

    #[test]
    fn overlapping_parts_do_not_match_twice() {
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("ab*ba", "abba"));
        assert!(matches("*", ""));
        assert!(matches("a**b", "ab"));
        assert!(!matches("a", "ab"));
    }
}
