//! Who vouches for a bundle: Ed25519 signatures over the bytes of its manifest, which lists the digest of everything else.
//!
//! Keys are PEM files as every tool makes and reads them: PKCS#8 for signing, SubjectPublicKeyInfo for checking. A signature
//! names its key by the digest of the latter and carries it, so that reading a bundle can tell a damaged signature from an
//! intact one of somebody who is not trusted. Whom to trust is up to the caller.

mod key;
mod signatures;

pub use key::{KeyError, PublicKey, SigningKey};
pub use signatures::{MOST_SIGNATURES, SignError, sign_bundle};

pub(crate) use signatures::read_signers;
