//! Which of several targets a request goes to. Pure functions; sets of targets are bits of a word.

use http::HeaderMap;
use http::header::COOKIE;
use mgw_bundle::config::HashKey;
use std::net::IpAddr;

/// Targets of one endpoint at the most: they have to fit into a word.
pub(crate) const MAX_TARGETS: usize = 64;

/// The rule for choosing a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Choice {
    /// There is only one.
    Single,
    /// In turn.
    RoundRobin,
    /// The one with the fewest requests under way.
    LeastOutstanding,
    /// The one that the key points to; in turn where a request has no key.
    ConsistentHash(HashKey),
    /// The last that worked; the next one when it fails, or answers 501 to 504.
    Failover,
}

/// A set of targets, one bit each.
pub(super) type Targets = u64;

/// All of `count` targets.
pub(super) fn all(count: usize) -> Targets {
    match count {
        0 => 0,
        1..MAX_TARGETS => (1 << count) - 1,
        _ => Targets::MAX,
    }
}

/// The first of `candidates` from `first` on, in turn.
pub(super) fn in_turn(candidates: Targets, first: usize) -> Option<usize> {
    let first = first % MAX_TARGETS;
    let from_first = candidates & (Targets::MAX << first);
    let found = if from_first == 0 { candidates } else { from_first };
    (found != 0).then(|| found.trailing_zeros() as usize)
}

/// The candidate with the lowest load; of several the first from `first` on.
pub(super) fn least_loaded(candidates: Targets, first: usize, load: impl Fn(usize) -> usize) -> Option<usize> {
    let mut left = candidates;
    let mut best: Option<(usize, usize)> = None;
    let mut from = first;
    while let Some(position) = in_turn(left, from) {
        left &= !(1 << position);
        from = position;
        let load = load(position);
        if best.is_none_or(|(lowest, _)| load < lowest) {
            best = Some((load, position));
        }
    }
    best.map(|(_, position)| position)
}

/// The candidate with the highest score for the key: rendezvous hashing. A target that goes moves its own keys only.
pub(super) fn by_key(candidates: Targets, key: u64, seeds: &[u64]) -> Option<usize> {
    let candidate = |position: &usize| candidates & (1 << position) != 0;
    let positions = (0..seeds.len().min(MAX_TARGETS)).filter(candidate);
    positions.max_by_key(|position| seeds.get(*position).map(|seed| mix(key ^ seed)))
}

/// The number of a target's URL, for choosing by key.
pub(crate) fn url_seed(url: &str) -> u64 {
    hash(url.as_bytes())
}

/// A number for a text: the same in every process, so that several gateways choose alike.
pub(super) fn hash(text: &[u8]) -> u64 {
    // FNV-1a, and a mixer behind it because its high bits are weak.
    let hash = text.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mix(hash)
}

/// The finaliser of SplitMix64.
fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// What of a request a key is made of: what the client sent, before the gateway puts credentials of its own in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keyed<'r> {
    pub(crate) client: IpAddr,
    pub(crate) headers: &'r HeaderMap,
    /// Raw path below the base path.
    pub(crate) path: &'r str,
    /// Raw query.
    pub(crate) query: Option<&'r str>,
}

/// The number of a request's key; `None` when it has none.
pub(super) fn key(which: &HashKey, request: Keyed<'_>) -> Option<u64> {
    match which {
        HashKey::ClientAddress => Some(match request.client.to_canonical() {
            IpAddr::V4(address) => hash(&address.octets()),
            IpAddr::V6(address) => hash(&address.octets()),
        }),
        HashKey::Header(name) => request.headers.get(name).map(|value| hash(value.as_bytes())),
        HashKey::Cookie(name) => cookie(request.headers, name).map(hash),
        HashKey::Query(name) => parameter(request.query?, name).map(|value| hash(value.as_bytes())),
        HashKey::Path => Some(hash(request.path.as_bytes())),
    }
}

fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Option<&'r [u8]> {
    let pairs = headers
        .get_all(COOKIE)
        .into_iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs
        .map(<[u8]>::trim_ascii)
        .find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// The raw value: two spellings of one value may go to two targets.
