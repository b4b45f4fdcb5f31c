//! A store in memory.

use super::rounds::{self, MAX_ROUNDS};
use super::{CertificateEntry, KeyEntry, KeyStoreError};
use p12_keystore::{CertificateBag, Pkcs12Archive, PrivateKeyBag};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// Largest store, in bytes.
pub const MAX_BYTES: usize = 4 << 20;
/// Most certificates of a store. The authorities of all platforms together are a few hundred.
pub const MAX_CERTIFICATES: usize = 4096;
/// Longest chain of a key.
const MAX_CHAIN: usize = 10;
/// How the old Java format begins.
const JKS: [u8; 4] = [0xfe, 0xed, 0xfe, 0xed];

/// A store in memory, its entries in the order of the file.
#[derive(Debug)]
pub struct KeyStore {
    keys: Vec<KeyEntry>,
    certificates: Vec<CertificateEntry>,
}

impl KeyStore {
    /// Decodes a store.
    ///
    /// # Errors
    ///
    /// See [`KeyStoreError`].
    pub fn read(bytes: &[u8], password: &str) -> Result<Self, KeyStoreError> {
        if bytes.len() > MAX_BYTES {
            return Err(KeyStoreError::TooLarge);
        }
        if bytes.starts_with(&JKS) {
            return Err(KeyStoreError::Jks);
        }
        if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
            return Err(KeyStoreError::Pem);
        }
        if rounds::total(bytes) > MAX_ROUNDS {
            return Err(KeyStoreError::Rounds);
        }
        let archive = Pkcs12Archive::from_pkcs12(bytes, password)?;
        if archive.certs.len() > MAX_CERTIFICATES || archive.keys.len() > MAX_CERTIFICATES {
            return Err(KeyStoreError::TooMany);
        }
        Ok(Self {
            keys: archive
                .keys
                .into_iter()
                .map(|bag| key_entry(bag, &archive.certs))
                .collect(),
            certificates: archive.certs.into_iter().map(certificate_entry).collect(),
        })
    }

    /// Returns the key with an alias, or the first one that has a certificate. Aliases are compared without case, as
    /// Java does.
    pub fn key(&self, alias: Option<&str>) -> Option<&KeyEntry> {
        self.keys.iter().find(|entry| match alias {
            Some(alias) => is_named(entry.alias.as_deref(), alias),
            None => !entry.chain.is_empty(),
        })
    }

    /// Returns the certificates with an alias, those of keys included, each once.
    pub fn named(&self, alias: &str) -> Vec<&CertificateDer<'static>> {
        let keys = self.keys.iter().filter(|entry| is_named(entry.alias.as_deref(), alias));
        let own = keys.filter_map(|entry| entry.chain.first());
        let certificates = self
            .certificates
            .iter()
            .filter(|entry| is_named(entry.alias.as_deref(), alias));
        let mut found: Vec<&CertificateDer<'static>> = Vec::new();
        for certificate in own.chain(certificates.map(|entry| &entry.der)) {
            if !found.contains(&certificate) {
                found.push(certificate);
            }
        }
        found
    }

    /// Returns every certificate, those of keys included.
    pub fn certificates(&self) -> &[CertificateEntry] {
        &self.certificates
    }

    /// Returns the aliases there are, for messages about one that is missing.
    pub fn aliases(&self) -> Vec<&str> {
        let keys = self.keys.iter().filter_map(|entry| entry.alias.as_deref());
        let certificates = self.certificates.iter().filter_map(|entry| entry.alias.as_deref());
        let mut aliases: Vec<&str> = keys.chain(certificates).collect();
        aliases.sort_unstable();
        aliases.dedup();
        aliases
    }
}

fn is_named(own: Option<&str>, alias: &str) -> bool {
    own.is_some_and(|own| own.to_lowercase() == alias.to_lowercase())
}

fn certificate_entry(bag: CertificateBag) -> CertificateEntry {
    CertificateEntry {
        alias: bag.friendly_name,
        der: bag.cert.as_der().to_vec().into(),
    }
}

fn key_entry(bag: PrivateKeyBag, certificates: &[CertificateBag]) -> KeyEntry {
    let own = certificates.iter().find(|candidate| {
        let key_id = bag.local_key_id.as_ref().map(AsRef::as_ref);
        key_id.is_some() && candidate.local_key_id.as_deref() == key_id
    });
    KeyEntry {
        alias: bag.friendly_name,
        key: PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec()),
        chain: own.map(|own| chain(own, certificates)).unwrap_or_default(),
    }
}

/// Follows issuers by name; whether the signatures fit is for clients to check.
fn chain(leaf: &CertificateBag, certificates: &[CertificateBag]) -> Vec<CertificateDer<'static>> {
    let mut chain = vec![leaf];
    while chain.len() < MAX_CHAIN {
        let Some(last) = chain.last() else { break };
        let issuer = certificates.iter().find(|candidate| {
            let is_root = candidate.cert.subject() == candidate.cert.issuer();
            candidate.cert.subject() == last.cert.issuer() && !is_root
        });
        match issuer {
            Some(issuer) if !chain.iter().any(|known| known.cert == issuer.cert) => chain.push(issuer),
            _ => break,
        }
    }
    chain.into_iter().map(|bag| bag.cert.as_der().to_vec().into()).collect()
}
