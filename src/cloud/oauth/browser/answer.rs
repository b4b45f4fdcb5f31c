//! What the browser brings back, read from the head of its request.

use secrecy::SecretString;
use url::Url;

/// Where the browser comes back to.
pub(super) const PATH: &str = "/callback";

/// The most characters of a server's explanation that are shown.
const LONGEST_TEXT: usize = 200;

/// What a request to the listener is.
#[derive(Debug)]
pub(super) enum Arrival {
    /// The code.
    Code(SecretString),
    /// The control plane, or the user, said no.
    Refused(Refused),
    /// The right place, but not the answer to our question.
    Foreign,
    /// Another path, for example an icon.
    Elsewhere,
    /// No request that is understood.
    Malformed,
}

/// Why the control plane gave no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The error's name.
    pub(crate) error: String,
    /// What the server said.
    pub(crate) description: String,
}

/// Reads the request line of an HTTP/1 request.
pub(super) fn read(line: &str, state: &str) -> Arrival {
    let mut parts = line.split(' ');
    let (Some("GET"), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Arrival::Malformed;
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') || target.starts_with("//") {
        return Arrival::Malformed;
    }
    let Ok(url) = Url::parse("http://127.0.0.1").and_then(|base| base.join(target)) else {
        return Arrival::Malformed;
    };
    if url.path() != PATH {
        return Arrival::Elsewhere;
    }
    let value = |name: &str| {
        let mut values = url.query_pairs().filter(|(key, _)| key == name);
        let value = values.next()?.1.into_owned();
        // A parameter that is there twice means nothing.
        values.next().is_none().then_some(value)
    };
    if value("state").as_deref() != Some(state) {
        return Arrival::Foreign;
    }
    match (value("code"), value("error")) {
        (Some(code), None) if !code.is_empty() => Arrival::Code(code.into()),
        (None, Some(error)) => Arrival::Refused(Refused {
            error: shown(&error),
            description: shown(&value("error_description").unwrap_or_default()),
        }),
        _ => Arrival::Foreign,
    }
}

fn shown(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn only_the_answer_to_our_question_counts() {
        let code = |line: &str| match read(line, "s1") {
            Arrival::Code(code) => code.expose_secret().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(code("GET /callback?code=a%2Bb&state=s1 HTTP/1.1"), "a+b");
        for (line, expected) in [
            ("GET /callback?code=a&state=s2 HTTP/1.1", "Foreign"),
            ("GET /callback?code=a HTTP/1.1", "Foreign"),
            ("GET /callback?code=a&state=s1&state=s1 HTTP/1.1", "Foreign"),
            ("GET /callback?code=a&code=b&state=s1 HTTP/1.1", "Foreign"),
            ("GET /callback?code=&state=s1 HTTP/1.1", "Foreign"),
            ("GET /callback?code=a&error=b&state=s1 HTTP/1.1", "Foreign"),
            ("GET /favicon.ico HTTP/1.1", "Elsewhere"),
            ("GET //evil.example/callback?code=a&state=s1 HTTP/1.1", "Malformed"),
            ("POST /callback?code=a&state=s1 HTTP/1.1", "Malformed"),
            ("GET http://x/callback?code=a&state=s1 HTTP/1.1", "Malformed"),
            ("GET /callback?code=a&state=s1 SPDY", "Malformed"),
            ("", "Malformed"),
        ] {
            let found = code(line);

            assert!(found == expected, "{line}: {found}");
        }
    }

    #[test]
    fn a_refusal_is_told_without_what_fools_terminals() {
        let line = "GET /callback?error=access_denied&error_description=User%1b%5b2J+said+no&state=s1 HTTP/1.1";
        let Arrival::Refused(refused) = read(line, "s1") else {
            panic!("a refusal is expected");
        };
        assert_eq!(refused.error, "access_denied");
        assert_eq!(refused.description, "User [2J said no");
    }
}
