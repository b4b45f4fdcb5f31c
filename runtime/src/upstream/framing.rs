//! How long a backend's answer is, as its head says it over HTTP/1.1.
//!
//! The library takes more for a length than clients do, and undoes no coding but `chunked`.

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};

/// Has an answer say its length once. `false`: it cannot be passed on, because lengths differ or are none, or because a coding
/// would stay in the body of which the client is not told: it concerns this hop only.
pub(super) fn settle(headers: &mut HeaderMap) -> bool {
    if headers.contains_key(TRANSFER_ENCODING) {
        // A length beside it is nobody's.
        return is_coded_plainly(headers);
    }
    let mut values = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = values.next() else {
        return true;
    };
    if values.next().is_none() && number(first.as_bytes()).is_some() {
        return true;
    }
    match length(headers) {
        Some(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            true
        }
        None => false,
    }
}

/// The length that is said several times (RFC 9110 section 8.6).
fn length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = members(headers, &CONTENT_LENGTH).map(number);
    let length = lengths.next()??;
    lengths.all(|other| other == Some(length)).then_some(length)
}

/// Whether nothing is said but `chunked`, or `identity`, which older servers call no coding.
fn is_coded_plainly(headers: &HeaderMap) -> bool {
    let all = |plain: &[u8]| members(headers, &TRANSFER_ENCODING).all(|coding| coding.eq_ignore_ascii_case(plain));
    all(b"chunked") || all(b"identity")
}

fn members<'h>(headers: &'h HeaderMap, name: &http::HeaderName) -> impl Iterator<Item = &'h [u8]> {
    let values = headers.get_all(name).iter();
    values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii))
}

fn number(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok()?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let field = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let mut headers = HeaderMap::new();
        for (name, value) in fields.iter().map(field) {
            headers.append(name, value);
        }
        headers
    }

    #[test]
    fn a_length_is_said_once_or_not_passed_on() {
        for (lengths, settled) in [
            (&[][..], Some(&[][..])),
            (&["2"], Some(&["2"][..])),
            (&["02"], Some(&["02"][..])),
            (&["2, 2"], Some(&["2"][..])),
            (&["2", "2"], Some(&["2"][..])),
            (&["2,2", "02"], Some(&["2"][..])),
            (&["2, 3"], None),
            (&["2", "3"], None),
            (&["2,"], None),
            (&[""], None),
            (&["+2"], None),
            (&["-2"], None),
            (&["two"], None),
            (&["18446744073709551616"], None),
        ] {
            let fields: Vec<_> = lengths.iter().map(|length| ("content-length", *length)).collect();
            let mut headers = headers(&fields);
            let found = settle(&mut headers).then(|| {
                let values = headers.get_all(CONTENT_LENGTH).iter();
                values.map(|value| value.to_str().unwrap_or("?")).collect::<Vec<_>>()
            });
            assert_eq!(found.as_deref(), settled, "{lengths:?}");
        }
    }

    #[test]
    fn a_coding_that_would_stay_is_not_passed_on() {
        for (codings, fits) in [
            (&["chunked"][..], true),
            (&["Chunked"], true),
            (&["identity"], true),
            (&["chunked", "chunked"], true),
            (&["chunked, "], false),
            (&["chunked, identity"], false),
            (&["gzip, chunked"], false),
            (&["gzip", "chunked"], false),
            (&["gzip"], false),
            (&["chunked;q=1"], false),
        ] {
            let fields: Vec<_> = codings.iter().map(|coding| ("transfer-encoding", *coding)).collect();
            assert_eq!(settle(&mut headers(&fields)), fits, "{codings:?}");
        }
        let mut both = headers(&[("transfer-encoding", "chunked"), ("content-length", "2, 3")]);
        assert!(settle(&mut both), "the length does not count");
    }
}
