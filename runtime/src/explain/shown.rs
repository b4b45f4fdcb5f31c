//! What may be shown of a request. Credentials may not, whoever's they are.

use crate::access_log::push_query;
use crate::upstream::Credentials;
use http::{HeaderName, HeaderValue, Uri};

/// What stands for a secret.
pub(super) const HIDDEN: &str = "***";

/// Headers that carry credentials or sessions.
const SECRET_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-jwt-assertion"];

/// What is in the names of headers that may.
const SECRET_WORDS: [&str; 10] = [
    "apikey",
    "auth",
    "credential",
    "jwt",
    "key",
    "pass",
    "secret",
    "session",
    "signature",
    "token",
];

/// Whether the value of a header is shown to nobody. `own`: headers in which the gateway puts credentials.
pub(super) fn is_secret(name: &HeaderName, value: &HeaderValue, own: &[&HeaderName]) -> bool {
    value.is_sensitive() || own.contains(&name) || is_secret_name(name.as_str())
}

/// Whether a header of this name, in lower case, carries credentials.
pub(super) fn is_secret_name(name: &str) -> bool {
    SECRET_HEADERS.contains(&name) || SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// Path and query of a URL, without the values of parameters that carry keys.
pub(super) fn target(uri: &Uri, key_parameters: &[String], credentials: Option<&Credentials>) -> String {
    let mut line = uri.path().as_bytes().to_vec();
    if let Some(query) = uri.query() {
        let own = credentials.and_then(Credentials::parameter).map(str::to_owned);
        let secret: Vec<String> = key_parameters.iter().cloned().chain(own).collect();
        push_query(&mut line, query, &secret);
    }
    String::from_utf8_lossy(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::QueryKey;

    #[test]
    fn credentials_are_recognised() {
        let own = HeaderName::from_static("x-mine");
        for (name, secret) in [
            ("authorization", true),
            ("x-api-key", true),
            ("x-access-token", true),
            ("cookie", true),
            ("x-mine", true),
            ("accept", false),
            ("x-correlation-id", false),
            ("user-agent", false),
        ] {
            let name = HeaderName::from_static(name);
            assert_eq!(
                is_secret(&name, &HeaderValue::from_static("v"), &[&own]),
                secret,
                "{name}"
            );
        }
        let mut value = HeaderValue::from_static("v");
        value.set_sensitive(true);
        assert!(is_secret(&HeaderName::from_static("accept"), &value, &[]));
    }

    #[test]
    fn keys_in_queries_are_hidden() {
        let credentials = Credentials::Query(QueryKey::new("mine", "hidden"));
        let uri = Uri::from_static("/a/b?x=1&mine=hidden&theirs=hidden&apikey=hidden&y");
        let shown = target(&uri, &["theirs".to_owned()], Some(&credentials));
        assert_eq!(shown, "/a/b?x=1&mine=***&theirs=***&apikey=***&y");
        assert_eq!(target(&Uri::from_static("/a"), &[], None), "/a");
    }
}
