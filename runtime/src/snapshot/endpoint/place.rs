//! URLs as places.

use crate::snapshot::certificates::BackendCertificates;
use crate::upstream::{Origins, Place};
use http::HeaderValue;
use mgw_bundle::config::BackendProtocol;

/// Returns the place at a URL, or why it cannot be one.
pub(super) fn place(
    origins: &Origins,
    certificates: &BackendCertificates,
    text: &str,
    protocol: BackendProtocol,
) -> Result<Place, &'static str> {
    let url = url::Url::parse(text).map_err(|_| "is not a URL")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries credentials");
    }
    let origin = origins.of(&url, certificates.of(&url), protocol)?;
    let host = url.host_str().ok_or("has no usable host")?;
    // `port` is `None` for the scheme's own port.
    let host = match url.port() {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    };
    Ok(Place {
        origin,
        path: url.path().strip_suffix('/').unwrap_or(url.path()).into(),
        host: host.map_err(|_| "has no usable host")?,
    })
}

/// A URL for a message.
pub(super) fn without_credentials(text: &str) -> String {
    match (text.split_once("://"), text.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_become_places() {
        let origins = Origins::default();
        for (url, host, path) in [
            ("http://b", "b", ""),
            ("http://b:80/", "b", ""),
            ("https://b:8443/v1/", "b:8443", "/v1"),
            ("http://[::1]:9/a%20b", "[::1]:9", "/a%20b"),
            ("wss://b/chat", "b", "/chat"),
            ("ws://b:81", "b:81", ""),
        ] {
            let place = place(
                &origins,
                &BackendCertificates::default(),
                url,
                BackendProtocol::default(),
            );
            assert!(
                place
                    .as_ref()
                    .is_ok_and(|place| place.host == host && &*place.path == path),
                "{url} {place:?}"
            );
        }
        for url in ["b", "ftp://b", "http://", "http://b?x", "http://u:p@b", "http://b/#f"] {
            assert!(
                place(
                    &origins,
                    &BackendCertificates::default(),
                    url,
                    BackendProtocol::default()
                )
                .is_err(),
                "{url}"
            );
        }
        assert_eq!(without_credentials("http://u:p@b/x"), "http://***@b/x");
    }
}
