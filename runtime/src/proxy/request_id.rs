//! Correlation ids: unique, cheap, and the client's own when it sent a harmless one.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The header in which ids travel.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Longest id that is taken over from a client.
const LONGEST: usize = 64;

/// Makes the ids of one core.
#[derive(Debug)]
pub(crate) struct RequestIds {
    high: u64,
    low: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
        Self {
            high,
            low,
            count: AtomicU64::new(0),
        }
    }

    /// Returns a new id in the form of a random UUID. Unique, but not secret.
    pub(crate) fn next(&self) -> HeaderValue {
        let count = self.count.load(Relaxed);
        self.count.store(count.wrapping_add(1), Relaxed);
        let mut bytes = [0; 16];
        let (high, low) = bytes.split_at_mut(8);
        high.copy_from_slice(&mix(self.high.wrapping_add(count)).to_be_bytes());
        low.copy_from_slice(&mix(self.low ^ count).to_be_bytes());
        let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let mut text = uuid::Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut text);
        // Hex digits and hyphens are always a header value.
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-"))
    }
}

/// Returns the client's id when it is short and cannot do harm in logs and headers.
pub(crate) fn from_client(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(CORRELATION_ID)?;
    let bytes = id.as_bytes();
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    ((1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(harmless)).then(|| id.clone())
}

/// Spreads neighbouring numbers over all values, one to one (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_unique_uuids() {
        let ids = RequestIds::new();
        let made: HashSet<HeaderValue> = (0..10_000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 10_000);
        for id in &made {
            let parsed = id.to_str().ok().and_then(|text| uuid::Uuid::parse_str(text).ok());
            assert_eq!(parsed.map(|id| id.get_version_num()), Some(4));
        }
    }

    #[test]
    fn only_harmless_ids_are_taken_over() {
        for (id, taken) in [("abc-1.2_3:4", true), ("", false), ("a b", false), ("a\"b", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(CORRELATION_ID, HeaderValue::from_static(id));
            assert_eq!(from_client(&headers).is_some(), taken, "{id}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(
            CORRELATION_ID,
            HeaderValue::try_from("a".repeat(65)).unwrap_or(HeaderValue::from_static("")),
        );
        assert!(from_client(&headers).is_none());
    }
}
