//! A key set document.

use crate::auth::jwt::VerificationKey;
use crate::config::Algorithm;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;

/// Most keys that one set may hold.
const MAX_KEYS: usize = 64;

/// An issuer's keys at one time.
#[derive(Debug, Default)]
pub(crate) struct KeySet {
    pub(crate) keys: Vec<VerificationKey>,
    /// Epoch milliseconds of the fetch; 0: never fetched.
    pub(crate) fetched_at_ms: u64,
}

/// Elements stay generic: one key of an unknown kind must not hide the others.
#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Reads a document. Keys that cannot verify any of `algorithms` are left out; none left is a failure.
    pub(crate) fn parse(bytes: &[u8], algorithms: &[Algorithm], fetched_at_ms: u64) -> Result<Self, &'static str> {
        let document: Document = serde_json::from_slice(bytes).map_err(|_| "the answer is not a key set")?;
        if document.keys.len() > MAX_KEYS {
            return Err("the key set has too many keys");
        }
        let keys: Vec<_> = document
            .keys
            .into_iter()
            .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
            .filter_map(|jwk| VerificationKey::from_jwk(&jwk, algorithms).ok())
            .collect();
        if keys.is_empty() {
            return Err("the key set has no key of an accepted algorithm");
        }
        Ok(Self { keys, fetched_at_ms })
    }

    /// Returns the key for a token. Without `kid` there has to be exactly one key of the algorithm.
    pub(crate) fn find(&self, key_id: Option<&str>, algorithm: Algorithm) -> Option<&VerificationKey> {
        let mut fitting = self.keys.iter().filter(|key| key.supports(algorithm));
        match key_id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id)),
            None => {
                let only = fitting.next();
                if fitting.next().is_some() { None } else { only }
            }
        }
    }
}
