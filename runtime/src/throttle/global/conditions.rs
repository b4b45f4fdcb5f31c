//! The conditions that a decision comes with: which requests it is about.
//!
//! A list of alternatives, each of which is met when all its parts are: `[{"iprange": {…}, "header": {…}}, …]`.

use crate::strict_json;
use crate::throttle::Call;
use crate::throttle::condition::Matcher;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mgw_bundle::config::{Condition, Subject};
use serde_json::{Map, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest text of conditions, in base64.
pub(super) const MAX_TEXT: usize = 1 << 16;
/// Most alternatives, and most values of one part.
const MAX_ALTERNATIVES: usize = 256;
const MAX_VALUES: usize = 32;
/// Most patterns of all alternatives together.
const MAX_PATTERNS: usize = 128;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Alternatives, ready to be asked.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    alternatives: Box<[Box<[Part]>]>,
    /// Alternatives that cannot be told, as a pattern or a kind is not known here. They are met by no request.
    pub(super) unusable: usize,
}

/// An alternative is of a kind, or has a pattern, that is not known here.
struct Unusable;

/// What one member of an alternative asks for.
#[derive(Debug)]
struct Part {
    /// All of them have to match.
    matchers: Box<[Matcher]>,
    inverted: bool,
}

impl Conditions {
    /// Reads conditions as the traffic manager writes them: base64 of a JSON list, in either alphabet. `None`: they are
    /// malformed or too many.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let url_safe: Vec<u8> = text
            .bytes()
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => other,
            })
            .collect();
        Self::of_json(&BASE64.decode(url_safe).ok()?)
    }

    /// Reads the JSON inside.
    pub(super) fn of_json(json: &[u8]) -> Option<Self> {
        Self::of_list(&strict_json::parse_value(json)?)
    }

    fn of_list(json: &Value) -> Option<Self> {
        let list = json.as_array().filter(|list| list.len() <= MAX_ALTERNATIVES)?;
        let mut patterns = 0;
        let (mut alternatives, mut unusable) = (Vec::new(), 0);
        for alternative in list {
            match parts(alternative.as_object()?, &mut patterns)? {
                Ok(parts) => alternatives.push(parts),
                Err(Unusable) => unusable += 1,
            }
        }
        Some(Self {
            alternatives: alternatives.into(),
            unusable,
        })
    }

    /// Returns whether a request meets one of the alternatives.
    pub(super) fn met(&self, call: &Call<'_>) -> bool {
        self.alternatives.iter().any(|parts| {
            parts
                .iter()
                .all(|part| part.matchers.iter().all(|matcher| matcher.holds(call)) != part.inverted)
        })
    }
}

/// Reads one alternative. `None`: it is malformed.
fn parts(alternative: &Map<String, Value>, patterns: &mut usize) -> Option<Result<Box<[Part]>, Unusable>> {
    let mut parts = Vec::new();
    for (kind, part) in alternative.iter().filter(|(_, part)| !part.is_null()) {
        let part = part.as_object()?;
        let inverted = match part.get("invert") {
            None | Some(Value::Null) => false,
            Some(Value::Bool(inverted)) => *inverted,
            Some(Value::String(text)) => text.parse().ok()?,
            Some(_) => return None,
        };
        let subjects = match kind.to_ascii_lowercase().as_str() {
            "ipspecific" => vec![addresses(part, "specificIp", "specificIp")?],
            "iprange" => vec![addresses(part, "startingIp", "endingIp")?],
            "header" => values(part, patterns, |name, pattern| Subject::Header { name, pattern })?,
            "queryparametertype" => values(part, patterns, |name, pattern| Subject::Query { name, pattern })?,
            "jwtclaims" => values(part, patterns, |name, pattern| Subject::Claim { name, pattern })?,
            _ => return Some(Err(Unusable)),
        };
        let matchers = subjects.into_iter().map(|subject| {
            Matcher::new(&Condition {
                subject,
                inverted: false,
            })
        });
        let Some(matchers) = matchers.collect() else {
            return Some(Err(Unusable));
        };
        parts.push(Part { matchers, inverted });
    }
    Some(Ok(parts.into()))
}

