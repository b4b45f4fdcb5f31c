//! Verified and refused tokens, remembered by one core.
//!
//! Entries are found by a keyed hash and a full comparison of the token, so nobody can aim collisions at a core; what the
//! tables make of that hash needs no key of its own. The number and the bytes of entries are bounded.

use super::{Caller, CredentialKind, Identity};
use crate::refusal::Refusal;
use quick_cache::unsync::Cache;
use quick_cache::{Equivalent, Weighter};
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;

/// APIs for which one entry keeps the resolved caller.
const MAX_CALLERS: usize = 16;
/// Bytes that an entry takes beside its token and claims.
const OVERHEAD: usize = 512;

/// A remembered token.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TokenKey {
    digest: u64,
    kind: CredentialKind,
    resource: Option<(u32, u32)>,
    token: Box<str>,
}

impl Hash for TokenKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.digest, self.kind, self.resource).hash(state);
    }
}

/// A token and how it was presented: an API key is no access token. Made by [`TokenCache::presented`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented<'a> {
    /// Keyed hash of the token. Tokens are long, so it is made once for all look-ups of a request.
    digest: u64,
    kind: CredentialKind,
    /// API and resource, where the verdict is about them too.
    resource: Option<(u32, u32)>,
    pub(super) token: &'a str,
}

impl Presented<'_> {
    /// The same token in another place.
    pub(super) const fn of_kind(self, kind: CredentialKind, resource: Option<(u32, u32)>) -> Self {
        Self { kind, resource, ..self }
    }

    fn to_key(self) -> TokenKey {
        TokenKey {
            digest: self.digest,
            kind: self.kind,
            resource: self.resource,
            token: self.token.into(),
        }
    }
}

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.digest, self.kind, self.resource).hash(state);
    }
}

impl Equivalent<TokenKey> for Presented<'_> {
    fn equivalent(&self, key: &TokenKey) -> bool {
        self.kind == key.kind && self.resource == key.resource && *self.token == *key.token
    }
}

/// A verified token.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) identity: Arc<Identity>,
    /// Epoch milliseconds until which the entry may be used.
    pub(super) until_ms: u64,
    /// Generation of the revocations that the token was last checked against.
    pub(super) revocations: u64,
    callers: Vec<Decided>,
}

/// What was decided about a token at one API.
#[derive(Debug, Clone)]
pub(super) struct Decided {
    pub(super) api: u32,
    pub(super) caller: Result<Arc<Caller>, Refusal>,
    /// Generation of the subscription data that it was decided under.
    pub(super) subscriptions: u64,
    /// Epoch milliseconds until which it stands.
    pub(super) until_ms: u64,
}

impl Decided {
    /// Returns whether it may be used without looking again.
    pub(super) fn stands(&self, subscriptions: u64, now_ms: u64) -> bool {
        self.subscriptions == subscriptions && self.until_ms > now_ms
    }
}

impl Entry {
    pub(super) fn new(identity: Arc<Identity>, until_ms: u64, revocations: u64) -> Self {
        Self {
            identity,
            until_ms,
            revocations,
            callers: Vec::new(),
        }
    }

    /// Returns what was decided about the caller at an API.
    pub(super) fn decided(&self, api: u32) -> Option<&Decided> {
        self.callers.iter().find(|decided| decided.api == api)
    }

