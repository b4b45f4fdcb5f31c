//! Keys for signing and for checking.

use crate::Digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use std::fmt;
use zeroize::Zeroizing;

/// What stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo: the only such structure there is, by RFC 8410.
const PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// Bytes of a key.
const LENGTH: usize = 32;

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no such block in the text.
    #[error("there is no PEM block `{0}`")]
    Missing(&'static str),
    /// There are several keys in the text, and nothing says which is meant.
    #[error("there are several PEM blocks `{0}` in it")]
    Several(&'static str),
    /// The block is there, in one line: whoever handed it on has turned its line ends into something else.
    #[error("the line ends of the PEM block `{0}` are lost")]
    OneLine(&'static str),
    /// A key of another kind, or a damaged one.
    #[error("it is no Ed25519 key")]
    NotEd25519,
    /// The private half needs a passphrase.
    #[error("the key is encrypted")]
    Encrypted,
    /// The system gives no random numbers.
    #[error("no key could be made")]
    Generation,
}

/// A key that signatures are checked with. Its identifier is the digest of its SubjectPublicKeyInfo.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; LENGTH]);

impl PublicKey {
    /// Reads a `PUBLIC KEY` block.
    ///
    /// # Errors
    ///
    /// When there is none or more than one, or it is of another kind.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        only_one(text, "PUBLIC KEY")?;
        let der = SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes());
        let der = der.map_err(|_| match has_one_line(text, "PUBLIC KEY") {
            true => KeyError::OneLine("PUBLIC KEY"),
            false => KeyError::Missing("PUBLIC KEY"),
        })?;
        let bytes = der.strip_prefix(&PREFIX).ok_or(KeyError::NotEd25519)?;
        Self::from_bytes(bytes).ok_or(KeyError::NotEd25519)
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn der(&self) -> Vec<u8> {
        [&PREFIX[..], &self.0].concat()
    }

    /// The key as a `PUBLIC KEY` block.
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &self.der())
    }

    /// What the key is called where it has no name: SHA-256 of its SubjectPublicKeyInfo.
    pub fn id(&self) -> Digest {
        Digest::of(&self.der())
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0)
            .verify(message, signature)
            .is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A key that signs bundles.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Makes a new key.
    ///
    /// # Errors
    ///
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        let made = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| KeyError::Generation)?;
        Self::from_der(made.as_ref())
    }

    /// Reads a `PRIVATE KEY` block.
    ///
    /// # Errors
    ///
    /// When there is none or more than one, it is of another kind, or is encrypted.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        only_one(text, "PRIVATE KEY")?;
        match PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()) {
            Ok(der) => Self::from_der(der.secret_pkcs8_der()),
            Err(_) if text.contains("BEGIN ENCRYPTED PRIVATE KEY") => Err(KeyError::Encrypted),
            Err(_) if has_one_line(text, "PRIVATE KEY") => Err(KeyError::OneLine("PRIVATE KEY")),
            // As OpenSSL writes keys of elliptic curves, and others before PKCS#8: none of them is an Ed25519 key.
            Err(_) if text.contains(" PRIVATE KEY-----") => Err(KeyError::NotEd25519),
            Err(_) => Err(KeyError::Missing("PRIVATE KEY")),
        }
    }

    /// Both versions of PKCS#8 are read: OpenSSL writes the first one, which does not hold the public key.
    fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
            .map(Self)
            .map_err(|_| KeyError::NotEd25519)
    }

    /// The key as a `PRIVATE KEY` block: a secret.
    ///
    /// # Errors
    ///
    /// When it cannot be encoded.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        let der = self.0.to_pkcs8v1().map_err(|_| KeyError::Generation)?;
        Ok(Zeroizing::new(pem("PRIVATE KEY", der.as_ref())))
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; LENGTH];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// The same message always gets the same signature.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// Never shows the private half.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public().id())
    }
}

/// Whoever takes the first of several keys leaves the others out, and nobody notices.
fn only_one(text: &str, block: &'static str) -> Result<(), KeyError> {
    match text.matches(&format!("-----BEGIN {block}-----")).count() {
        0 | 1 => Ok(()),
        _ => Err(KeyError::Several(block)),
    }
}

