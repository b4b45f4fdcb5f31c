//! Reading the credentials of a request.

use http::{HeaderMap, HeaderName};

/// What the authorisation header holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    /// Nothing.
    Absent,
    /// A bearer token, never empty.
    Bearer(&'a str),
    /// Base64 of name and password.
    Basic(&'a str),
    /// A scheme that no resource accepts, or text without a scheme.
    Other,
    /// More than one value, or bytes that are no text: nobody can say which credential is meant.
    Ambiguous,
}

impl<'a> Credential<'a> {
    /// Reads the header `name`.
    pub(super) fn read(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Self::Absent;
        };
        if values.next().is_some() {
            return Self::Ambiguous;
        }
        let Ok(text) = std::str::from_utf8(value.as_bytes()) else {
            return Self::Ambiguous;
        };
        match Self::parse(text) {
            // Its characters have been looked at: long tokens are not read twice.
            bearer @ Self::Bearer(_) => bearer,
            _ if value.to_str().is_err() => Self::Ambiguous,
            other => other,
        }
    }

    fn parse(text: &'a str) -> Self {
        let text = text.trim_matches([' ', '\t']);
        if text.is_empty() {
            return Self::Absent;
        }
        let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
        let rest = rest.trim_matches([' ', '\t']);
        if scheme.eq_ignore_ascii_case("bearer") {
            if is_token68(rest) {
                Self::Bearer(rest)
            } else {
                Self::Other
            }
        } else if scheme.eq_ignore_ascii_case("basic") {
            Self::Basic(rest)
        } else {
            Self::Other
        }
    }
}

/// Bytes that are looked at together: long enough to be worth vector instructions, short enough to stop early.
const STRIDE: usize = 64;

/// Whether `text` has only the characters of bearer tokens (RFC 6750).
///
/// Tokens have a thousand characters, and every request brings one: without a branch per character, in pieces whose length
/// the compiler knows, it uses vector instructions, which is several times faster.
fn is_token68(text: &str) -> bool {
    let (strides, rest) = text.as_bytes().as_chunks::<STRIDE>();
    let are_all = |bytes: &[u8]| bytes.iter().fold(0, |others, byte| others | is_other(*byte)) == 0;
    !text.is_empty() && strides.iter().all(|stride| are_all(stride)) && are_all(rest)
}

/// 1 for a character that no bearer token has. A number and no short-circuiting operators: see [`is_token68`].
fn is_other(byte: u8) -> u8 {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    // `-`, `.`, `/` and the digits follow each other.
    let digit = byte.wrapping_sub(b'-') < 13;
    u8::from(!(letter | digit | (byte == b'_') | (byte == b'~') | (byte == b'+') | (byte == b'=')))
}

/// Returns the value of query parameter `name`, percent-decoded; `None` when absent, `Some(None)` when it is there twice.
pub(super) fn query_parameter(query: Option<&str>, name: &str) -> Option<Option<String>> {
    let mut found = None;
    for (key, value) in url::form_urlencoded::parse(query?.as_bytes()) {
        if key == name {
            if found.is_some() {
                return Some(None);
            }
            found = Some(value.into_owned());
        }
    }
    found.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_scheme_is_the_first_word_and_nothing_else() {
        let cases = [
            ("Bearer abc", Credential::Bearer("abc")),
            ("bearer  a.b.c ", Credential::Bearer("a.b.c")),
            // Letters inside the token do not make it another scheme.
            ("Bearer eyBasic.bbasicb.c", Credential::Bearer("eyBasic.bbasicb.c")),
            ("BASIC YTpi", Credential::Basic("YTpi")),
            ("Bearer", Credential::Other),
            ("Bearer a b", Credential::Other),
            ("Bearer a,b", Credential::Other),
            ("Bearerabc", Credential::Other),
            ("abc", Credential::Other),
            ("Digest x", Credential::Other),
            ("", Credential::Absent),
            ("   ", Credential::Absent),
        ];
        for (text, credential) in cases {
            assert_eq!(Credential::parse(text), credential, "{text}");
        }
    }

    #[test]
    fn token_characters_are_those_of_the_standard() {
        for byte in 0..=u8::MAX {
            let expected = byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
            assert_eq!(is_other(byte) == 0, expected, "{byte:#04x}");
        }
        for length in [1, STRIDE - 1, STRIDE, STRIDE + 1, 3 * STRIDE] {
            let good = "a".repeat(length);
            assert!(is_token68(&good));
            assert!(!is_token68(&format!("{good}!")));
            assert!(!is_token68(&format!("!{good}")));
        }
        assert!(!is_token68(""));
    }

    #[test]
    fn bytes_that_are_no_text_are_ambiguous() {
        for bytes in [
            &b"Bearer a\xff"[..],
            "Bearer \u{e9}".as_bytes(),
            "Basic \u{e9}".as_bytes(),
            b"\x80",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::AUTHORIZATION, HeaderValue::from_bytes(bytes).unwrap());
            let credential = Credential::read(&headers, &http::header::AUTHORIZATION);
            assert_eq!(credential, Credential::Ambiguous, "{bytes:?}");
        }
    }

    #[test]
    fn two_headers_are_ambiguous() {
        let name = http::header::AUTHORIZATION;
        let mut headers = HeaderMap::new();
        assert_eq!(Credential::read(&headers, &name), Credential::Absent);
        headers.append(&name, HeaderValue::from_static("Bearer a"));
        assert_eq!(Credential::read(&headers, &name), Credential::Bearer("a"));
        headers.append(&name, HeaderValue::from_static("Bearer b"));
        assert_eq!(Credential::read(&headers, &name), Credential::Ambiguous);
    }

    #[test]
    fn query_parameters_are_decoded_and_must_be_single() {
        assert_eq!(
            query_parameter(Some("a=1&apikey=x%2Ey"), "apikey"),
            Some(Some("x.y".into()))
        );
        assert_eq!(query_parameter(Some("apikey=1&apikey=2"), "apikey"), Some(None));
        assert_eq!(query_parameter(Some("Apikey=1"), "apikey"), None);
        assert_eq!(query_parameter(None, "apikey"), None);
    }
}
