//! The base URL of a control plane.

use crate::odd_port::has_odd_port;
use std::fmt;
use url::Url;

/// The base URL of a control plane: `https`, without user, query or fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address(Url);

/// Why a text is not a base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// Not a URL.
    #[error("`{0}` is not a URL")]
    Url(String),
    /// What follows a colon is no port: it may be a password whose `@` is missing, so it is not repeated.
    #[error("what stands behind a `:` in the URL is not a port")]
    Port,
    /// Credentials must not travel in the clear.
    #[error("`{0}` does not start with https://")]
    Scheme(String),
    /// Something that is not part of a base URL.
    #[error("the URL of a control plane has no user, query or fragment")]
    Extra,
}

impl Address {
    /// Reads a URL; `https://` may be left out.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let complete = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        // Messages repeat the text, but never a password in it.
        let has_extra = text.contains(['@', '?', '#']);
        let mut url = Url::parse(&complete).map_err(|_| match has_extra {
            true => AddressError::Extra,
            false if has_odd_port(&complete) => AddressError::Port,
            false => AddressError::Url(text.to_owned()),
        })?;
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(AddressError::Extra);
        }
        if url.scheme() != "https" {
            return Err(match has_extra {
                true => AddressError::Extra,
                false => AddressError::Scheme(text.to_owned()),
            });
        }
        // With and without a slash at its end it is the same place, also when a session is compared with it.
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// For tests against servers of their own, which speak plain HTTP on the loopback interface.
    #[cfg(test)]
    pub(crate) fn unchecked(url: Url) -> Self {
        Self(url)
    }

    /// Host name or address.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Host, and port where one is given, for messages.
    pub(crate) fn host_and_port(&self) -> String {
        host_and_port(&self.0)
    }

    /// Whether this is a host of API Cloud itself.
    pub(crate) fn is_api_cloud(&self) -> bool {
        let host = self.host();
        host == "api.cloud.wso2.com" || host.ends_with(".api.cloud.wso2.com")
    }

    /// Where the services for gateways on premises are. API Cloud has them at a host of their own.
    pub(crate) fn services(&self) -> Self {
        match Url::parse("https://api.cloud.wso2.com") {
            Ok(url) if self.is_api_cloud() => Self(url),
            _ => self.clone(),
        }
    }

    /// Appends segments, each percent-encoded as one; empty ones are left out.
    pub(crate) fn join<'a>(&self, segments: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            path.extend(segments.into_iter().filter(|segment| !segment.is_empty()));
        }
        url
    }
}

impl AddressError {
    /// Whether the text may hold a secret, and its line is not shown.
    pub(crate) fn is_secret(&self) -> bool {
        matches!(self, Self::Extra | Self::Port)
    }
}

/// Host of a URL, and its port where it is not the usual one.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_normalised() {
        for (text, expected) in [
            ("https://localhost:9443", "https://localhost:9443"),
            ("localhost:9443/", "https://localhost:9443"),
            (" HTTPS://Idp.Example/apim/ ", "https://idp.example/apim"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), expected);
            assert_eq!(Address::parse(expected), Ok(address));
        }
        let told = |text: &str| Address::parse(text).unwrap().host_and_port();
        assert_eq!(told("localhost:9443/apim"), "localhost:9443");
        assert_eq!(told("https://[::1]:8243"), "[::1]:8243");
        assert_eq!(told("https://apim.example:443"), "apim.example");
    }

    #[test]
    fn what_is_not_a_base_url_is_refused() {
        assert!(matches!(Address::parse(""), Err(AddressError::Url(_))));
        assert!(matches!(
            Address::parse("http://localhost"),
            Err(AddressError::Scheme(_))
        ));
        for text in [
            "https://a:b@localhost",
            "https://localhost/?x=1",
            "https://localhost/#x",
            "https://local host/?x=1",
            "httpss://a:b@localhost",
            "httpss://a//b:c4nary@localhost",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError::Extra), "{text}");
        }
        for text in [
            "https://ana:c4nary",
            "ana:c4nary",
            "https://ana:c4nary/apim",
            "https://[::1]:c4nary",
        ] {
            assert_eq!(Address::parse(text), Err(AddressError::Port), "{text}");
        }
    }

    #[test]
    fn segments_are_encoded() {
        let address = Address::parse("https://localhost/apim/").unwrap();
        let url = address.join(["api", "am", "", "a/b?c"]);
        assert_eq!(url.as_str(), "https://localhost/apim/api/am/a%2Fb%3Fc");
    }
}
