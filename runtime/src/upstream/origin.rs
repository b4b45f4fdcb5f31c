//! Where connections go: scheme, host and port, numbered for the life of the process.

use super::tls::BackendTls;
#[cfg(test)]
use super::tls::ListenerStores;
#[cfg(test)]
use crate::config::RuntimeConfig;
use rustls::ClientConfig;
use rustls_pki_types::{CertificateDer, ServerName};
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
    /// `None` for plain HTTP.
    pub(super) tls: Option<OriginTls>,
}

/// How TLS is spoken with a backend.
#[derive(Debug)]
pub(super) struct OriginTls {
    /// The name that the backend's certificate must bear.
    pub(super) name: ServerName<'static>,
    pub(super) config: Arc<ClientConfig>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    host: Box<str>,
    port: u16,
    tls: bool,
    /// What is trusted of this backend alone. Connections made under other trust are not taken up.
    certificates: Vec<CertificateDer<'static>>,
}

/// Numbers origins. An origin keeps its number across reloads, so that its connections survive them.
///
/// It grows with every origin ever configured while the process runs, which operators bound, not clients.
#[derive(Debug)]
pub(crate) struct Origins {
    known: Mutex<HashMap<Key, Arc<Origin>>>,
    tls: BackendTls,
}

impl Origins {
    pub(crate) fn new(tls: BackendTls) -> Self {
        Self {
            known: Mutex::default(),
            tls,
        }
    }

    /// Returns the origin of an `http` or `https` URL whose backend may also be known by its `certificates`.
    ///
    /// # Errors
    ///
    /// Why the URL cannot be used.
    pub(crate) fn of(
        &self,
        url: &url::Url,
        certificates: &[CertificateDer<'static>],
    ) -> Result<Arc<Origin>, &'static str> {
        const NO_HOST: &str = "has no usable host";
        let host: Box<str> = match url.host().ok_or(NO_HOST)? {
            url::Host::Domain(name) => name.into(),
            url::Host::Ipv4(address) => address.to_string().into(),
            url::Host::Ipv6(address) => address.to_string().into(),
        };
        let name = match url.scheme() {
            "http" => None,
            "https" => Some(ServerName::try_from(host.to_string()).map_err(|_| NO_HOST)?),
            _ => return Err("is neither http nor https"),
        };
        let key = Key {
            host,
            port: url.port_or_known_default().ok_or(NO_HOST)?,
            tls: name.is_some(),
            certificates: if name.is_some() {
                certificates.to_vec()
            } else {
                Vec::new()
            },
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = known.get(&key) {
            return Ok(Arc::clone(origin));
        }
        let tls = match name {
            Some(name) => {
                let config = self.tls.config(certificates);
                let config = config.map_err(|_| "has certificates that cannot be trusted")?;
                Some(OriginTls { name, config })
            }
            None => None,
        };
        let origin = Arc::new(Origin {
            id: known.len(),
            host: key.host.clone(),
            port: key.port,
            tls,
        });
        known.insert(key, Arc::clone(&origin));
        Ok(origin)
    }
}

#[cfg(test)]
impl Default for Origins {
    fn default() -> Self {
        let listener = ListenerStores {
            keys: None,
            trust: None,
        };
        Self::new(BackendTls::new(&RuntimeConfig::default(), listener).expect("defaults name no file"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_addresses_are_one_origin() {
        let origins = Origins::default();
        let own = |text: &str, certificates: &[CertificateDer<'static>]| {
            let url = url::Url::parse(text).ok()?;
            origins.of(&url, certificates).ok().map(|origin| origin.id)
        };
        let id = |text: &str| own(text, &[]);
        assert_eq!(id("http://a/x"), Some(0));
        assert_eq!(id("http://A:80/y"), Some(0));
        assert_eq!(id("https://a/x"), Some(1));
        assert_eq!(id("https://a:443"), Some(1));
        assert_eq!(id("http://[::1]:8080/"), Some(2));
        assert_eq!(id("ftp://a/"), None);
        let made = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).expect("a certificate");
        let certificates = [made.cert.der().clone()];
        assert_eq!(
            own("http://a/x", &certificates),
            Some(0),
            "plain HTTP shows no certificate"
        );
        assert_eq!(
            own("https://a/x", &certificates),
            Some(3),
            "other trust, other connections"
        );
        assert_eq!(own("https://a/y", &certificates), Some(3));
    }
}
