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
        match value.to_str() {
            Ok(text) => Self::parse(text),
            Err(_) => Self::Ambiguous,
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

/// The characters of bearer tokens (RFC 6750).
fn is_token68(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'='))
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
