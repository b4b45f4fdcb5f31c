//! What looks like a credential, by the name that it stands under or by itself. Nobody can tell for sure: what does look
//! like one is left out, because a placeholder that goes is soon written again, and a password that is passed on is not.

use crate::compile::has_credential;
use crate::deployment::holds_secret;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// What stands where one was.
pub(super) const GONE: &str = "(left out)";
/// Shortest text that is taken for a credential.
const SHORTEST: usize = 6;
/// Shortest word that is looked into as base64.
const SHORTEST_BASE64: usize = 16;

/// Names behind which a text of people says what their credential is.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(
        r#"([\w.-]*(?i-u:password|passwd|passphrase|secret|credential|private[_-]?key|api[_-]?key|access[_-]?key|token|pwd|authorization)[\w-]*)(["'\\]*\s*[:=]\s*["'\\]*(?:(?i-u:bearer|basic)\s+)?)([^\s"',;\\}]+)"#,
    )
});
/// Whole credentials, whatever stands around them: keys, tokens of the common kinds, and what goes behind a scheme.
static ALONE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    regex(concat!(
        r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)",
        r"|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",
        r"|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bsk_live_\w{10,}|\bAIza[\w-]{35}",
    ))
});
/// The scheme of a URL and the user and password in it.
static IN_URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| regex(r#"\b([A-Za-z][A-Za-z0-9+.-]*://)[^\s/@:"'<>{}$]*:[^\s/@"'<>{}$]+@"#));
/// What is sent in the header `Authorization`.
static BEHIND_SCHEME: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"\b((?i-u:basic|bearer))\s+([\w+/=.~-]{8,})"));
/// Words that may be base64.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"[A-Za-z0-9+/_-]{16,}={0,2}"));
/// A user and a password, as they are sent.
static PAIR: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"\A[\w.@-]{2,}:[!-~]{4,}\z"));

/// A pattern of ours; each is compiled by a test.
fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// Who wrote a text, and so how much it takes to be suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A comment: often settings that somebody switched off.
    InComment,
    /// A value: also prose, in which words stand behind names.
    AsValue,
}

/// Whether a value under this name is a credential.
pub(super) fn is_named(name: &str, value: &str) -> bool {
    names_credential(name) && !is_placeholder(value)
}

/// Whether a name is that of a credential.
pub(super) fn names_credential(name: &str) -> bool {
    const ENDS: [&str; 7] = [
        "authorization",
        "apikeyvalue",
        "accesskey",
        "signingkey",
        "encryptionkey",
        "authkey",
        "connectionstring",
    ];
    // What says something about a credential is none.
    const ABOUT: [&str; 23] = [
        "field",
        "name",
        "header",
        "url",
        "uri",
        "endpoint",
        "type",
        "policy",
        "length",
        "format",
        "prompt",
        "label",
        "hint",
        "description",
        "prefix",
        "ttl",
        "expiry",
        "regex",
        "pattern",
        "id",
        "alias",
        "ref",
        "types",
    ];
    let folded = name.to_ascii_lowercase().replace(['_', '-', '.', ' '], "");
    if ABOUT.iter().any(|end| folded.ends_with(end)) {
        return false;
    }
    let one = folded.strip_suffix('s').unwrap_or(&folded);
    [folded.as_str(), one]
        .iter()
        .any(|name| holds_secret(name, false, "set") || ENDS.iter().any(|end| name.ends_with(end)))
}

/// Whether a value stands for a credential rather than being one.
fn is_placeholder(value: &str) -> bool {
    const WORDS: [&str; 18] = [
        "string",
        "password",
        "passwd",
        "secret",
        "token",
        "bearer",
        "basic",
        "ballerina",
        "apikey",
        "api_key",
        "oauth2",
        "changeme",
        "required",
        "optional",
        "enabled",
        "disabled",
        "header",
        "invalid",
    ];
    let value = value.trim().trim_matches(['"', '\'', '`']);
    let lower = value.to_ascii_lowercase();
    value.len() < SHORTEST
        || WORDS.contains(&lower.as_str())
        || value.starts_with(['$', '#', '{', '<', '*', '(', '['])
        || ["xxx", "your", "..."].iter().any(|start| lower.starts_with(start))
        || value.contains("://") && !matches(&IN_URL, value)
}

fn matches(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// The text without what looks like a credential in it; `None` where nothing does.
pub(super) fn without(text: &str, written: Written) -> Option<String> {
    let mut clean = plainly_without(&query_without(text), written);
    if let Some(word) = WORD.as_ref() {
        clean = word
            .replace_all(&clean, |found: &Captures<'_>| {
                let word = &found[0];
                if hides_one(word) {
                    GONE.to_owned()
                } else {
                    word.to_owned()
                }
            })
            .into_owned();
    }
    (clean != text).then_some(clean)
}

