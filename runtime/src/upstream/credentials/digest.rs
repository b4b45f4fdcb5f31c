//! Shows backends that the gateway knows a password, without sending it (RFC 7616).
//!
//! A backend's challenge is kept, and requests to come are counted under it, so that only the first of them is sent twice.

use super::challenge::{Algorithm, Challenge};
use arc_swap::ArcSwap;
use aws_lc_rs::{digest, rand};
use http::{HeaderMap, HeaderValue, Method};
use md5::{Digest as _, Md5};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Most backends of which challenges are kept.
const MAX_KEPT: usize = 256;

/// Who the gateway is to the backends of an endpoint.
#[derive(Debug)]
pub(crate) struct DigestAccount {
    username: String,
    password: SecretString,
    /// By the number of the origin.
    kept: ArcSwap<Vec<(usize, Arc<Session>)>>,
}

/// What is known of one backend: its challenge, and how often it was answered.
#[derive(Debug)]
pub(super) struct Session {
    challenge: Challenge,
    /// H(A1) in hexadecimal, which is worth as much as the password.
    secret: SecretString,
    client_nonce: String,
    count: AtomicU32,
}

impl DigestAccount {
    pub(crate) fn new(username: String, password: SecretString) -> Self {
        Self {
            username,
            password,
            kept: ArcSwap::default(),
        }
    }

    /// Returns the value of `Authorization` for a request, and what it was made from; `None` while nothing is known of the
    /// backend.
    pub(in crate::upstream) fn answer(
        &self,
        origin: usize,
        method: &Method,
        target: &str,
    ) -> Option<(HeaderValue, Answered)> {
        let kept = self.kept.load();
        let (_, session) = kept.iter().find(|(kept, _)| *kept == origin)?;
        let number = session.count.fetch_add(1, Relaxed).checked_add(1)?;
        let value = session.value(&self.username, number, method, target)?;
        Some((value, Answered(Arc::clone(session))))
    }

    /// Whether a challenge of the backend is known.
    pub(super) fn knows(&self, origin: usize) -> bool {
        self.kept.load().iter().any(|(kept, _)| *kept == origin)
    }

    /// Takes note of a refusal. Returns whether the request may be sent again, with another answer: not when the backend
    /// refuses one that was new to it, because the password is wrong then.
    pub(in crate::upstream) fn refused(&self, origin: usize, answered: Option<&Answered>, headers: &HeaderMap) -> bool {
        let Some(challenge) = Challenge::of(headers) else {
            return false;
        };
        let is_wrong = answered.is_some_and(|Answered(session)| {
            let young = session.count.load(Relaxed) <= 1;
            !challenge.stale && (young || challenge.nonce == session.challenge.nonce)
        });
        // Asked without an answer, a backend may say once more what it said before: requests are counted on under it.
        let kept = self.kept.load();
        let is_known = |session: &Session| session.challenge.nonce == challenge.nonce;
        if answered.is_none() && kept.iter().any(|(kept, session)| *kept == origin && is_known(session)) {
            return true;
        }
        let Some(session) = Session::new(challenge, &self.username, &self.password) else {
            return false;
        };
        let session = Arc::new(session);
        self.kept.rcu(|kept| {
            let others = kept.iter().filter(|(kept, _)| *kept != origin);
            let mut all: Vec<_> = others.rev().take(MAX_KEPT - 1).cloned().collect();
            all.reverse();
            all.push((origin, Arc::clone(&session)));
            all
        });
        !is_wrong
    }
}

/// By what a request was answered.
#[derive(Debug)]
pub(in crate::upstream) struct Answered(Arc<Session>);

impl Session {
    fn new(challenge: Challenge, username: &str, password: &SecretString) -> Option<Self> {
        let mut random = [0; 16];
        rand::fill(&mut random).ok()?;
        Some(Self::with(challenge, username, password, hexadecimal(&random)))
    }

    fn with(challenge: Challenge, username: &str, password: &SecretString, client_nonce: String) -> Self {
        let algorithm = challenge.algorithm;
        let mut secret = hash(algorithm, &[username, &challenge.realm, password.expose_secret()]);
        if challenge.session {
            secret = hash(algorithm, &[&secret, &challenge.nonce, &client_nonce]);
        }
        Self {
            challenge,
            secret: secret.into(),
            client_nonce,
            count: AtomicU32::new(0),
        }
    }