/// Addresses are decimal numbers here. Those that fit are of version 4, as they are in what the gateway tells.
fn addresses(part: &Map<String, Value>, first: &str, last: &str) -> Option<Subject> {
    let number = |name: &str| -> Option<u128> {
        match part.get(name)? {
            Value::String(text) => text.trim().parse().ok(),
            number => number.as_u64().map(u128::from),
        }
    };
    let (first, last) = (number(first)?, number(last)?);
    let (first, last) = match (u32::try_from(first), u32::try_from(last)) {
        (Ok(first), Ok(last)) => (IpAddr::from(Ipv4Addr::from(first)), IpAddr::from(Ipv4Addr::from(last))),
        _ => (Ipv6Addr::from(first).into(), Ipv6Addr::from(last).into()),
    };
    Some(Subject::Address { first, last })
}

fn values(
    part: &Map<String, Value>,
    patterns: &mut usize,
    subject: fn(String, String) -> Subject,
) -> Option<Vec<Subject>> {
    let values = part.get("values")?.as_object()?;
    *patterns += values.len();
    if values.len() > MAX_VALUES || *patterns > MAX_PATTERNS {
        return None;
    }
    let subjects = values.iter().map(|(name, pattern)| {
        let pattern = pattern.as_str()?;
        Some(subject(name.clone(), pattern.to_owned()))
    });
    subjects.collect()
}

