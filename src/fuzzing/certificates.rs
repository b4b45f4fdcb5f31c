//! Entry points of the fuzz targets into the readers of certificates and key stores, which belong to a crate without a feature
//! for them.

use mgw_keystore::{CertificateFacts, CertificateNames, KeyStore, Validity, is_authority, read_certificates, to_pem};

/// Reads certificates, and what they say of themselves. They are written as what is read again.
pub fn certificates(bytes: &[u8]) -> String {
    match read_certificates(bytes) {
        Ok(certificates) => {
            assert!(!certificates.is_empty());
            let mut text = String::new();
            for certificate in &certificates {
                let facts = CertificateFacts::of(certificate).map(|facts| format!("{facts:?}"));
                let validity = Validity::of(certificate).expect("what is read has a time");
                let _ = (facts, CertificateNames::of(certificate), is_authority(certificate));
                let _ = validity.holds_at(1_800_000_000);
                text.push_str(&to_pem("CERTIFICATE", certificate));
            }
            assert_eq!(read_certificates(text.as_bytes()), Ok(certificates));
            String::new()
        }
        Err(error) => error.to_string(),
    }
}

/// Opens a key store with the password on its first line.
pub fn key_store(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (password, store) = bytes.split_at(end);
    let password = String::from_utf8_lossy(password);
    match KeyStore::read(store.get(1..).unwrap_or_default(), &password) {
        Ok(store) => {
            let _ = store.key(None);
            for alias in store.aliases() {
                let has_key = store.key(Some(alias)).is_some();
                assert!(has_key || !store.named(alias).is_empty(), "{alias} names nothing");
            }
            store
                .certificates()
                .iter()
                .for_each(|entry| drop(certificates(&entry.der)));
            String::new()
        }
        Err(error) => error.to_string(),
    }
}
