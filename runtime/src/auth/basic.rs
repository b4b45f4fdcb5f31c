//! User names and passwords.

use crate::config::{PasswordHash, Users};
use crate::refusal::Refusal;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{self, digest};
use aws_lc_rs::pbkdf2;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use std::num::NonZeroU32;

/// Longest credential, encoded.
const MAX_ENCODED: usize = 1024;

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A name and a password as sent.
#[derive(Debug)]
pub(super) struct NameAndPassword {
    pub(super) name: String,
    password: SecretString,
}

impl NameAndPassword {
    /// Decodes what follows `Basic`.
    pub(super) fn decode(encoded: &str) -> Result<Self, Refusal> {
        if encoded.len() > MAX_ENCODED {
            return Err(Refusal::WrongPassword);
        }
        let decoded = ENGINE.decode(encoded).map_err(|_| Refusal::Unclassified)?;
        let text = String::from_utf8(decoded).map_err(|_| Refusal::WrongPassword)?;
        let (name, password) = text.split_once(':').ok_or(Refusal::BasicWithoutColon)?;
        if name.is_empty() || password.is_empty() {
            return Err(Refusal::WrongPassword);
        }
        Ok(Self {
            name: name.to_owned(),
            password: SecretString::from(password),
        })
    }

    /// Returns whether checking this name's password takes so long that it must not happen on a request thread.
    pub(super) fn is_slow(&self, users: &Users) -> bool {
        self.hash(users).is_some_and(|(hash, _)| hash.is_slow())
    }

    /// Returns the hash to check against, and whether it is this user's. Unknown names are checked against another's, a
    /// slow one where there is any, so that the time of an answer does not tell which names exist.
    fn hash<'a>(&self, users: &'a Users) -> Option<(&'a PasswordHash, bool)> {
        match users.by_name.get(&self.name) {
            Some(user) => Some((&user.password, true)),
            None => {
                let mut hashes = users.by_name.values().map(|user| &user.password);
                let slowest = hashes.clone().find(|hash| hash.is_slow()).or_else(|| hashes.next());
                slowest.map(|hash| (hash, false))
            }
        }
    }

    /// Checks the password.
    pub(super) fn verify(&self, users: &Users) -> bool {
        let Some((hash, known)) = self.hash(users) else {
            return false;
        };
        matches(hash, self.password.expose_secret().as_bytes()) && known
    }
}

fn matches(hash: &PasswordHash, password: &[u8]) -> bool {
    let equal =
        |algorithm, expected: &[u8]| verify_slices_are_equal(digest(algorithm, password).as_ref(), expected).is_ok();
    match hash {
        PasswordHash::Slow(hash) => hash.matches(password),
        PasswordHash::Sha1(expected) => equal(&digest::SHA1_FOR_LEGACY_USE_ONLY, expected),
        PasswordHash::Sha256(expected) => equal(&digest::SHA256, expected),
        PasswordHash::Sha384(expected) => equal(&digest::SHA384, expected),
        PasswordHash::Sha512(expected) => equal(&digest::SHA512, expected),
        PasswordHash::Pbkdf2 { iterations, salt, hash } => NonZeroU32::new(*iterations).is_some_and(|iterations| {
            pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password, hash).is_ok()
        }),
    }
}
