//! PKCS#12 key and trust stores, as OpenSSL and `keytool` write them, old encryption (3DES and 40-bit RC2 under SHA-1)
//! and new (PBES2 with AES), and what certificates say of themselves.
//!
//! Bytes in, plain data out: files, settings and clocks belong to the caller. Stores are read once and only read; what
//! is served, verified and signed with the keys in them is done by the gateway's own cryptographic library. This crate
//! alone depends on another, because old stores need ciphers that the gateway's library rightly does not have.

mod authority;
mod certificate;
mod entry;
mod error;
mod names;
mod pem;
mod rounds;
mod store;
mod strength;
#[cfg(test)]
mod tests;
mod validity;

pub use authority::is_authority;
pub use certificate::CertificateFacts;
pub use entry::{CertificateEntry, KeyEntry};
pub use error::KeyStoreError;
pub use names::CertificateNames;
pub use pem::{CertificateError, read_certificates, to_pem};
pub use store::{KeyStore, MAX_BYTES, MAX_CERTIFICATES};
pub use strength::{CertificateKey, SignatureHash};
pub use validity::Validity;