    pub(super) fn remember(&mut self, decided: Decided) {
        if let Some(own) = self.callers.iter_mut().find(|own| own.api == decided.api) {
            *own = decided;
            return;
        }
        if self.callers.len() >= MAX_CALLERS {
            drop(self.callers.remove(0));
        }
        self.callers.push(decided);
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<TokenKey, Entry> for ByBytes {
    fn weight(&self, key: &TokenKey, _: &Entry) -> u64 {
        // Claims are decoded from the token: they take about as much again, several times over as objects.
        u64::try_from(key.token.len() * 4 + OVERHEAD).unwrap_or(u64::MAX)
    }
}

/// The cache of one core.
pub(super) struct TokenCache {
    /// Nobody else knows its key.
    digests: RandomState,
    verified: Cache<TokenKey, Entry, ByBytes, FxBuildHasher>,
    refused: Cache<TokenKey, Refused, UnitByBytes, FxBuildHasher>,
}

/// Why a token was refused, and when.
#[derive(Debug, Clone, Copy)]
struct Refused {
    refusal: Refusal,
    at_ms: u64,
}

#[derive(Clone)]
struct UnitByBytes;

impl Weighter<TokenKey, Refused> for UnitByBytes {
    fn weight(&self, key: &TokenKey, _: &Refused) -> u64 {
        u64::try_from(key.token.len() + 128).unwrap_or(u64::MAX)
    }
}

/// For how long a refusal is remembered.
const REFUSED_MS: u64 = 60_000;
/// Bytes per remembered refusal that the bound is computed with.
const REFUSED_BYTES: u64 = 1536;

impl TokenCache {
    pub(super) fn new(capacity: usize, bytes: u64, negative_capacity: usize) -> Self {
        let negative_bytes = u64::try_from(negative_capacity)
            .unwrap_or(u64::MAX)
            .saturating_mul(REFUSED_BYTES);
        // The bound by count is one by bytes too: no entry weighs less than its overhead.
        let smallest = u64::try_from(OVERHEAD).unwrap_or(0) + 1024;
        let by_count = u64::try_from(capacity).unwrap_or(u64::MAX).saturating_mul(smallest);
        Self {
            digests: RandomState::new(),
            verified: Cache::with(
                capacity,
                bytes.min(by_count.max(65_536)),
                ByBytes,
                FxBuildHasher,
                Default::default(),
            ),
            refused: Cache::with(
                negative_capacity,
                negative_bytes,
                UnitByBytes,
                FxBuildHasher,
                Default::default(),
            ),
        }
    }

    /// A token whose verdict is the same for every resource.
    pub(super) fn presented<'t>(&self, kind: CredentialKind, token: &'t str) -> Presented<'t> {
        Presented {
            digest: self.digests.hash_one(token),
            kind,
            resource: None,
            token,
        }
    }

    /// Returns a verified token's entry.
    pub(super) fn get(&self, presented: Presented<'_>) -> Option<&Entry> {
        self.verified.get(&presented)
    }

    /// Changes a verified token's entry.
    pub(super) fn update(&mut self, presented: Presented<'_>, change: impl FnOnce(&mut Entry)) {
        if let Some(mut entry) = self.verified.get_mut(&presented) {
            change(&mut entry);
        }
    }

    pub(super) fn insert(&mut self, presented: Presented<'_>, entry: Entry) {
        self.verified.insert(presented.to_key(), entry);
    }

    pub(super) fn remove(&mut self, presented: Presented<'_>) {
        self.verified.remove(&presented);
    }

    /// Returns why this very token was refused a short while ago.
    pub(super) fn refused(&self, presented: Presented<'_>, now_ms: u64) -> Option<Refusal> {
        let refused = self.refused.get(&presented)?;
        (now_ms.saturating_sub(refused.at_ms) < REFUSED_MS).then_some(refused.refusal)
    }

    pub(super) fn refuse(&mut self, presented: Presented<'_>, refusal: Refusal, now_ms: u64) {
        let refused = Refused { refusal, at_ms: now_ms };
        self.refused.insert(presented.to_key(), refused);
    }

    pub(super) fn clear(&mut self) {
        self.verified.clear();
        self.refused.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.verified.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_remembered_as_it_was_presented() {
        let mut cache = TokenCache::new(100, 1 << 20, 100);
        let jwt = cache.presented(CredentialKind::Jwt, "a.b.c");
        cache.refuse(jwt, Refusal::InvalidCredentials, 1_000);
        let place = |resource| jwt.of_kind(CredentialKind::Opaque, resource);
        cache.refuse(place(Some((1, 2))), Refusal::Blocked, 1_000);
        for (presented, refused) in [
            (jwt, Some(Refusal::InvalidCredentials)),
            (
                cache.presented(CredentialKind::Jwt, "a.b.c"),
                Some(Refusal::InvalidCredentials),
            ),
            (cache.presented(CredentialKind::Jwt, "a.b.d"), None),
            (cache.presented(CredentialKind::ApiKey, "a.b.c"), None),
            (place(None), None),
            (place(Some((1, 2))), Some(Refusal::Blocked)),
            (place(Some((1, 3))), None),
        ] {
            assert_eq!(cache.refused(presented, 2_000), refused, "{presented:?}");
        }
        assert_eq!(cache.refused(jwt, 1_000 + REFUSED_MS), None, "for a while only");
    }
}
