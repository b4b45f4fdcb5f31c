//! What an issuer's tokens have to say about themselves.

use super::{JwtFailure, seconds, strings};
use serde_json::{Map, Value};

/// Times above this are milliseconds: API Manager 2.6 writes `iat` so.
const MILLISECONDS: i64 = 100_000_000_000;

/// What is expected of a token's claims.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expectations {
    /// Accepted audiences; none: any.
    pub(crate) audience: Vec<String>,
    /// Claims that must be there.
    pub(crate) required: Vec<String>,
    /// Whether `exp` must be there.
    pub(crate) must_expire: bool,
    /// By how much clocks may differ.
    pub(crate) skew_ms: u64,
}

/// Checks times, audience and required claims; returns until when the token is valid, in milliseconds, skew included.
pub(crate) fn check_claims(
    claims: &Map<String, Value>,
    expected: &Expectations,
    now_ms: u64,
) -> Result<u64, JwtFailure> {
    let time = |name| seconds(claims, name).map_err(|()| JwtFailure::Claim);
    let now = i64::try_from(now_ms).unwrap_or(i64::MAX);
    let skew = i64::try_from(expected.skew_ms).unwrap_or(i64::MAX);
    let until = match time("exp")? {
        Some(expiry) => expiry.saturating_mul(1000).saturating_add(skew),
        None if expected.must_expire => return Err(JwtFailure::Expired),
        None => i64::MAX,
    };
    if until <= now {
        return Err(JwtFailure::Expired);
    }
    if time("nbf")?.is_some_and(|start| start.saturating_mul(1000) > now.saturating_add(skew)) {
        return Err(JwtFailure::NotYetValid);
    }
    if let Some(issued) = time("iat")? {
        let issued = if issued > MILLISECONDS {
            issued
        } else {
            issued.saturating_mul(1000)
        };
        if issued > now.saturating_add(skew) {
            return Err(JwtFailure::NotYetValid);
        }
    }
    if !expected.audience.is_empty() {
        let audience = claims.get("aud").and_then(strings).ok_or(JwtFailure::Audience)?;
        if !audience
            .iter()
            .any(|name| expected.audience.iter().any(|accepted| accepted == name))
        {
            return Err(JwtFailure::Audience);
        }
    }
    if expected
        .required
        .iter()
        .any(|name| claims.get(name).is_none_or(Value::is_null))
    {
        return Err(JwtFailure::Claim);
    }
    Ok(u64::try_from(until).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: u64 = 1_700_000_000_000;

    fn check(claims: Value, expected: &Expectations) -> Result<u64, JwtFailure> {
        match claims {
            Value::Object(map) => check_claims(&map, expected, NOW),
            _ => Err(JwtFailure::Json),
        }
    }

    #[test]
    fn times_have_their_skew_and_no_more() {
        let expected = Expectations {
            must_expire: true,
            skew_ms: 5000,
            ..Expectations::default()
        };
        let cases = [
            (json!({"exp": 1_700_000_001}), Ok(1_700_000_006_000)),
            (json!({"exp": 1_699_999_996}), Ok(1_700_000_001_000)),
            (json!({"exp": 1_699_999_995}), Err(JwtFailure::Expired)),
            (json!({}), Err(JwtFailure::Expired)),
            (json!({"exp": null}), Err(JwtFailure::Claim)),
            (json!({"exp": -1}), Err(JwtFailure::Expired)),
            (
                json!({"exp": 1_700_000_100, "nbf": 1_700_000_005}),
                Ok(1_700_000_105_000),
            ),
            (
                json!({"exp": 1_700_000_100, "nbf": 1_700_000_006}),
                Err(JwtFailure::NotYetValid),
            ),
            (
                json!({"exp": 1_700_000_100, "iat": 1_700_000_006}),
                Err(JwtFailure::NotYetValid),
            ),
            (
                json!({"exp": 1_700_000_100, "iat": 1_699_999_999_999_u64}),
                Ok(1_700_000_105_000),
            ),
            (
                json!({"exp": 1_700_000_100, "iat": 1_700_000_006_000_u64}),
                Err(JwtFailure::NotYetValid),
            ),
            (json!({"exp": 1_700_000_100, "nbf": {}}), Err(JwtFailure::Claim)),
        ];
        for (claims, result) in cases {
            assert_eq!(check(claims.clone(), &expected), result, "{claims}");
        }
    }

    #[test]
    fn audience_is_a_text_or_a_list() {
        let expected = Expectations {
            audience: vec!["a".into(), "b".into()],
            ..Expectations::default()
        };
        assert!(check(json!({"aud": "a"}), &expected).is_ok());
        assert!(check(json!({"aud": ["x", "b"]}), &expected).is_ok());
        for claims in [
            json!({}),
            json!({"aud": "x"}),
            json!({"aud": []}),
            json!({"aud": 1}),
            json!({"aud": ["a", 1]}),
        ] {
            assert_eq!(check(claims.clone(), &expected), Err(JwtFailure::Audience), "{claims}");
        }
    }

    #[test]
    fn required_claims_must_have_a_value() {
        let expected = Expectations {
            required: vec!["tenant".into()],
            ..Expectations::default()
        };
        assert!(check(json!({"tenant": "x"}), &expected).is_ok());
        assert_eq!(check(json!({}), &expected), Err(JwtFailure::Claim));
        assert_eq!(check(json!({"tenant": null}), &expected), Err(JwtFailure::Claim));
    }
}
