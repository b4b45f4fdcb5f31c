//! Verified and refused tokens, remembered by one core.
//!
//! Entries are found by a keyed hash and a full comparison of the token, so nobody can aim collisions at a core. The
//! number and the bytes of entries are bounded.

use super::{Caller, CredentialKind, Identity};
use crate::refusal::Refusal;
use quick_cache::unsync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::hash::{Hash, RandomState};
use std::sync::Arc;

/// APIs for which one entry keeps the resolved caller.
const MAX_CALLERS: usize = 16;
/// Bytes that an entry takes beside its token and claims.
const OVERHEAD: usize = 512;

/// A token and the kind of credential it was presented as: an API key is no access token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TokenKey {
    kind: CredentialKind,
    token: Box<str>,
}

#[derive(Debug, Hash)]
struct TokenRef<'a> {
    kind: CredentialKind,
    token: &'a str,
}

impl Equivalent<TokenKey> for TokenRef<'_> {
    fn equivalent(&self, key: &TokenKey) -> bool {
        self.kind == key.kind && *self.token == *key.token
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
    callers: Vec<(u32, Result<Arc<Caller>, Refusal>)>,
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
    pub(super) fn caller(&self, api: u32) -> Option<&Result<Arc<Caller>, Refusal>> {
        self.callers
            .iter()
            .find(|(own, _)| *own == api)
            .map(|(_, caller)| caller)
    }

    pub(super) fn remember(&mut self, api: u32, caller: Result<Arc<Caller>, Refusal>) {
        if self.callers.len() >= MAX_CALLERS {
            drop(self.callers.remove(0));
        }
        self.callers.push((api, caller));
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
    verified: Cache<TokenKey, Entry, ByBytes, RandomState>,
    refused: Cache<TokenKey, u64, UnitByBytes, RandomState>,
}

#[derive(Clone)]
struct UnitByBytes;

impl Weighter<TokenKey, u64> for UnitByBytes {
    fn weight(&self, key: &TokenKey, _: &u64) -> u64 {
        u64::try_from(key.token.len() + 128).unwrap_or(u64::MAX)
    }
}

/// For how long a refused signature is remembered.
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
            verified: Cache::with(
                capacity,
                bytes.min(by_count.max(65_536)),
                ByBytes,
                RandomState::new(),
                Default::default(),
            ),
            refused: Cache::with(
                negative_capacity,
                negative_bytes,
                UnitByBytes,
                RandomState::new(),
                Default::default(),
            ),
        }
    }

    /// Returns a verified token's entry.
    pub(super) fn get(&self, kind: CredentialKind, token: &str) -> Option<&Entry> {
        self.verified.get(&TokenRef { kind, token })
    }

    /// Changes a verified token's entry.
    pub(super) fn update(&mut self, kind: CredentialKind, token: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(mut entry) = self.verified.get_mut(&TokenRef { kind, token }) {
            change(&mut entry);
        }
    }

    pub(super) fn insert(&mut self, kind: CredentialKind, token: &str, entry: Entry) {
        self.verified.insert(
            TokenKey {
                kind,
                token: token.into(),
            },
            entry,
        );
    }

    pub(super) fn remove(&mut self, kind: CredentialKind, token: &str) {
        self.verified.remove(&TokenRef { kind, token });
    }

    /// Returns whether this very token was refused a short while ago.
    pub(super) fn is_refused(&self, kind: CredentialKind, token: &str, now_ms: u64) -> bool {
        self.refused
            .get(&TokenRef { kind, token })
            .is_some_and(|refused| now_ms.saturating_sub(*refused) < REFUSED_MS)
    }

    pub(super) fn refuse(&mut self, kind: CredentialKind, token: &str, now_ms: u64) {
        self.refused.insert(
            TokenKey {
                kind,
                token: token.into(),
            },
            now_ms,
        );
    }

    pub(super) fn clear(&mut self) {
        self.verified.clear();
        self.refused.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.verified.len()
    }
}
