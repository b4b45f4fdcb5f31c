//! Revoked tokens, by `jti`, by whole token and by signature; bounded, and forgotten once they would have expired.

use aws_lc_rs::digest::{SHA256, digest};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

/// How long a revocation without expiry is kept: longer than any access token should live.
pub(super) const DEFAULT_LIFE_MS: u64 = 90 * 24 * 3600 * 1000;

/// What is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked<'a> {
    /// The token with this `jti`.
    TokenId(&'a str),
    /// This very token.
    Token(&'a str),
    /// The JWT with this third part.
    Signature(&'a str),
    /// The token with this `jti`, this very token, or the JWT with this third part: control planes do not tell which.
    Any(&'a str),
}

impl<'a> Revoked<'a> {
    /// What a control plane names without telling the kind. Of a whole JWT the third part is enough.
    pub(super) fn any(text: &'a str) -> Self {
        match text.rsplit_once('.') {
            Some((front, signature)) if front.split('.').count() == 2 => Self::Any(signature),
            _ => Self::Any(text),
        }
    }
}

/// The set is full; nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the set of revoked tokens is full")]
pub struct RevocationsFull;

/// All revocations. Readers meet the lock only for tokens that they have not checked since the last change.
#[derive(Debug)]
pub struct Revocations {
    kept: RwLock<Kept>,
    capacity: usize,
    generation: AtomicU64,
}

#[derive(Debug, Default)]
struct Kept {
    /// Digests: the set holds no credential.
    expiries: HashMap<[u8; 32], u64>,
    /// No entry expires earlier: before that, looking for room in a full set is in vain.
    earliest: u64,
}

impl Kept {
    fn forget_expired(&mut self, now_ms: u64) {
        if now_ms < self.earliest {
            return;
        }
        self.expiries.retain(|_, expiry| *expiry > now_ms);
        self.earliest = self.expiries.values().min().copied().unwrap_or(0);
    }
}

impl Revocations {
    /// Creates an empty set for `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self {
            kept: RwLock::default(),
            capacity,
            generation: AtomicU64::new(1),
        }
    }

    /// Records a revocation; it takes effect with the next request on every core.
    ///
    /// # Errors
    ///
    /// When the set is full of live entries. The caller has to say so: the token is still good.
    pub fn revoke(&self, what: Revoked<'_>, expires_at_ms: Option<u64>, now_ms: u64) -> Result<(), RevocationsFull> {
        self.revoke_key(key(what), expires_at_ms, now_ms)
    }

    /// Records a revocation by its [`key`], see [`Self::revoke`].
    pub(super) fn revoke_key(
        &self,
        key: [u8; 32],
        expires_at_ms: Option<u64>,
        now_ms: u64,
    ) -> Result<(), RevocationsFull> {
        let expiry = expires_at_ms.unwrap_or(now_ms.saturating_add(DEFAULT_LIFE_MS));
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.expiries.len() >= self.capacity && !kept.expiries.contains_key(&key) {
            kept.forget_expired(now_ms);
            if kept.expiries.len() >= self.capacity {
                return Err(RevocationsFull);
            }
        }
        let before = kept.expiries.get(&key).copied();
        let expiry = expiry.max(before.unwrap_or(0));
        kept.earliest = if kept.expiries.is_empty() {
            expiry
        } else {
            kept.earliest.min(expiry)
        };
        kept.expiries.insert(key, expiry);
        drop(kept);
        // Sources are read again and again; what they repeat is no news.
        if before.is_some() {
            return Ok(());
        }
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Forgets revocations of tokens that have expired. To be called now and then.
    pub fn sweep(&self, now_ms: u64) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.forget_expired(now_ms);
    }

    /// Returns the number of entries, for the metric.
    pub fn len(&self) -> usize {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.expiries.len()
    }

    /// Returns whether nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes with every revocation; a token checked at this generation need not be checked again.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns whether a token is revoked in any way.
    pub(super) fn contains(&self, token: &str, token_id: Option<&str>) -> bool {
        if self.is_empty() {
            return false;
        }
        // Digests are made before the lock is taken: sources and other cores wait for it.
        let either = |what, text| [key(what), key(Revoked::Any(text))];
        let whole = either(Revoked::Token(token), token);
        let id = token_id.map(|id| either(Revoked::TokenId(id), id));
        let signature = token.rsplit_once('.');
        let signature = signature.map(|(_, signature)| either(Revoked::Signature(signature), signature));
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        // An entry past its expiry does no harm: the token has expired too.
        let mut keys = whole
            .iter()
            .chain(id.iter().flatten())
            .chain(signature.iter().flatten());
        keys.any(|key| kept.expiries.contains_key(key))
    }
}

/// Returns the digest by which a revocation is kept, from which nobody finds the token.
pub(super) fn key(what: Revoked<'_>) -> [u8; 32] {
    // Where padding is accepted, a token is good with and without: whoever holds it must not choose which is revoked.
    let (tag, text) = match what {
        Revoked::TokenId(text) => ("i", text),
        Revoked::Token(text) => ("t", text.trim_end_matches('=')),
        Revoked::Signature(text) => ("s", text.trim_end_matches('=')),
        Revoked::Any(text) => ("a", text.trim_end_matches('=')),
    };
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(tag.as_bytes());
    bytes.extend_from_slice(text.as_bytes());
    let mut key = [0; 32];
    key.copy_from_slice(digest(&SHA256, &bytes).as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_do_not_mix() {
        let set = Revocations::new(10);
        set.revoke(Revoked::TokenId("x"), None, 0).expect("there is room");
        assert!(set.contains("a.b.c", Some("x")));
        assert!(!set.contains("x", None) && !set.contains("a.b.x", None));
        set.revoke(Revoked::Signature("sig"), None, 0).expect("there is room");
        assert!(set.contains("a.b.sig", None) && !set.contains("a.b.c", Some("sig")));
        set.revoke(Revoked::Token("opaque"), None, 0).expect("there is room");
        assert!(set.contains("opaque", None));
        set.revoke(Revoked::Any("any"), None, 0).expect("there is room");
        for (text, kept) in [
            ("h.p.s", "s"),
            ("opaque", "opaque"),
            ("a.b", "a.b"),
            ("a.b.c.d", "a.b.c.d"),
        ] {
            assert_eq!(Revoked::any(text), Revoked::Any(kept));
        }
        assert!(set.contains("any", None) && set.contains("h.p.any", None) && set.contains("h.p.s", Some("any")));
    }

    #[test]
    fn padding_makes_no_other_token() {
        for (revoked, shown) in [
            ("h.p.s==", "h.p.s"),
            ("h.p.s", "h.p.s=="),
            ("b3==", "b3"),
            ("b3", "b3=="),
        ] {
            let signature = shown.rsplit_once('.').map_or(shown, |(_, signature)| signature);
            for what in [Revoked::Token(revoked), Revoked::any(revoked)] {
                let set = Revocations::new(10);
                set.revoke(what, None, 0).expect("there is room");
                assert!(set.contains(shown, None), "{what:?} {shown}");
            }
            let set = Revocations::new(10);
            set.revoke(Revoked::Signature(signature), None, 0)
                .expect("there is room");
            assert!(
                set.contains("h.p.s=", None) || set.contains("h.p.b3=", None),
                "{signature}"
            );
        }
    }

    #[test]
    fn the_set_is_bounded_and_expires() {
        let set = Revocations::new(2);
        let before = set.generation();
        set.revoke(Revoked::Token("a"), Some(100), 0).expect("there is room");
        set.revoke(Revoked::Token("b"), Some(200), 0).expect("there is room");
        assert_eq!(set.revoke(Revoked::Token("c"), Some(300), 0), Err(RevocationsFull));
        set.revoke(Revoked::Token("a"), Some(50), 0)
            .expect("it is known already");
        let after = set.generation();
        assert!(after > before);
        set.revoke(Revoked::Token("a"), Some(100), 0)
            .expect("it is known already");
        assert_eq!(set.generation(), after);
        set.revoke(Revoked::Token("c"), Some(300), 150)
            .expect("one has expired");
        assert!(!set.contains("a", None) && set.contains("b", None) && set.contains("c", None));
        set.sweep(250);
        assert_eq!(set.len(), 1);
        // Room is looked for when there can be some, also after a longer life was told.
        set.revoke(Revoked::Token("c"), Some(400), 250).expect("it is known");
        set.revoke(Revoked::Token("d"), Some(350), 250).expect("there is room");
        let kept = |set: &Revocations| set.kept.read().expect("not poisoned").earliest;
        assert_eq!(set.revoke(Revoked::Token("e"), Some(500), 320), Err(RevocationsFull));
        assert_eq!(kept(&set), 350, "the first to end");
        set.revoke(Revoked::Token("e"), Some(500), 350)
            .expect("one has expired");
        assert_eq!((set.len(), kept(&set)), (2, 400));
    }
}