/// A URL without the values that its query has under names of credentials; every other text as it is. In a query, what
/// stands behind a name is no prose.
fn query_without(text: &str) -> String {
    let is_url = text.contains("://") && !text.contains(char::is_whitespace);
    let Some((base, query)) = text.split_once('?').filter(|_| is_url) else {
        return text.to_owned();
    };
    let (query, fragment) = query.find('#').map_or((query, ""), |at| query.split_at(at));
    let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
        Some((name, value)) if has_credential(&format!("{name}=")) && !is_placeholder(value) => {
            format!("{name}={GONE}")
        }
        _ => parameter.to_owned(),
    });
    format!("{base}?{}{fragment}", parameters.collect::<Vec<_>>().join("&"))
}

fn plainly_without(text: &str, written: Written) -> String {
    let mut clean = text.to_owned();
    let mut replace = |regex: &LazyLock<Option<Regex>>, with: &dyn Fn(&Captures<'_>) -> Option<String>| {
        if let Some(regex) = regex.as_ref() {
            let replaced = regex.replace_all(&clean, |found: &Captures<'_>| {
                with(found).unwrap_or_else(|| found[0].to_owned())
            });
            clean = replaced.into_owned();
        }
    };
    replace(&ALONE, &|_| Some(GONE.to_owned()));
    replace(&IN_URL, &|found| Some(found[1].to_owned()));
    replace(&BEHIND_SCHEME, &|found| {
        let (scheme, value) = (&found[1], &found[2]);
        let is_one = match scheme.eq_ignore_ascii_case("basic") {
            true => decoded(value).is_some_and(|text| text.contains(':')),
            false => value.len() >= 12 && is_mixed(value),
        };
        is_one.then(|| format!("{scheme} {GONE}"))
    });
    replace(&NAMED, &|found| {
        let (name, between, value) = (&found[1], &found[2], &found[3]);
        let is_one = is_named(name, value) && (written == Written::InComment || is_mixed(value));
        is_one.then(|| format!("{name}{between}{GONE}"))
    });
    clean
}

/// Whether a word is more than one of a language.
pub(super) fn is_mixed(word: &str) -> bool {
    word.chars().any(|c| c.is_ascii_digit()) && word.chars().any(|c| c.is_ascii_alphabetic())
}

/// Whether there is a credential in a word of base64.
fn hides_one(word: &str) -> bool {
    let Some(text) = decoded(word).filter(|_| word.len() >= SHORTEST_BASE64) else {
        return false;
    };
    matches(&PAIR, text.trim()) || plainly_without(&text, Written::InComment) != text
}

fn decoded(word: &str) -> Option<String> {
    [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
        .iter()
        .find_map(|engine| engine.decode(word).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|text| text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_patterns() {
        for regex in [&NAMED, &ALONE, &IN_URL, &BEHIND_SCHEME, &WORD, &PAIR] {
            assert!(regex.is_some());
        }
    }

    #[test]
    fn credentials_go_and_the_text_around_them_stays() {
        for (text, expected) in [
            ("see postgres://u:canary@db/x now", "see postgres://db/x now"),
            (
                "Authorization: Bearer canary-7f3a-x",
                "Authorization: Bearer (left out)",
            ),
            ("try Basic dXNlcjpjYW5hcnk=!", "try Basic (left out)!"),
            ("{\"apiKey\": \"canary-7\"}", "{\"apiKey\": \"(left out)\"}"),
            ("-----BEGIN RSA PRIVATE KEY-----\ncanary", "(left out)"),
            (
                "jwt eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2ln end",
                "jwt (left out) end",
            ),
            // `user:canary-7f3a`, and `password=canary`
            ("dXNlcjpjYW5hcnktN2YzYQ==", "(left out)"),
            (
                "https://a.example/x?y=1&sig=canary&api_key=canary#top",
                "https://a.example/x?y=1&sig=(left out)&api_key=(left out)#top",
            ),
            ("x cGFzc3dvcmQ9Y2FuYXJ5 y", "x (left out) y"),
        ] {
            assert_eq!(without(text, Written::AsValue).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(
            without("client_secret = canary # old", Written::InComment).as_deref(),
            Some("client_secret = (left out) # old")
        );
    }

    #[test]
    fn what_only_talks_of_credentials_stays() {
        for text in [
            "The password: minimum length is 8 characters",
            "Bearer authentication is wanted",
            "https://a.example/x?y=1",
            "https://a.example/x?api_key={key}&token=YOUR_TOKEN&sig=&key",
            "read https://a.example/x?key=canary",
            "https://${USER}:${PASS}@a.example",
            "Authorization: Bearer <token>",
            "password: ${PASSWORD}",
            "tokenUrl: https://idp.example/oauth2/token1",
            "#/components/schemas/PasswordReset12",
            "a1b2c3d4e5f6a7b8c9d0e1f2",
        ] {
            assert_eq!(without(text, Written::AsValue), None, "{text}");
        }
        for (name, value, expected) in [
            ("password", "canary", true),
            ("X-Api-Key", "canary", true),
            ("apiTokens", "canary", true),
            ("db_password", "string", false),
            ("password", "${PW}", false),
            ("tokenUrl", "canary", false),
            ("passwordField", "canary", false),
            ("username", "canary", false),
            ("token", "https://idp.example/x", false),
        ] {
            assert_eq!(is_named(name, value), expected, "{name} {value}");
        }
    }
}
