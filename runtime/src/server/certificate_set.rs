//! Which certificate a client is shown.

use arc_swap::ArcSwap;
use mgw_keystore::Validity;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::sync::Arc;

/// The certificates of all host names.
#[derive(Debug)]
pub(super) struct CertificateSet {
    default: Arc<CertifiedKey>,
    /// By lower-case host name.
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows `*.`.
    below: HashMap<String, Arc<CertifiedKey>>,
}

impl CertificateSet {
    pub(super) fn new(default: Arc<CertifiedKey>) -> Self {
        Self {
            default,
            exact: HashMap::new(),
            below: HashMap::new(),
        }
    }

    /// Adds the certificate of a lower-case host name or `*.` pattern.
    pub(super) fn add(&mut self, pattern: &str, certificate: &Arc<CertifiedKey>) {
        match pattern.strip_prefix("*.") {
            Some(below) => self.below.insert(below.to_owned(), Arc::clone(certificate)),
            None => self.exact.insert(pattern.to_owned(), Arc::clone(certificate)),
        };
    }

    /// Returns the certificate for the name that a client asks for: its own, else that of all names beside it, else the
    /// listener's.
    pub(super) fn choose(&self, name: Option<&str>) -> &Arc<CertifiedKey> {
        let own = name
            .filter(|_| !self.exact.is_empty() || !self.below.is_empty())
            .and_then(|name| {
                let name = name.to_lowercase();
                let beside = || self.below.get(name.split_once('.')?.1);
                self.exact.get(&name).or_else(beside)
            });
        own.unwrap_or(&self.default)
    }

    /// Returns when the first certificate expires, in seconds since 1970.
    pub(super) fn expires(&self) -> Option<i64> {
        let all = [&self.default]
            .into_iter()
            .chain(self.exact.values())
            .chain(self.below.values());
        let leaves = all.filter_map(|certificate| certificate.cert.first());
        leaves
            .filter_map(|leaf| Validity::of(leaf))
            .map(|validity| validity.not_after)
            .min()
    }
}

/// The set that handshakes use. Swapped whole; connections keep what they began with.
#[derive(Debug)]
pub(super) struct ServedCertificates(pub(super) ArcSwap<CertificateSet>);

impl ResolvesServerCert for ServedCertificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(self.0.load().choose(hello.server_name())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(name: &str) -> Arc<CertifiedKey> {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into();
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let certified = CertifiedKey::from_der(vec![made.cert.der().clone()], key, &provider);
        Arc::new(certified.expect("a usable pair"))
    }

    #[test]
    fn the_closest_name_wins() {
        let [default, exact, below] = ["default", "exact", "below"].map(certificate);
        let mut set = CertificateSet::new(Arc::clone(&default));
        assert!(Arc::ptr_eq(set.choose(Some("api.example.com")), &default));
        set.add("api.example.com", &exact);
        set.add("*.example.com", &below);
        for (name, expected) in [
            (None, &default),
            (Some("api.example.com"), &exact),
            (Some("API.Example.com"), &exact),
            (Some("other.example.com"), &below),
            (Some("a.other.example.com"), &default),
            (Some("example.com"), &default),
            (Some("com"), &default),
        ] {
            assert!(Arc::ptr_eq(set.choose(name), expected), "{name:?}");
        }
        assert!(set.expires().is_some());
    }
}