    fn value(&self, username: &str, number: u32, method: &Method, target: &str) -> Option<HeaderValue> {
        let Challenge {
            realm,
            nonce,
            opaque,
            algorithm,
            algorithm_name,
            counted,
            hides_user,
            ..
        } = &self.challenge;
        let what = hash(*algorithm, &[method.as_str(), target]);
        let secret = self.secret.expose_secret();
        let count = format!("{number:08x}");
        let response = if *counted {
            hash(*algorithm, &[secret, nonce, &count, &self.client_nonce, "auth", &what])
        } else {
            hash(*algorithm, &[secret, nonce, &what])
        };
        let mut text = "Digest ".to_owned();
        if *hides_user {
            let hidden = hash(*algorithm, &[username, realm]);
            write!(text, "username=\"{hidden}\", userhash=true").ok()?;
        } else if username.is_ascii() && !username.chars().any(char::is_control) {
            write!(text, "username=\"{}\"", quoted(username)).ok()?;
        } else {
            write!(text, "username*=UTF-8''{}", utf8_percent_encode(username, EXTENDED)).ok()?;
        }
        write!(
            text,
            ", realm=\"{}\", nonce=\"{}\", uri=\"{}\", response=\"{response}\"",
            quoted(realm),
            quoted(nonce),
            quoted(target)
        )
        .ok()?;
        if let Some(name) = algorithm_name {
            write!(text, ", algorithm={name}").ok()?;
        }
        if let Some(opaque) = opaque {
            write!(text, ", opaque=\"{}\"", quoted(opaque)).ok()?;
        }
        if *counted {
            write!(text, ", qop=auth, nc={count}").ok()?;
        }
        if *counted || self.challenge.session {
            write!(text, ", cnonce=\"{}\"", self.client_nonce).ok()?;
        }
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What RFC 8187 leaves as it is.
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// The hash of the parts with colons between them, in hexadecimal.
fn hash(algorithm: Algorithm, parts: &[&str]) -> String {
    let text = parts.join(":");
    match algorithm {
        // As weak as it is, it is what most backends with digests ask for.
        Algorithm::Md5 => hexadecimal(&Md5::digest(text)),
        Algorithm::Sha256 => hexadecimal(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()),
        Algorithm::Sha512Of256 => hexadecimal(digest::digest(&digest::SHA512_256, text.as_bytes()).as_ref()),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::WWW_AUTHENTICATE;

    fn challenge(text: &str) -> HeaderMap {
        let value = HeaderValue::from_str(text).expect("a value");
        [(WWW_AUTHENTICATE, value)].into_iter().collect()
    }

    /// The examples of RFC 7616, sections 3.9.1 and 3.9.2, and of RFC 2069.
    #[test]
    fn the_examples_of_the_standard_are_answered() {
        let answer = |challenged: &str, user: &str, password: &str, cnonce: &str, target: &str| {
            let challenge = Challenge::of(&challenge(challenged)).expect("a challenge");
            let session = Session::with(challenge, user, &password.into(), cnonce.into());
            let value = session.value(user, 1, &Method::GET, target).expect("a value");
            value.to_str().expect("a text").to_owned()
        };
        let common = r#"realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        for (algorithm, response) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            (
                "SHA-256",
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
            ),
        ] {
            let text = format!("Digest {common}, algorithm={algorithm}");
            let answer = answer(&text, "Mufasa", "Circle of Life", cnonce, "/dir/index.html");
            for part in [
                &format!("response=\"{response}\""),
                "username=\"Mufasa\"",
                "uri=\"/dir/index.html\"",
                "nc=00000001",
                "qop=auth,",
                &format!("algorithm={algorithm}"),
            ] {
                assert!(answer.contains(part), "{part} in {answer}");
            }
        }
        let text = r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#;
        let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm";
        let hidden = answer(text, "Jäsøn Doe", "Secret, or not?", cnonce, "/doe.json");
        // The RFC's own figures here are known to be wrong (erratum 4897); these were computed with Python's hashlib.
        assert!(
            hidden.contains("793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"),
            "{hidden}"
        );
        assert!(
            hidden.contains("7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"),
            "{hidden}"
        );
        let old = r#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let old = answer(old, "Mufasa", "CircleOfLife", "", "/dir/index.html");
        assert!(old.contains("response=\"1949323746fe6a43ef61f9606e7febea\""), "{old}");
        assert!(!old.contains("nc=") && !old.contains("cnonce"), "{old}");
    }

    #[test]
    fn requests_are_counted_and_refusals_end() {
        let account = DigestAccount::new("user \"x\"".into(), "secret".into());
        let ask = |origin| account.answer(origin, &Method::GET, "/");
        assert!(ask(1).is_none(), "nothing is known yet");
        let first = challenge(r#"Digest realm="r", nonce="1", qop="auth""#);
        assert!(account.refused(1, None, &first));
        let (value, answered) = ask(1).expect("an answer");
        assert!(value.is_sensitive());
        let text = value.to_str().expect("a text");
        assert!(
            text.contains("nc=00000001") && text.contains(r#"username="user \"x\"""#),
            "{text}"
        );
        assert!(ask(2).is_none(), "another backend");
        let (value, again) = ask(1).expect("an answer");
        assert!(value.to_str().is_ok_and(|text| text.contains("nc=00000002")));
        // The nonce has become too old.
        assert!(account.refused(
            1,
            Some(&again),
            &challenge(r#"Digest realm="r", nonce="2", stale=true, qop="auth""#)
        ));
        let (value, newer) = ask(1).expect("an answer");
        assert!(value.to_str().is_ok_and(|text| text.contains("nonce=\"2\", uri")));
        // A fresh one is refused: the password is wrong.
        assert!(!account.refused(
            1,
            Some(&newer),
            &challenge(r#"Digest realm="r", nonce="3", qop="auth""#)
        ));
        drop(answered);
        assert!(!account.refused(1, None, &challenge("Basic realm=\"r\"")));
        assert!(!format!("{account:?}").contains("secret\""));
    }
}
