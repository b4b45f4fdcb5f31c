//! What somebody has set, and where, for those who look at a gateway from outside. No secret is in it.

use super::catalogue::{Key, Kind, all};
use super::settings::Settings;
use super::sources::merge;
use super::value::Value;
use super::{Origin, Sources};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write;
use url::Url;

/// What stands in the place of a secret.
const SECRET: &str = "(secret)";

/// A key that somebody has set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetKey {
    /// Dotted name, with the number of a table or its name.
    pub name: String,
    /// The value as text; of a secret only that there is one.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
}

/// What somebody has set.
#[derive(Debug, Default)]
pub struct WhatIsSet {
    /// Every key, sorted.
    pub keys: Vec<SetKey>,
    /// Names of what operators replace about endpoints, sorted. Their values may be secrets.
    pub overrides: Vec<String>,
    /// Every secret among the values, so that others can make sure that none gets out.
    pub secrets: Vec<SecretString>,
}

impl WhatIsSet {
    /// Merges the sources; what is wrong with them is not looked at.
    pub fn of(sources: Sources<'_>) -> Self {
        let merged = merge(sources);
        let mut found = Self::default();
        let keys: Vec<&'static Key> = all().collect();
        found.collect("", &merged.settings, &keys);
        found.keys.sort_by(|one, other| one.name.cmp(&other.name));
        for name in merged.overrides.names() {
            found.overrides.push(name.to_owned());
            found.secrets.extend(merged.overrides.value(name).cloned());
        }
        found
    }

    fn collect(&mut self, prefix: &str, settings: &Settings, keys: &[&'static Key]) {
        for (name, (value, origin)) in &settings.values {
            let value = self.shown(name, value);
            self.keys.push(SetKey {
                name: format!("{prefix}{name}"),
                value,
                origin: origin.clone(),
            });
        }
        for (name, tables) in &settings.tables {
            for (number, table) in (1..).zip(tables) {
                self.collect(&format!("{prefix}{name}[{number}]."), table, &inner(keys, name));
            }
        }
        for (name, tables) in &settings.named {
            for (own, table) in tables {
                self.collect(&format!("{prefix}{name}.{own}."), table, &inner(keys, name));
            }
        }
    }

    fn shown(&mut self, name: &str, value: &Value) -> String {
        match value {
            Value::Bool(value) => value.to_string(),
            Value::Integer(value) => value.to_string(),
            Value::Float => "(number)".to_owned(),
            Value::Secret(secret) => {
                if secret.expose_secret().is_empty() {
                    return String::new();
                }
                self.secrets.push(secret.clone());
                SECRET.to_owned()
            }
            // Values of header fields are whatever the operator wants, credentials among them.
            Value::Text(text) if matches!(name, "value" | "overrideValue") => {
                self.secrets.push(text.clone().into());
                SECRET.to_owned()
            }
            Value::Text(text) => self.plain(text),
            Value::List(texts) => {
                let mut list = String::new();
                for text in texts {
                    let comma = if list.is_empty() { "" } else { ", " };
                    // Writing to a `String` cannot fail.
                    let _ = write!(list, "{comma}{}", self.plain(text));
                }
                list
            }
        }
    }

    /// A text without what credentials a URL has in it.
    fn plain(&mut self, text: &str) -> String {
        // Where a quotation mark is misplaced, a text is the file from there on, with its secrets.
        if text.contains('\n') {
            return "(several lines)".to_owned();
        }
        if let Ok(url) = Url::parse(text) {
            self.secrets.extend(url.password().map(SecretString::from));
            self.secrets.extend(url.query().map(SecretString::from));
        }
        without_credentials(text)
    }
}

/// A text without what credentials a URL has in it.
pub(super) fn without_credentials(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return text.to_owned();
    };
    if url.password().is_none() && url.username().is_empty() && url.query().is_none() {
        return text.to_owned();
    }
    // Refused only for URLs that have no place for them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

fn inner(keys: &[&'static Key], name: &str) -> Vec<&'static Key> {
    let key = keys.iter().find(|key| key.name == name);
    match key.map(|key| key.kind) {
        Some(Kind::Tables(inner) | Kind::Named(inner)) => inner.iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys;

    /// Every key that may hold a secret, set to one.
    fn everything() -> (Vec<(String, String)>, usize) {
        let plain = |name: &str| !name.contains(['[', '<']);
        let sets: Vec<(String, String)> = keys()
            .into_iter()
            .filter(|key| plain(&key.name) && key.kind == "a string")
            .map(|key| (key.name, "https://ana:canary@host.example/x?key=canary".to_owned()))
            .collect();
        let count = sets.len();
        (sets, count)
    }

    #[test]
    fn no_secret_is_shown_at_any_key() {
        let (sets, count) = everything();
        let environment = [("shop_prod_basic_password".to_owned(), "canary-1".to_owned())];
        let file = "[[jwtTokenConfig]]\nissuer = \"https://issuer.example\"\n\
                    [b7a.users.ana]\npassword = \"canary-2\"\n\
                    [tokenRevocationConfig.redis]\nurl = \"redis://:canary-3@store\"\n";
        let found = WhatIsSet::of(Sources {
            file: Some(("test.conf", file)),
            environment: &environment,
            sets: &sets,
        });
        assert!(found.keys.len() >= count && count > 20, "{count}");
        let shown = format!("{:?} {:?}", found.keys, found.overrides);
        assert!(!shown.contains("canary"), "{shown}");
        assert_eq!(found.overrides, ["shop_prod_basic_password"]);
        assert!(
            found.keys.iter().any(|key| key.name == "jwtTokenConfig[1].issuer"),
            "{shown}"
        );
        assert!(
            found
                .keys
                .iter()
                .any(|key| key.name == "b7a.users.ana.password" && key.value == SECRET),
            "{shown}"
        );
        let known = |secret: &str| found.secrets.iter().any(|known| known.expose_secret() == secret);
        assert!(known("canary-1") && known("canary-2") && known("canary"));
    }
}
