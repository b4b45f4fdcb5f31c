//! Verdicts about client certificates, remembered by one core.
//!
//! A certificate is shown with every request, and judging it means decoding it and following its chain. What was decided
//! about the very same bytes at the same API holds until the certificate ends, or until somebody else is believed: then
//! everything is forgotten.

use mgw_bundle::Digest;
use quick_cache::unsync::Cache;

/// Most verdicts that a core remembers.
const MAX_VERDICTS: usize = 4096;
/// How long a refusal is remembered, in milliseconds: a certificate may become valid.
const REFUSED_MS: u64 = 60_000;

/// Where a certificate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// At the API with this number in the bundle.
    Api(u32),
    /// By a proxy, on behalf of its clients.
    Proxy,
}

#[derive(Debug, Clone, Copy)]
struct Verdict {
    accepted: bool,
    until_ms: u64,
}

/// The verdicts of one core.
pub(super) struct Verdicts(Cache<(Digest, Place), Verdict>);

impl Verdicts {
    /// Remembers at most `capacity` verdicts, and no more than a core has use for.
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity.min(MAX_VERDICTS)))
    }

    /// Returns what was decided about the bytes with this digest.
    pub(super) fn get(&self, digest: Digest, place: Place, now_ms: u64) -> Option<bool> {
        let verdict = self.0.get(&(digest, place))?;
        (now_ms < verdict.until_ms).then_some(verdict.accepted)
    }

    /// Remembers a verdict: one that accepts until `end_ms`, the end of the certificate, at the latest.
    pub(super) fn insert(&mut self, digest: Digest, place: Place, accepted: bool, now_ms: u64, end_ms: u64) {
        let until_ms = if accepted {
            end_ms
        } else {
            now_ms.saturating_add(REFUSED_MS)
        };
        self.0.insert((digest, place), Verdict { accepted, until_ms });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_hold_for_their_place_and_time() {
        let mut verdicts = Verdicts::new(100);
        let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
        verdicts.insert(one, Place::Api(0), true, 1000, 5000);
        verdicts.insert(two, Place::Api(0), false, 1000, 5000);
        for (digest, place, now, expected) in [
            (one, Place::Api(0), 4999, Some(true)),
            (one, Place::Api(0), 5000, None),
            (one, Place::Api(1), 2000, None),
            (one, Place::Proxy, 2000, None),
            (two, Place::Api(0), 60_999, Some(false)),
            (two, Place::Api(0), 61_000, None),
        ] {
            assert_eq!(verdicts.get(digest, place, now), expected, "{place:?} {now}");
        }
        verdicts.clear();
        assert_eq!(verdicts.get(one, Place::Api(0), 2000), None);
    }

    #[test]
    fn their_number_is_bounded() {
        let mut verdicts = Verdicts::new(usize::MAX);
        for number in 0..3 * MAX_VERDICTS {
            verdicts.insert(Digest::of(&number.to_le_bytes()), Place::Proxy, false, 0, 0);
        }
        assert!(verdicts.len() <= MAX_VERDICTS);
    }
}
