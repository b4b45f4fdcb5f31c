//! Keeps what the user has handed over as a credential out of everything that is shown.

use std::borrow::Cow;

/// What stands for a secret.
const HIDDEN: &str = "***";
/// Shorter texts stand in everything by chance.
const SHORTEST: usize = 4;

/// Texts that are shown nowhere.
#[derive(Default)]
pub(crate) struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Secrets").field(&self.0.len()).finish()
    }
}

impl Secrets {
    /// Adds a secret, and its parts: a scheme and what follows it.
    pub(crate) fn add(&mut self, secret: &str) {
        let whole = secret.trim();
        let parts = whole.split_ascii_whitespace();
        for part in std::iter::once(whole).chain(parts) {
            let is_scheme = ["bearer", "basic", "digest"].contains(&part.to_ascii_lowercase().as_str());
            if part.len() >= SHORTEST && !is_scheme && !self.0.iter().any(|known| known == part) {
                self.0.push(part.to_owned());
            }
        }
        // What holds another is taken out first.
        self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
    }

    /// Returns the text without the secrets.
    pub(crate) fn out_of<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let found = |text: &str| self.0.iter().any(|secret| text.contains(secret.as_str()));
        if !found(text) {
            return Cow::Borrowed(text);
        }
        let clean = self
            .0
            .iter()
            .fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), HIDDEN));
        Cow::Owned(clean)
    }

    /// Takes the secrets out of every text of a document.
    pub(crate) fn out_of_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.out_of(text) {
                    *text = clean;
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.out_of_json(element)),
            Value::Object(members) => members.values_mut().for_each(|member| self.out_of_json(member)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_taken_out_whole_and_in_parts() {
        let mut secrets = Secrets::default();
        secrets.add("Bearer canary-token");
        secrets.add("canary");
        secrets.add("abc");
        assert_eq!(
            secrets.out_of("a canary-token, Bearer canary-token, abc"),
            "a ***, ***, abc"
        );
        assert_eq!(secrets.out_of("the Bearer scheme"), "the Bearer scheme");
        let mut document = json!({"a": ["canary", 1, {"b": "x canary-token"}]});
        secrets.out_of_json(&mut document);
        assert_eq!(document, json!({"a": ["***", 1, {"b": "x ***"}]}));
        assert!(!format!("{secrets:?}").contains("canary"));
    }
}
