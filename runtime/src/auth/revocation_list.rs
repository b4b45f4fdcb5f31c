//! Revocations as text: one JSON object per line, in files and in requests to the admin listener.

use super::{Revocations, Revoked};
use serde::Deserialize;

/// Longest line.
const MAX_LINE: usize = 70_000;

/// One revocation. Exactly one of the first three members is there.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevocationEntry {
    #[serde(default)]
    pub(super) jti: Option<String>,
    #[serde(default, alias = "revokedToken")]
    pub(super) token: Option<String>,
    #[serde(default, alias = "jwtSignature", alias = "jwt_signature")]
    pub(super) signature: Option<String>,
    /// Seconds or milliseconds since the epoch.
    #[serde(default, alias = "expiryTime", alias = "expiry_time")]
    pub(super) expires: Option<u64>,
}

/// What is wrong with a list of revocations. Never quotes the line: it may hold a token that is still good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct RevocationListError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What became of a list.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AppliedRevocations {
    /// How many revocations are in force.
    pub revoked: usize,
    /// The lines of which nothing came.
    pub errors: Vec<RevocationListError>,
}

/// Times above this are milliseconds.
const MILLISECONDS: u64 = 100_000_000_000;

/// Returns a time since the epoch, in seconds or milliseconds, in milliseconds.
pub(super) fn milliseconds(time: u64) -> u64 {
    if time > MILLISECONDS {
        time
    } else {
        time.saturating_mul(1000)
    }
}

impl Revocations {
    /// Applies a list: `{"jti": …}`, `{"token": …}` or `{"signature": …}`, each with an optional `expires`. Lines that cannot
    /// be applied keep no other from it: who revokes is in a hurry.
    pub fn apply(&self, list: &str, now_ms: u64) -> AppliedRevocations {
        let mut applied = AppliedRevocations::default();
        for (position, line) in list.lines().enumerate() {
            let line_text = line.trim();
            if line_text.is_empty() || line_text.starts_with('#') {
                continue;
            }
            match self.apply_line(line_text, now_ms) {
                Ok(()) => applied.revoked += 1,
                Err(reason) => applied.errors.push(RevocationListError {
                    line: position + 1,
                    reason,
                }),
            }
        }
        applied
    }

    fn apply_line(&self, line: &str, now_ms: u64) -> Result<(), &'static str> {
        if line.len() > MAX_LINE {
            return Err("the line is too long");
        }
        const OTHER: &str = "not a JSON object whose members are one of `jti`, `token` and `signature`, and `expires`";
        // A list would be taken for the members in their order.
        if !line.starts_with('{') {
            return Err(OTHER);
        }
        let line: RevocationEntry = serde_json::from_str(line).map_err(|_| OTHER)?;
        self.apply_entry(&line, now_ms)
    }

    /// Applies one revocation.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn apply_entry(&self, line: &RevocationEntry, now_ms: u64) -> Result<(), &'static str> {
        let (text, what) = match (&line.jti, &line.token, &line.signature) {
            (Some(text), None, None) => (text, Revoked::TokenId(text)),
            // The product keeps whole JWTs by their third part; both admit nobody.
            (None, Some(text), None) => (text, Revoked::Token(text)),
            (None, None, Some(text)) => (text, Revoked::Signature(text)),
            _ => return Err("exactly one of `jti`, `token` and `signature` is needed"),
        };
        // A variable that was empty, most likely: whoever believes that something is revoked now is wrong.
        if text.trim().is_empty() {
            return Err("`jti`, `token` or `signature` is empty, which revokes nothing");
        }
        self.revoke(what, line.expires.map(milliseconds), now_ms)
            .map_err(|_| "the set of revoked tokens is full")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_applied_line_by_line() {
        let set = Revocations::new(10);
        let list = "# comment\n{\"jti\":\"a\"}\n\n{\"token\":\"t\",\"expires\":200}\n{\"jwtSignature\":\"s\",\"expiryTime\":1700000000000}\n";
        let applied = set.apply(list, 100_000);
        assert_eq!((applied.revoked, applied.errors), (3, vec![]));
        assert!(set.contains("x", Some("a")) && set.contains("t", None) && set.contains("h.p.s", None));
        assert_eq!(set.apply("[\"a\"]\n", 100_000).revoked, 0, "a list names nothing");
        set.sweep(200_000);
        assert_eq!(set.len(), 2);
    }

    #[test]
    fn bad_lines_are_named_and_the_others_applied() {
        let set = Revocations::new(10);
        let list = "{\"jti\":\"a\"}\nsecret-token\n{\"jti\":\"a\",\"token\":\"b\"}\n{\"other\":1}\n{}\n{\"jti\":\"\"}\n{\"token\":\" \"}\n{\"signature\":\"\"}\n";
        let AppliedRevocations { revoked, errors } = set.apply(list, 0);
        let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
        assert_eq!((revoked, &*lines), (1, &[2, 3, 4, 5, 6, 7, 8][..]));
        assert!(!format!("{errors:?}").contains("secret-token"));
        assert_eq!(set.len(), 1);
    }
}
