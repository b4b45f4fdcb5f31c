//! The gateway's own users (`[b7a.users.<name>]`).

use super::TablePlaces;
use super::catalogue::{Key, Kind};
use super::settings::Reader;
use crate::slow_hash::{SlowHash, SlowHashError};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

pub(super) const KEYS: &[Key] = &[Key::unset(
    "b7a.users",
    Kind::Named(USER_KEYS),
    "users of basic authentication",
)];

const USER_KEYS: &[Key] = &[
    Key::unset(
        "password",
        Kind::Secret,
        "hash of the password: 40 hex digits of SHA-1, `@sha256:{hex}`, `@sha384:{hex}`, `@sha512:{hex}`, `@pbkdf2:{iterations:salt:hash}`, or an argon2id or bcrypt hash (`$argon2id$…`, `$2b$…`)",
    ),
    Key::new("scopes", Kind::List, "", "scopes of the user"),
];

/// Fewest rounds of PBKDF2 that are worth the name.
const MIN_ITERATIONS: u32 = 1000;
/// Most rounds; more would let one request occupy a core for seconds.
const MAX_ITERATIONS: u32 = 5_000_000;

/// The hash of a password. Its `Debug` shows the method only.
#[derive(Clone)]
pub enum PasswordHash {
    /// Unsalted SHA-1, from old micro-gw installations.
    Sha1(Vec<u8>),
    /// Unsalted SHA-256.
    Sha256(Vec<u8>),
    /// Unsalted SHA-384.
    Sha384(Vec<u8>),
    /// Unsalted SHA-512.
    Sha512(Vec<u8>),
    /// PBKDF2 with HMAC-SHA-256.
    Pbkdf2 {
        /// Rounds.
        iterations: u32,
        /// Salt.
        salt: Vec<u8>,
        /// Derived key, 32 bytes.
        hash: Vec<u8>,
    },
    /// Argon2id or bcrypt.
    Slow(SlowHash),
}

impl PasswordHash {
    /// Returns whether a check takes so long that it must not happen on a request thread.
    pub fn is_slow(&self) -> bool {
        matches!(self, Self::Pbkdf2 { .. } | Self::Slow(_))
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Slow(hash) => return hash.fmt(formatter),
            Self::Sha1(_) => "Sha1",
            Self::Sha256(_) => "Sha256",
            Self::Sha384(_) => "Sha384",
            Self::Sha512(_) => "Sha512",
            Self::Pbkdf2 { .. } => "Pbkdf2",
        })
    }
}

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    /// Hash of the password.
    pub password: PasswordHash,
    /// Scopes.
    pub scopes: Vec<String>,
    /// Where its settings were made.
    pub places: TablePlaces,
}

/// All users, by name.
#[derive(Debug, Clone, Default)]
pub struct Users {
    /// By exact name.
    pub by_name: BTreeMap<String, User>,
}

impl Users {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let users = reader.named("b7a.users", |name, reader| {
            let hash = reader.secret("password").as_ref().map(parse);
            match hash {
                Some(Ok(password)) => Some((
                    name.to_owned(),
                    User {
                        password,
                        scopes: reader.list("scopes"),
                        places: reader.places(),
                    },
                )),
                Some(Err(error)) => {
                    let user = name.escape_debug();
                    let reason = match error {
                        SlowHashError::Form => format!("the password of user `{user}` is not a known hash"),
                        SlowHashError::Cost => format!("the password hash of user `{user}`: {error}"),
                    };
                    reader.fail(
                        "password",
                        reason,
                        "Write `$argon2id$…`, `$2b$…`, `@pbkdf2:{iterations:salt:hash}`, `@sha256:{hex}`, `@sha384:{hex}`, \
                         `@sha512:{hex}` or 40 hex digits of SHA-1.",
                    );
                    None
                }
                None => {
                    let reason = format!("user `{}` has no password", name.escape_debug());
                    reader.fail("password", reason, "Set `password` to a hash.");
                    None
                }
            }
        });
        Self {
            by_name: users.into_iter().collect(),
        }
    }
}

fn parse(secret: &SecretString) -> Result<PasswordHash, SlowHashError> {
    let text = secret.expose_secret().trim();
    if text.starts_with('$') {
        return text.parse().map(PasswordHash::Slow);
    }
    of_micro_gw(text).ok_or(SlowHashError::Form)
}

/// Reads the forms of micro-gw, and PBKDF2.
fn of_micro_gw(text: &str) -> Option<PasswordHash> {
    let tagged = |tag: &str| text.strip_prefix(tag)?.strip_prefix(":{")?.strip_suffix('}');
    if let Some(digits) = tagged("@sha256") {
        return hex(digits, 32).map(PasswordHash::Sha256);
    }
    if let Some(digits) = tagged("@sha384") {
        return hex(digits, 48).map(PasswordHash::Sha384);
    }
    if let Some(digits) = tagged("@sha512") {
        return hex(digits, 64).map(PasswordHash::Sha512);
    }
    if let Some(parts) = tagged("@pbkdf2") {
        let mut parts = parts.split(':');
        let iterations = parts.next()?.parse().ok()?;
        let salt = parts.next()?;
        let salt = hex(salt, salt.len() / 2).filter(|salt| salt.len() >= 8)?;
        let hash = hex(parts.next()?, 32)?;
        let valid = parts.next().is_none() && (MIN_ITERATIONS..=MAX_ITERATIONS).contains(&iterations);
        return valid.then_some(PasswordHash::Pbkdf2 { iterations, salt, hash });
    }
    hex(text, 20).map(PasswordHash::Sha1)
}

/// Decodes exactly `length` bytes.
fn hex(text: &str, length: usize) -> Option<Vec<u8>> {
    if text.len() != length * 2 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..length)
        .map(|index| u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok())
        .collect()
}
