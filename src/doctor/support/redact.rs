//! Takes what is secret out of texts.

use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// A shorter secret would be found in any text by chance, and is no secret worth the name.
const SHORTEST: usize = 4;
/// The same of names, which are replaced as whole words alone.
const SHORTEST_NAME: usize = 3;
const SECRET: &str = "(secret)";

/// Takes secrets out of texts, and addresses where that is wanted.
pub(super) struct Redactor {
    /// What is replaced by what, the longest first.
    words: Vec<(SecretString, String)>,
    /// Names, the longest first: what is one only within a longer word is none.
    names: Vec<(String, String)>,
    hides_addresses: bool,
}

impl Redactor {
    /// `hosts`: names that are replaced, too; `None`: addresses stay.
    pub(super) fn new(secrets: Vec<SecretString>, hosts: Option<BTreeSet<String>>) -> Self {
        let mut words = Vec::new();
        for secret in secrets {
            for form in forms(secret.expose_secret()) {
                words.push((SecretString::from(form), SECRET.to_owned()));
            }
        }
        let hides_addresses = hosts.is_some();
        let mut names: Vec<(String, String)> = (1..)
            .zip(hosts.unwrap_or_default())
            .map(|(number, name)| (name, format!("host-{number}")))
            .filter(|(name, _)| name.len() >= SHORTEST_NAME)
            .collect();
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        words.retain(|(word, _)| word.expose_secret().len() >= SHORTEST);
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.expose_secret().len()));
        Self {
            words,
            names,
            hides_addresses,
        }
    }

    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (word, instead) in &self.words {
            if text.contains(word.expose_secret()) {
                text = text.replace(word.expose_secret(), instead);
            }
        }
        for (name, instead) in &self.names {
            text = without_word(&text, name, instead);
        }
        match self.hides_addresses {
            true => without_addresses(&text),
            false => text,
        }
    }
}

/// A secret as it may stand in a text: plain, in JSON, in a URL, and each of its lines.
fn forms(secret: &str) -> BTreeSet<String> {
    let mut forms: BTreeSet<String> = secret.lines().map(|line| line.trim().to_owned()).collect();
    forms.insert(secret.trim().to_owned());
    for form in forms.clone() {
        let json = serde_json::Value::from(form.as_str()).to_string();
        forms.insert(json.trim_matches('"').to_owned());
        let url: String = percent_encoding::utf8_percent_encode(&form, percent_encoding::NON_ALPHANUMERIC).to_string();
        forms.insert(url);
        forms.insert(
            percent_encoding::percent_decode_str(&form)
                .decode_utf8_lossy()
                .into_owned(),
        );
    }
    forms
}

/// Replaces a word, where it is not a part of a longer one.
fn without_word(text: &str, word: &str, instead: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(word) {
        let (before, from) = rest.split_at(start);
        let (found, after) = from.split_at(word.len());
        let is_whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        result.push_str(before);
        result.push_str(if is_whole { instead } else { found });
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Replaces addresses of other machines.
fn without_addresses(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | ':');
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        result.push_str(before);
        result.push_str(&hidden(word));
        rest = after;
    }
    result.push_str(rest);
    result
}

/// A word of an address's characters: alone, with a port, or with a full stop behind it.
fn hidden(word: &str) -> String {
    const ADDRESS: &str = "(address)";
    let is_other = |text: &str| {
        let address = text.parse::<IpAddr>();
        address.is_ok_and(|address| !address.is_loopback() && !address.is_unspecified())
    };
    let plain = word.trim_end_matches(['.', ':']);
    let tail = &word[plain.len()..];
    if is_other(plain) {
        return format!("{ADDRESS}{tail}");
    }
    if let Some((address, port)) = plain.rsplit_once(':')
        && is_other(address)
    {
        return format!("{ADDRESS}:{port}{tail}");
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_in_every_form() {
        let secrets = ["p\"w d/1", "first-line\nsecond-line", "abc", "canary", "canary-longer"];
        let redactor = Redactor::new(secrets.map(SecretString::from).to_vec(), None);
        let text = "plain p\"w d/1; json p\\\"w d/1; url p%22w%20d%2F1; second-line; abc; canary-longer canary";
        assert_eq!(
            redactor.redact(text),
            "plain (secret); json (secret); url (secret); (secret); abc; (secret) (secret)"
        );
    }

    #[test]
    fn hosts_and_addresses_go_where_that_is_wanted() {
        let hosts = ["apim.example", "ana@meridian.example", "store", "ab"]
            .map(str::to_owned)
            .into();
        let redactor = Redactor::new(Vec::new(), Some(hosts));
        for (text, expected) in [
            ("https://apim.example:9443/x", "https://host-3:9443/x"),
            ("ana@meridian.example at work", "host-2 at work"),
            (
                "keyStore restored store.pem (store) ab",
                "keyStore restored host-4.pem (host-4) ab",
            ),
            ("it is 10.1.2.3, 2001:db8::1.", "it is (address), (address)."),
            ("10.1.2.3:9090 is free", "(address):9090 is free"),
            ("[2001:db8::1]:443", "[(address)]:443"),
            (
                "127.0.0.1:9797 0.0.0.0 ::1 mgw 0.1.0",
                "127.0.0.1:9797 0.0.0.0 ::1 mgw 0.1.0",
            ),
            ("12:30:45 sha256:ab12", "12:30:45 sha256:ab12"),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
        assert_eq!(Redactor::new(Vec::new(), None).redact("10.1.2.3"), "10.1.2.3");
    }
}