fn parameter<'r>(query: &'r str, name: &str) -> Option<&'r str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    #[test]
    fn turns_go_round() {
        for (candidates, first, expected) in [
            (0b111, 0, Some(0)),
            (0b111, 2, Some(2)),
            (0b111, 3, Some(0)),
            (0b101, 1, Some(2)),
            (0b001, 2, Some(0)),
            (0, 0, None),
            (all(64), 63, Some(63)),
            (all(64), 64, Some(0)),
        ] {
            assert_eq!(in_turn(candidates, first), expected, "{candidates:b} {first}");
        }
        assert_eq!((all(0), all(1), all(64), all(99)), (0, 1, u64::MAX, u64::MAX));
    }

    #[test]
    fn the_least_loaded_is_chosen() {
        let loads = [3, 1, 1, 0];
        for (candidates, first, expected) in [
            (0b1111, 0, Some(3)),
            (0b0111, 0, Some(1)),
            (0b0111, 2, Some(2)),
            (0b0001, 2, Some(0)),
            (0, 0, None),
        ] {
            let chosen = least_loaded(candidates, first, |position| loads[position]);
            assert_eq!(chosen, expected, "{candidates:b} {first}");
        }
    }

    fn seeds(count: usize) -> Vec<u64> {
        (0..count)
            .map(|number| hash(format!("http://b{number}").as_bytes()))
            .collect()
    }

    #[test]
    fn keys_spread_evenly() {
        let seeds = seeds(8);
        let mut counts = [0_u32; 8];
        for key in 0..8_000_u64 {
            let position = by_key(all(8), hash(&key.to_le_bytes()), &seeds).expect("there are targets");
            counts[position] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    proptest! {
        #[test]
        fn only_the_keys_of_a_lost_target_move(key in any::<u64>(), count in 2_usize..=64, lost in 0_usize..64) {
            let (seeds, lost) = (seeds(count), lost % count);
            let before = by_key(all(count), key, &seeds).expect("there are targets");
            let after = by_key(all(count) & !(1 << lost), key, &seeds).expect("there are targets");
            prop_assert!(after != lost);
            prop_assert!(before == lost || before == after);
        }

        #[test]
        fn least_loaded_agrees_with_a_search(loads in proptest::collection::vec(0_usize..5, 1..64), bits in any::<u64>(), first in 0_usize..64) {
            let candidates = bits & all(loads.len());
            let chosen = least_loaded(candidates, first, |position| loads[position]);
            let lowest = (0..loads.len()).filter(|position| candidates & (1 << position) != 0).map(|position| loads[position]).min();
            prop_assert_eq!(chosen.map(|position| loads[position]), lowest);
            prop_assert!(chosen.is_none_or(|position| candidates & (1 << position) != 0));
        }
    }

    #[test]
    fn keys_are_found_in_requests() {
        let mut headers = HeaderMap::new();
        headers.insert("x-user", HeaderValue::from_static("ana"));
        headers.append(COOKIE, HeaderValue::from_static("a=1; sid=7"));
        headers.append(COOKIE, HeaderValue::from_static("sidx=8"));
        let request = Keyed {
            client: IpAddr::from([127, 0, 0, 1]),
            headers: &headers,
            path: "/a",
            query: Some("xu=1&u=2"),
        };
        for (which, expected) in [
            (HashKey::Header("x-user".into()), Some(hash(b"ana"))),
            (HashKey::Header("x-other".into()), None),
            (HashKey::Cookie("sid".into()), Some(hash(b"7"))),
            (HashKey::Cookie("si".into()), None),
            (HashKey::Query("u".into()), Some(hash(b"2"))),
            (HashKey::Query("v".into()), None),
            (HashKey::Path, Some(hash(b"/a"))),
            (HashKey::ClientAddress, Some(hash(&[127, 0, 0, 1]))),
        ] {
            assert_eq!(key(&which, request), expected, "{which:?}");
        }
    }
}
