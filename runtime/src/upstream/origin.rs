//! Where connections go: scheme, host and port, numbered for the life of the process.

use rustls_pki_types::ServerName;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A backend's address as connections see it.
#[derive(Debug)]
pub(crate) struct Origin {
    /// Number of this origin; pools use it as index.
    pub(super) id: usize,
    /// Host name or address, without brackets.
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// The name that the backend's certificate must bear; `None` for plain HTTP.
    pub(super) tls: Option<ServerName<'static>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    host: Box<str>,
    port: u16,
    tls: bool,
}

/// Numbers origins. An origin keeps its number across reloads, so that its connections survive them.
///
/// It grows with every origin ever configured while the process runs, which operators bound, not clients.
#[derive(Debug, Default)]
pub(crate) struct Origins(Mutex<HashMap<Key, Arc<Origin>>>);

impl Origins {
    /// Returns the origin of an `http` or `https` URL; `None` when the URL has no usable host.
    pub(crate) fn of(&self, url: &url::Url) -> Option<Arc<Origin>> {
        let host: Box<str> = match url.host()? {
            url::Host::Domain(name) => name.into(),
            url::Host::Ipv4(address) => address.to_string().into(),
            url::Host::Ipv6(address) => address.to_string().into(),
        };
        let tls = match url.scheme() {
            "http" => None,
            "https" => Some(ServerName::try_from(host.to_string()).ok()?),
            _ => return None,
        };
        let key = Key {
            host,
            port: url.port_or_known_default()?,
            tls: tls.is_some(),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = known.len();
        let (host, port) = (key.host.clone(), key.port);
        Some(Arc::clone(
            known
                .entry(key)
                .or_insert_with(|| Arc::new(Origin { id, host, port, tls })),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_are_one_origin() {
        let origins = Origins::default();
        let id = |text: &str| {
            url::Url::parse(text)
                .ok()
                .and_then(|url| origins.of(&url))
                .map(|origin| origin.id)
        };
        assert_eq!(id("http://a/x"), Some(0));
        assert_eq!(id("http://A:80/y"), Some(0));
        assert_eq!(id("https://a/x"), Some(1));
        assert_eq!(id("https://a:443"), Some(1));
        assert_eq!(id("http://[::1]:8080/"), Some(2));
        assert_eq!(id("ftp://a/"), None);
    }
}
