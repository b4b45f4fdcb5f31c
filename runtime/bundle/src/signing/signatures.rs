//! `manifest.sig`: who signed.

use super::key::{PublicKey, SigningKey};
use crate::manifest::names;
use crate::reader::unpack;
use crate::writer::{archive, json};
use crate::{Bundle, Digest, Limits, ReadError, WriteError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// The version of the file that this crate writes and the only one it reads.
const FORMAT: u32 = 1;

/// A bundle is signed by so many keys at the most: a few people, and two keys each while they are replaced.
pub const MOST_SIGNATURES: usize = 16;

/// Every signature of a bundle, sorted by key.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signatures {
    format: u32,
    signatures: Vec<Signature>,
}

/// One signature over the manifest's bytes.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Signature {
    /// [`PublicKey::id`]
    key_id: Digest,
    /// The key's 32 bytes, base64.
    public_key: String,
    /// The signature's 64 bytes, base64.
    ed25519: String,
}

/// Why a bundle could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// It is not intact.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It cannot be put together again.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It has as many signatures as a bundle may have.
    #[error("the bundle has {MOST_SIGNATURES} signatures already")]
    TooMany,
}

impl Signatures {
    /// Adds a signature; one by the same key is there already, as a key always signs the same way.
    fn add(&mut self, key: &SigningKey, manifest: &[u8]) {
        let public = key.public();
        let signature = Signature {
            key_id: public.id(),
            public_key: STANDARD.encode(public.bytes()),
            ed25519: STANDARD.encode(key.sign(manifest)),
        };
        self.format = FORMAT;
        self.signatures.retain(|other| other.key_id != signature.key_id);
        self.signatures.push(signature);
        self.signatures.sort_by_key(|signature| signature.key_id);
    }
}

/// Returns the same bundle with one more signature. Its digest, which is the manifest's, stays.
///
/// # Errors
///
/// When the bundle is not intact, or has [`MOST_SIGNATURES`].
pub fn sign_bundle(bundle: &[u8], key: &SigningKey, limits: &Limits) -> Result<Vec<u8>, SignError> {
    let signers = Bundle::read(bundle, limits)?.signers;
    if signers.len() >= MOST_SIGNATURES && !signers.contains(&key.public()) {
        return Err(SignError::TooMany);
    }
    let mut files = unpack(bundle, limits)?;
    // It has been read: there is a manifest, and what signatures there are are in order.
    let manifest = files.remove(names::MANIFEST).unwrap_or_default();
    let mut signatures = match files.remove(names::SIGNATURE) {
        Some(bytes) => parse(&bytes)?,
        None => Signatures::default(),
    };
    signatures.add(key, &manifest);
    let signatures = json(names::SIGNATURE, &signatures)?;
    Ok(archive(&manifest, Some(&signatures), &files)?)
}

/// Returns whose signatures a bundle bears, sorted by identifier.
///
/// # Errors
///
/// When one of them is not of its key over this manifest: a bundle that was tampered with.
pub(crate) fn read_signers(bytes: &[u8], manifest: &[u8]) -> Result<Vec<PublicKey>, ReadError> {
    let Signatures { signatures, .. } = parse(bytes)?;
    if signatures.len() > MOST_SIGNATURES {
        return Err(ReadError::TooLarge {
            what: "the number of signatures".into(),
            limit: MOST_SIGNATURES as u64,
        });
    }
    let mut signers: Vec<PublicKey> = Vec::with_capacity(signatures.len());
    for signature in &signatures {
        let key = STANDARD.decode(&signature.public_key).ok();
        let key = key.and_then(|bytes| PublicKey::from_bytes(&bytes));
        let value = STANDARD.decode(&signature.ed25519).ok();
        match (key, value) {
            (Some(key), Some(value))
                if key.id() == signature.key_id && !signers.contains(&key) && key.verifies(manifest, &value) =>
            {
                signers.push(key);
            }
            _ => return Err(ReadError::Signature { key: signature.key_id }),
        }
    }
    Ok(signers)
}

fn parse(bytes: &[u8]) -> Result<Signatures, ReadError> {
    crate::reader::check_format(names::SIGNATURE, bytes, FORMAT)?;
    crate::reader::parse(names::SIGNATURE, bytes)
}

#[cfg(test)]
mod tests;