/// Whether a block is there, but for its line ends.
fn has_one_line(text: &str, block: &str) -> bool {
    let text = text.trim();
    !text.contains(['\n', '\r']) && text.contains(&format!("-----BEGIN {block}-----"))
}

/// Keys of this kind fit in one line.
fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From RFC 8410, section 10.
    const RFC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    const RFC_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";

    #[test]
    fn keys_are_read_and_written_as_the_standard_has_them() {
        let key = SigningKey::from_pem(RFC_PRIVATE).expect("a key");
        assert_eq!(key.public().to_pem(), RFC_PUBLIC);
        assert_eq!(*key.to_pem().expect("encoded"), RFC_PRIVATE);
        assert_eq!(PublicKey::from_pem(RFC_PUBLIC), Ok(key.public()));
        // openssl pkey -pubin -outform DER | sha256sum
        assert_eq!(
            key.public().id().to_string(),
            "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f"
        );
    }

    #[test]
    fn a_new_key_is_read_back_and_shows_no_secret() {
        let key = SigningKey::generate().expect("a key");
        let pem = key.to_pem().expect("encoded");
        let again = SigningKey::from_pem(&pem).expect("a key");
        assert_eq!(again.public(), key.public());
        assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public().id()));
        assert_ne!(SigningKey::generate().expect("a key").public(), key.public());
    }

    #[test]
    fn what_is_no_such_key_is_named() {
        let other = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n";
        assert_eq!(PublicKey::from_pem(other), Err(KeyError::NotEd25519));
        assert_eq!(PublicKey::from_pem(RFC_PRIVATE), Err(KeyError::Missing("PUBLIC KEY")));
        assert_eq!(PublicKey::from_pem(""), Err(KeyError::Missing("PUBLIC KEY")));
        let refused = |text: &str| SigningKey::from_pem(text).err();
        assert_eq!(refused(RFC_PUBLIC), Some(KeyError::Missing("PRIVATE KEY")));
        let encrypted = RFC_PRIVATE.replace("PRIVATE", "ENCRYPTED PRIVATE");
        assert_eq!(refused(&encrypted), Some(KeyError::Encrypted));
        let cut = RFC_PRIVATE.replace("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06", "MC4CAQAwBQYDK2Vw");
        assert_eq!(refused(&cut), Some(KeyError::NotEd25519));
        // As `openssl ecparam -genkey` writes them.
        let curve = RFC_PRIVATE.replace("PRIVATE", "EC PRIVATE");
        assert_eq!(refused(&curve), Some(KeyError::NotEd25519));
    }

    #[test]
    fn lost_line_ends_are_told() {
        for instead in [" ", "\\n", ""] {
            let key = SigningKey::from_pem(&RFC_PRIVATE.replace('\n', instead));
            assert_eq!(key.err(), Some(KeyError::OneLine("PRIVATE KEY")), "{instead:?}");
            let key = PublicKey::from_pem(&RFC_PUBLIC.replace('\n', instead));
            assert_eq!(key, Err(KeyError::OneLine("PUBLIC KEY")), "{instead:?}");
        }
        // The ends of lines of other systems are no problem.
        assert!(SigningKey::from_pem(&RFC_PRIVATE.replace('\n', "\r\n")).is_ok());
    }

    #[test]
    fn none_of_several_keys_is_chosen() {
        let other = SigningKey::generate().expect("a key");
        let public = format!("{RFC_PUBLIC}{}", other.public().to_pem());
        assert_eq!(PublicKey::from_pem(&public), Err(KeyError::Several("PUBLIC KEY")));
        let private = format!("{RFC_PRIVATE}{}", *other.to_pem().expect("encoded"));
        assert_eq!(
            SigningKey::from_pem(&private).err(),
            Some(KeyError::Several("PRIVATE KEY"))
        );
        let halves = format!("{RFC_PRIVATE}{RFC_PUBLIC}");
        assert_eq!(
            PublicKey::from_pem(&halves).ok(),
            SigningKey::from_pem(&halves).ok().map(|key| key.public())
        );
    }
}
