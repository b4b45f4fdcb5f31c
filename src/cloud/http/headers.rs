//! Headers that the user adds to every request to the control plane, for proxies and gateways in front of it.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// The most headers that may be added.
const MOST: usize = 32;

/// The most bytes of one header.
const LONGEST: usize = 8 * 1024;

/// Headers whose meaning is ours or the connection's.
const REFUSED: [&str; 16] = [
    "accept",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Headers of the user's own. Their values may be secrets and show nowhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct CustomHeaders(Vec<(HeaderName, SecretString)>);

/// Why a header cannot be added. Quotes no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    /// No colon, or a name with other characters than tokens have.
    #[error("a header has the form `Name: value`")]
    Form,
    /// A value that cannot be sent.
    #[error("the value of header {0} has characters that cannot be sent, or is too long")]
    Value(String),
    /// A header that is not the user's to set.
    #[error("header {0} cannot be set: it belongs to the request or to the connection")]
    Refused(String),
    /// Too many.
    #[error("more than {MOST} headers")]
    Count,
}

impl CustomHeaders {
    /// Reads lines of the form `Name: value`; blank ones are left out. A later header of a name replaces an earlier one.
    pub(crate) fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, HeaderError> {
        let mut headers = Self::default();
        for line in lines.into_iter().filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(':').ok_or(HeaderError::Form)?;
            headers.add(name.trim(), value.trim())?;
        }
        Ok(headers)
    }

    /// Adds one.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> Result<(), HeaderError> {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| HeaderError::Form)?;
        if REFUSED.contains(&name.as_str()) {
            return Err(HeaderError::Refused(name.to_string()));
        }
        if value.is_empty() || value.len() > LONGEST || HeaderValue::from_str(value).is_err() {
            return Err(HeaderError::Value(name.to_string()));
        }
        self.0.retain(|(known, _)| *known != name);
        if self.0.len() == MOST {
            return Err(HeaderError::Count);
        }
        self.0.push((name, value.to_owned().into()));
        Ok(())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, for the session file.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// As the HTTP client takes them.
    pub(super) fn to_map(&self) -> HeaderMap {
        let pairs = self.0.iter().filter_map(|(name, value)| {
            let mut value = HeaderValue::from_str(value.expose_secret()).ok()?;
            value.set_sensitive(true);
            Some((name.clone(), value))
        });
        pairs.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_headers_whose_values_do_not_show() {
        let headers = CustomHeaders::parse(["X-Team: canary", "", " x-team : canary-2 ", "CF-Access: a:b"]).unwrap();
        let map = headers.to_map();
        assert_eq!(map.len(), 2);
        assert_eq!(map["x-team"], "canary-2");
        assert_eq!(map["cf-access"], "a:b");
        assert!(!format!("{headers:?} {map:?}").contains("canary"));
    }

    #[test]
    fn what_is_not_the_users_to_set_is_refused() {
        for (line, expected) in [
            ("no colon", HeaderError::Form),
            ("b ad: x", HeaderError::Form),
            (": x", HeaderError::Form),
            ("X-A:", HeaderError::Value("x-a".into())),
            ("X-A: a\u{1}", HeaderError::Value("x-a".into())),
            (
                "Authorization: Bearer canary",
                HeaderError::Refused("authorization".into()),
            ),
            ("HOST: a", HeaderError::Refused("host".into())),
            (
                "Transfer-Encoding: chunked",
                HeaderError::Refused("transfer-encoding".into()),
            ),
            (
                "Proxy-Authorization: Basic x",
                HeaderError::Refused("proxy-authorization".into()),
            ),
        ] {
            assert_eq!(CustomHeaders::parse([line]).unwrap_err(), expected, "{line}");
        }
        let long = format!("x-a: {}", "v".repeat(LONGEST + 1));
        assert!(CustomHeaders::parse([long.as_str()]).is_err());
        let many: Vec<String> = (0..=MOST).map(|number| format!("x-{number}: v")).collect();
        assert_eq!(
            CustomHeaders::parse(many.iter().map(String::as_str)).unwrap_err(),
            HeaderError::Count
        );
    }
}
