//! What a backend wants to see instead of a password (RFC 7616), as far as the gateway can show it.

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use http_auth::ChallengeRef;
use http_auth::parser::ChallengeParser;

/// Longest parameter, in bytes.
const MAX_PARAMETER: usize = 4096;
/// Most challenges that are read.
const MAX_CHALLENGES: usize = 16;

/// A function that takes the place of the password by digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Algorithm {
    // From the weakest to the strongest.
    Md5,
    Sha256,
    Sha512Of256,
}

impl Algorithm {
    fn named(name: &str) -> Option<(Self, bool)> {
        let (plain, session) = match name.len().checked_sub(5).and_then(|at| name.split_at_checked(at)) {
            Some((plain, end)) if end.eq_ignore_ascii_case("-sess") => (plain, true),
            _ => (name, false),
        };
        let known = [
            ("MD5", Self::Md5),
            ("SHA-256", Self::Sha256),
            ("SHA-512-256", Self::Sha512Of256),
        ];
        let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(plain));
        found.map(|(_, algorithm)| (algorithm, session))
    }
}

/// A digest challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    pub(super) algorithm: Algorithm,
    /// As the backend wrote it; `None`: it did not.
    pub(super) algorithm_name: Option<String>,
    /// Digests are of a session rather than of each request.
    pub(super) session: bool,
    /// Requests are counted (`qop=auth`); backends of before RFC 2617 do not ask for that.
    pub(super) counted: bool,
    /// The user's name is hidden too.
    pub(super) hides_user: bool,
    /// The nonce that was used has become too old; the password was right.
    pub(super) stale: bool,
}

impl Challenge {
    /// Returns the strongest digest challenge of an answer that the gateway can meet.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter();
        let texts = values.filter_map(|value| value.to_str().ok());
        texts
            .flat_map(|text| ChallengeParser::new(text).map_while(Result::ok))
            .take(MAX_CHALLENGES)
            .filter_map(|challenge| Self::read(&challenge))
            .max_by_key(|challenge| challenge.algorithm)
    }

    fn read(challenge: &ChallengeRef<'_>) -> Option<Self> {
        if !challenge.scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let parameter = |wanted: &str| {
            let mut named = challenge
                .params
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            named.next().map(|(_, value)| value.to_unescaped())
        };
        let algorithm_name = parameter("algorithm");
        let (algorithm, session) = Algorithm::named(algorithm_name.as_deref().unwrap_or("MD5"))?;
        let counted = match parameter("qop") {
            None => false,
            Some(list) if list.split(',').any(|one| one.trim().eq_ignore_ascii_case("auth")) => true,
            // Digests of bodies: bodies are streamed.
            Some(_) => return None,
        };
        let is_true = |value: Option<String>| value.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let read = Self {
            realm: parameter("realm")?,
            nonce: parameter("nonce")?,
            opaque: parameter("opaque"),
            algorithm,
            algorithm_name,
            session,
            counted,
            hides_user: is_true(parameter("userhash")),
            stale: is_true(parameter("stale")),
        };
        let usable = |text: &str| text.len() <= MAX_PARAMETER && !text.chars().any(char::is_control);
        let texts = [Some(&read.realm), Some(&read.nonce), read.opaque.as_ref()];
        let all_usable = texts.into_iter().flatten().all(|text| usable(text));
        all_usable.then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn of(values: &[&str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).ok()?);
        }
        Challenge::of(&headers)
    }

    #[test]
    fn the_strongest_that_can_be_met_is_chosen() {
        let strongest = |values: &[&str]| of(values).map(|challenge| (challenge.algorithm, challenge.session));
        let (md5, sha) = (
            r#"Digest realm="r", nonce="n", qop="auth""#,
            r#"Digest realm="r", nonce="n", qop="auth,auth-int", algorithm=SHA-256"#,
        );
        assert_eq!(strongest(&[md5, sha]), Some((Algorithm::Sha256, false)));
        assert_eq!(
            strongest(&[&format!("Basic realm=\"r\", {sha}, {md5}")]),
            Some((Algorithm::Sha256, false))
        );
        assert_eq!(strongest(&[md5]), Some((Algorithm::Md5, false)));
        assert_eq!(
            strongest(&[r#"Digest realm="r", nonce="n", algorithm=SHA-512-256-sess, qop=auth"#]),
            Some((Algorithm::Sha512Of256, true))
        );
        for unmet in [
            r#"Basic realm="r""#,
            r#"Digest realm="r", qop="auth""#,
            r#"Digest realm="r", nonce="n", qop="auth-int""#,
            r#"Digest realm="r", nonce="n", algorithm=token"#,
            "Digest",
            "",
        ] {
            assert_eq!(of(&[unmet]), None, "{unmet}");
        }
        let long = format!(r#"Digest realm="r", nonce="{}""#, "n".repeat(MAX_PARAMETER + 1));
        assert_eq!(of(&[&long]), None);
    }

    #[test]
    fn parameters_are_read() {
        let challenge =
            of(&[r#"digest Realm="a \"b\"", nonce="n,=", opaque="", Stale=TRUE, userhash=true, algorithm=md5-SESS"#])
                .expect("a challenge");
        assert_eq!(challenge.realm, r#"a "b""#);
        assert_eq!(challenge.nonce, "n,=");
        assert_eq!(challenge.opaque.as_deref(), Some(""));
        assert!(challenge.stale && challenge.hides_user && challenge.session && !challenge.counted);
    }

    proptest! {
        #[test]
        fn whatever_backends_say_is_read_or_passed_over(text in "[ -~]{0,80}") {
            let _ = of(&[&text]);
            let _ = of(&[&format!("Digest {text}")]);
        }
    }
}
