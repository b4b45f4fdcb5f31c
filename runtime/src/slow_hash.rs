//! Password hashes made to be slow: argon2id and bcrypt.
//!
//! The crypto library of the gateway offers neither. Two small crates do, and only this module uses them; a record under
//! `docs/decisions/` tells why. Parsing is cheap and refuses costs that would occupy a core for seconds; checking is
//! for threads that may block.

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use bcrypt::HashParts;
use std::str::FromStr;

/// Least memory of argon2id that is worth the name, in KiB.
const MIN_MEMORY: u32 = 1024;
/// Most memory, in KiB: a few checks run at once.
const MAX_MEMORY: u32 = 131_072;
/// Most memory times passes, in KiB: about a second.
const MAX_WORK: u64 = 1 << 20;
/// Most lanes. They are worked off one after the other.
const MAX_LANES: u32 = 16;
/// Longest result of argon2id, in bytes.
const MAX_OUTPUT: usize = 64;
/// Highest cost of bcrypt: about a second. Its own least is 4.
const MAX_COST: u32 = 14;
/// Bytes that bcrypt looks at; a longer password is refused, not cut off.
const MAX_BCRYPT_PASSWORD: usize = 71;

/// A password hash made to be slow. Its `Debug` shows the method only.
#[derive(Clone)]
pub struct SlowHash(Method);

#[derive(Clone)]
enum Method {
    Argon2id {
        params: Params,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Bcrypt(String),
}

/// Why a text is no usable hash. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlowHashError {
    /// It is of another form.
    #[error("not an argon2id or bcrypt hash")]
    Form,
    /// Checking it would take too long, or too little to be of use.
    #[error(
        "its cost is out of bounds: argon2id takes 1 to 128 MiB of memory, at most 16 lanes and 1 GiB of memory times passes; bcrypt a cost of 4 to 14"
    )]
    Cost,
}

impl std::fmt::Debug for SlowHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self.0 {
            Method::Argon2id { .. } => "Argon2id",
            Method::Bcrypt(_) => "Bcrypt",
        })
    }
}

