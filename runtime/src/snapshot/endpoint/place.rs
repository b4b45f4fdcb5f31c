//! URLs as places.

use crate::snapshot::certificates::BackendCertificates;
use crate::upstream::{Origins, Place};
use http::HeaderValue;
use mgw_bundle::config::BackendProtocol;

/// Returns the place at the URL `text`, or why it cannot be one. The host of the URL `known_as` is whom the backend there is
/// asked for, has to prove that it is, and gets as `Host`.
pub(super) fn place(
    origins: &Origins,
    certificates: &BackendCertificates,
    text: &str,
    known_as: &str,
    protocol: BackendProtocol,
) -> Result<Place, &'static str> {
    let url = url::Url::parse(text).map_err(|_| "is not a URL")?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a query or a fragment");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("carries credentials");
    }
    let identity = url::Url::parse(known_as).map_err(|_| "is not a URL")?;
    let origin = origins.at(&url, &identity, certificates.of(&identity), protocol)?;
    let host = identity.host_str().ok_or("has no usable host")?;
    // `port` is `None` for the scheme's own port.
    let host = match identity.port() {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")),
        None => HeaderValue::try_from(host),
    };
    Ok(Place {
        origin,
        path: url.path().strip_suffix('/').unwrap_or(url.path()).into(),
        host: host.map_err(|_| "has no usable host")?,
    })
}

/// Whether what was found speaks the same kind of protocol as the URL that the definition has, and TLS where that one does:
/// whoever can write into a directory of services must not be able to have callers' data sent in the clear.
pub(super) fn as_safe_as(written: &str, found: &str) -> Result<(), &'static str> {
    let scheme = |url: &str| url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match (scheme(written).as_deref(), scheme(found).as_deref()) {
        (Some("https"), Some("http")) | (Some("wss"), Some("ws")) => Err("has no TLS, which the default URL has"),
        (Some("http" | "https"), Some("ws" | "wss")) | (Some("ws" | "wss"), Some("http" | "https")) => {
            Err("is of another kind than the default URL")
        }
        _ => Ok(()),
    }
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
    fn what_is_found_is_no_less_safe() {
        for (written, found, fits) in [
            ("http://a", "http://b", true),
            ("http://a", "https://b", true),
            ("https://a", "HTTPS://b", true),
            ("https://a", "http://b", false),
            ("https://a", "HTTP://b", false),
            ("wss://a", "wss://b", true),
            ("wss://a", "ws://b", false),
            ("ws://a", "wss://b", true),
            ("http://a", "ws://b", false),
            ("wss://a", "https://b", false),
        ] {
            assert_eq!(as_safe_as(written, found).is_ok(), fits, "{written} {found}");
        }
    }

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
                    url,
                    BackendProtocol::default()
                )
                .is_err(),
                "{url}"
            );
        }
        assert_eq!(without_credentials("http://u:p@b/x"), "http://***@b/x");
    }

    #[test]
    fn places_may_be_known_by_another_name_than_they_are_at() {
        let origins = Origins::default();
        let at = |url: &str, known_as: &str| {
            let none = BackendCertificates::default();
            place(&origins, &none, url, known_as, BackendProtocol::default()).expect("good URLs")
        };
        for scheme in ["http", "https"] {
            let found = at(
                &format!("{scheme}://one.test:8443/v1"),
                &format!("{scheme}://shop.test:9000/v1"),
            );
            assert_eq!((found.host.as_bytes(), &*found.path), (&b"shop.test:9000"[..], "/v1"));
        }
    }
}