#[cfg(test)]
pub(super) fn encode(json: &Value) -> String {
    BASE64.encode(json.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};
    use serde_json::json;

    fn met(conditions: &Value) -> bool {
        let read = Conditions::read(&encode(conditions)).expect("conditions");
        assert_eq!(read.unusable, 0, "{conditions}");
        let mut headers = HeaderMap::new();
        headers.append("x-client", HeaderValue::from_static("desk"));
        headers.append("x-client", HeaderValue::from_static("mobile 7"));
        headers.append("x-empty", HeaderValue::from_static(""));
        let claims = json!({"sub": "ana", "roles": ["ops", "dev"], "level": 3});
        read.met(&Call {
            client: IpAddr::from([10, 0, 0, 7]),
            headers: &headers,
            query: Some("size=small&size=big&empty="),
            claims: claims.as_object(),
        })
    }

    fn number(address: &str) -> String {
        match address.parse::<IpAddr>().expect("an address") {
            IpAddr::V4(address) => u32::from(address).to_string(),
            IpAddr::V6(address) => u128::from(address).to_string(),
        }
    }

    #[test]
    fn every_kind_is_looked_at() {
        let ip = |address: &str| json!([{"ipspecific": {"specificIp": number(address)}}]);
        let range =
            |first: &str, last: &str| json!([{"iprange": {"startingIp": number(first), "endingIp": number(last)}}]);
        for (conditions, expected) in [
            (json!([]), false),
            (json!([{}]), true),
            (json!([{"header": null}]), true),
            (ip("10.0.0.7"), true),
            (ip("10.0.0.8"), false),
            (ip("::a00:7"), true),
            (ip("2001:db8::7"), false),
            (
                json!([{"ipspecific": {"specificIp": 167_772_167, "invert": true}}]),
                false,
            ),
            // Both ends count.
            (range("10.0.0.7", "10.0.0.9"), true),
            (range("10.0.0.1", "10.0.0.7"), true),
            (range("10.0.0.8", "10.0.0.9"), false),
            (range("10.0.0.9", "10.0.0.1"), false),
            (range("2001:db8::", "2001:db8::ffff"), false),
            (json!([{"header": {"values": {"X-Client": "^mobile"}}}]), true),
            (
                json!([{"header": {"values": {"X-Client": "bile"}, "invert": "true"}}]),
                false,
            ),
            (
                json!([{"header": {"values": {"X-Client": "tablet"}, "invert": true}}]),
                true,
            ),
            // Present and not empty.
            (json!([{"header": {"values": {"x-empty": ""}}}]), false),
            (json!([{"header": {"values": {"x-absent": ".*"}}}]), false),
            // All of a part: the inverse of two is met when one fails.
            (
                json!([{"header": {"values": {"x-client": "desk", "x-absent": "."}}}]),
                false,
            ),
            (
                json!([{"header": {"values": {"x-client": "desk", "x-absent": "."}, "invert": true}}]),
                true,
            ),
            // The last value of a parameter.
            (json!([{"queryparametertype": {"values": {"size": "big"}}}]), true),
            (json!([{"QueryParameterType": {"values": {"size": "small"}}}]), false),
            (json!([{"queryparametertype": {"values": {"empty": ""}}}]), false),
            (
                json!([{"jwtclaims": {"values": {"sub": "^ana$", "roles": "dev", "level": "3"}}}]),
                true,
            ),
            (json!([{"jwtclaims": {"values": {"sub": "bo"}}}]), false),
            // All of an alternative, one of the alternatives.
            (
                json!([{"ipspecific": {"specificIp": number("10.0.0.7")}, "jwtclaims": {"values": {"sub": "bo"}}}]),
                false,
            ),
            (
                json!([{"jwtclaims": {"values": {"sub": "bo"}}}, {"jwtclaims": {"values": {"sub": "ana"}}}]),
                true,
            ),
        ] {
            assert_eq!(met(&conditions), expected, "{conditions}");
        }
    }

    #[test]
    fn what_is_not_known_here_is_met_by_nobody() {
        for unusable in [
            json!({"geo": {"invert": true}}),
            json!({"header": {"values": {"no name": "x"}, "invert": true}}),
            json!({"header": {"values": {"x-client": "(?=look)"}, "invert": true}}),
            json!({"jwtclaims": {"values": {"sub": "x".repeat(1025)}}}),
        ] {
            let read = Conditions::read(&encode(&json!([unusable, {"jwtclaims": {"values": {"sub": "bo"}}}])));
            let read = read.expect("conditions");
            let call = Call {
                client: IpAddr::from([10, 0, 0, 7]),
                headers: &HeaderMap::new(),
                query: None,
                claims: None,
            };
            assert_eq!((read.unusable, read.met(&call)), (1, false), "{unusable}");
        }
    }

    #[test]
    fn malformed_conditions_are_none() {
        let many = |count| -> Value {
            (0..count)
                .map(|n: usize| (n.to_string(), json!("x")))
                .collect::<Map<_, _>>()
                .into()
        };
        for json in [
            json!({}),
            json!("x"),
            json!([1]),
            json!([{"header": 1}]),
            json!([{"header": {}}]),
            json!([{"header": {"values": []}}]),
            json!([{"header": {"values": {"x": 1}}}]),
            json!([{"header": {"values": {"x": "y"}, "invert": 1}}]),
            json!([{"header": {"values": {"x": "y"}, "invert": "perhaps"}}]),
            json!([{"ipspecific": {}}]),
            json!([{"ipspecific": {"specificIp": "10.0.0.1"}}]),
            json!([{"ipspecific": {"specificIp": -1}}]),
            json!([{"iprange": {"startingIp": "1"}}]),
            json!([{"iprange": {"startingIp": "1", "endingIp": "340282366920938463463374607431768211456"}}]),
            json!(vec![json!({}); MAX_ALTERNATIVES + 1]),
            json!([{"header": {"values": many(MAX_VALUES + 1)}}]),
            json!(vec![json!({"header": {"values": many(MAX_VALUES)}}); 5]),
        ] {
            assert!(Conditions::read(&encode(&json)).is_none(), "{json:.80}");
        }
        for text in ["*", "W10", "W10=", "W10==="] {
            assert_eq!(
                Conditions::read(text).is_some(),
                matches!(text, "W10" | "W10="),
                "{text}"
            );
        }
        assert!(Conditions::read(&"A".repeat(MAX_TEXT + 1)).is_none());
    }

    #[test]
    fn both_alphabets_are_read() {
        // What these characters stand for needs the last two letters of an alphabet.
        let json = json!([{"jwtclaims": {"values": {"sub": "??>>~~ÿÿ"}}}]).to_string();
        for text in [
            base64::prelude::BASE64_STANDARD.encode(&json),
            base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&json),
        ] {
            assert!(Conditions::read(&text).is_some(), "{text}");
        }
    }
}
