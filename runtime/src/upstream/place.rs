//! Where requests are sent: an address and what requests for it have in common.

use super::origin::Origin;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use std::sync::Arc;

/// What one URL of a backend says.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) origin: Arc<Origin>,
    /// Path that precedes the request's, without a trailing slash.
    pub(crate) path: Box<str>,
    /// Value of `Host`.
    pub(crate) host: HeaderValue,
}

impl Place {
    /// The URL, for people.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.root(), self.path)
    }

    /// The URL without its path, for people.
    pub(super) fn root(&self) -> String {
        let origin = &self.origin;
        let (scheme, usual) = match origin.tls {
            Some(_) => ("https", 443),
            None => ("http", 80),
        };
        let host = match origin.host.contains(':') {
            true => format!("[{}]", origin.host),
            false => origin.host.to_string(),
        };
        match origin.port {
            port if port == usual => format!("{scheme}://{host}"),
            port => format!("{scheme}://{host}:{port}"),
        }
    }

    /// What a request says where it goes: target and `Host`, which is `host` where the backend is not to get its own. `None`
    /// when the target is too long.
    pub(super) fn address(
        &self,
        below: &str,
        query: Option<&str>,
        host: Option<&HeaderValue>,
    ) -> Option<(Uri, HeaderValue)> {
        let uri = self.uri(below, query)?;
        Some((uri, host.unwrap_or(&self.host).clone()))
    }

    /// Joins the endpoint's path, the path below the base path and the query, all raw; `None` when the whole is too long.
    pub(super) fn uri(&self, below: &str, query: Option<&str>) -> Option<Uri> {
        let query_length = query.map_or(0, |query| query.len() + 1);
        let mut text = Vec::with_capacity(self.path.len() + below.len() + query_length + 1);
        text.extend_from_slice(self.path.as_bytes());
        text.extend_from_slice(below.as_bytes());
        if text.is_empty() || below.is_empty() && query.is_some() {
            text.push(b'/');
        }
        if let Some(query) = query {
            text.push(b'?');
            text.extend_from_slice(query.as_bytes());
        }
        PathAndQuery::from_maybe_shared(Bytes::from(text)).ok().map(Uri::from)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Origins;
    use super::*;
    use http::HeaderValue;
    use mgw_bundle::config::BackendProtocol;

    #[test]
    fn joins_raw_paths() {
        let url = url::Url::parse("http://b").ok();
        let Some(origin) = url.and_then(|url| Origins::default().of(&url, &[], BackendProtocol::Negotiated).ok())
        else {
            panic!("the URL has a host")
        };
        for (path, below, query, expected) in [
            ("", "", None, "/"),
            ("", "/", None, "/"),
            ("", "/a%2Fb;m=1", Some("x=%20&y"), "/a%2Fb;m=1?x=%20&y"),
            ("/v1", "", None, "/v1"),
            ("/v1", "", Some("q"), "/v1/?q"),
            ("/v1", "/pets/", None, "/v1/pets/"),
        ] {
            let place = Place {
                origin: Arc::clone(&origin),
                path: path.into(),
                host: HeaderValue::from_static("b"),
            };
            let uri = place.uri(below, query);
            assert_eq!(uri.map(|uri| uri.to_string()).as_deref(), Some(expected));
        }
        let place = Place {
            origin,
            path: "/v1".into(),
            host: HeaderValue::from_static("b"),
        };
        let longest = "/".repeat(usize::from(u16::MAX) - 2);
        assert!(place.uri(&longest, None).is_none(), "never another path instead");
    }
}