impl FromStr for SlowHash {
    type Err = SlowHashError;

    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash` or `$2b$…` (also `$2a$`, `$2y$`).
    fn from_str(text: &str) -> Result<Self, SlowHashError> {
        if text.starts_with("$argon2id$") {
            return argon2id(text).map(Self);
        }
        if !["$2a$", "$2b$", "$2y$"].iter().any(|tag| text.starts_with(tag)) {
            return Err(SlowHashError::Form);
        }
        let parts = HashParts::from_str(text).map_err(|_| SlowHashError::Form)?;
        if !(4..=MAX_COST).contains(&parts.get_cost()) {
            return Err(SlowHashError::Cost);
        }
        Ok(Self(Method::Bcrypt(text.to_owned())))
    }
}

fn argon2id(text: &str) -> Result<Method, SlowHashError> {
    let phc = Phc::new(text).map_err(|_| SlowHashError::Form)?;
    // Without the version it would be the first one, which has a weakness.
    if phc.version != Some(Version::V0x13.into()) {
        return Err(SlowHashError::Form);
    }
    let (Some(salt), Some(hash)) = (&phc.salt, &phc.hash) else {
        return Err(SlowHashError::Form);
    };
    let params = Params::try_from(&phc).map_err(|_| SlowHashError::Form)?;
    if !params.keyid().is_empty() || !params.data().is_empty() || hash.len() < 16 || hash.len() > MAX_OUTPUT {
        return Err(SlowHashError::Form);
    }
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if !(MIN_MEMORY..=MAX_MEMORY).contains(&params.m_cost()) || work > MAX_WORK || params.p_cost() > MAX_LANES {
        return Err(SlowHashError::Cost);
    }
    Ok(Method::Argon2id {
        params,
        salt: salt.to_vec(),
        hash: hash.as_bytes().to_vec(),
    })
}

impl SlowHash {
    /// The cost of a hash of bcrypt: the work is two to this power. `None`: it is of argon2id.
    pub fn bcrypt_cost(&self) -> Option<u32> {
        match &self.0 {
            Method::Argon2id { .. } => None,
            Method::Bcrypt(text) => Some(HashParts::from_str(text).ok()?.get_cost()),
        }
    }

    /// Returns whether this is the hash of the password. Takes up to about a second.
    pub(crate) fn matches(&self, password: &[u8]) -> bool {
        match &self.0 {
            Method::Argon2id { params, salt, hash } => {
                let mut made = vec![0; hash.len()];
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
                argon2.hash_password_into(password, salt, &mut made).is_ok()
                    && verify_slices_are_equal(&made, hash).is_ok()
            }
            Method::Bcrypt(hash) => {
                password.len() <= MAX_BCRYPT_PASSWORD
                    && !password.contains(&0)
                    && bcrypt::non_truncating_verify(password, hash).unwrap_or(false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the reference implementation of argon2 and by libxcrypt.
    const GOOD: [&str; 4] = [
        "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$fHtFXPahiNhpRV0TQ8fWIkV0WwcYiKf5c/t+QHsdkrc",
        "$argon2id$v=19$m=4096,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$V2GY/7C3kd3TVy0lLYxUtYnqwcM3XJTyGJDlh8aOzVk",
        "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW",
        "$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a",
    ];

    #[test]
    fn hashes_of_other_programs_match_their_password_only() {
        for text in GOOD {
            let hash = SlowHash::from_str(text).expect("a hash");
            assert!(hash.matches(b"secret"), "{text}");
            let cost = text
                .strip_prefix("$2")
                .map(|rest| if rest.starts_with('b') { 4 } else { 5 });
            assert_eq!(hash.bcrypt_cost(), cost, "{text}");
            for wrong in [&b"Secret"[..], b"secret\0", b"", &[b's'; 100]] {
                assert!(!hash.matches(wrong), "{text}");
            }
        }
    }

    #[test]
    fn other_forms_and_costs_are_refused() {
        let argon2id = |settings: &str| {
            format!("$argon2id${settings}$c2FsdHNhbHRzYWx0c2FsdA$fHtFXPahiNhpRV0TQ8fWIkV0WwcYiKf5c/t+QHsdkrc")
        };
        let bcrypt = |cost: &str| format!("$2b${cost}$abcdefghijklmnopqrstuu{}", "a".repeat(31));
        for (text, expected) in [
            (argon2id("v=19$m=1023,t=1,p=1"), SlowHashError::Cost),
            (argon2id("v=19$m=131073,t=1,p=1"), SlowHashError::Cost),
            (argon2id("v=19$m=131072,t=9,p=1"), SlowHashError::Cost),
            (argon2id("v=19$m=1024,t=1,p=17"), SlowHashError::Cost),
            (argon2id("v=19$m=1024,t=1,p=0"), SlowHashError::Form),
            (argon2id("v=16$m=1024,t=1,p=1"), SlowHashError::Form),
            (argon2id("m=1024,t=1,p=1"), SlowHashError::Form),
            (GOOD[0].replace("argon2id", "argon2d"), SlowHashError::Form),
            (
                "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHQ".to_owned(),
                SlowHashError::Form,
            ),
            ("$argon2id$".to_owned(), SlowHashError::Form),
            (bcrypt("15"), SlowHashError::Cost),
            (bcrypt("03"), SlowHashError::Cost),
            (bcrypt("xx"), SlowHashError::Form),
            ("$2b$10$short".to_owned(), SlowHashError::Form),
            (GOOD[2].replace("$2b$", "$2x$"), SlowHashError::Form),
            (String::new(), SlowHashError::Form),
        ] {
            assert_eq!(SlowHash::from_str(&text).err(), Some(expected), "{text}");
        }
    }

    #[test]
    fn debug_shows_the_method_only() {
        let hash = SlowHash::from_str(GOOD[0]).expect("a hash");
        assert_eq!(format!("{hash:?}"), "Argon2id");
    }
}
