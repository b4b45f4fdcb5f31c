//! How a key is named on the command line: by its name in the user's key store, or by a file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The longest name.
const LONGEST: usize = 64;

/// The name of a key in the user's key store: letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// The name as it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        // A leading hyphen would be a flag wherever the name is typed.
        if text.is_empty() || text.len() > LONGEST || text.starts_with('-') || !text.chars().all(is_allowed) {
            return Err(format!(
                "a key's name has 1 to {LONGEST} letters, digits, `-` and `_`, and begins with none of `-`"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether a text holds a key, where the name of one or of its file belongs: such a text is never repeated.
pub(crate) fn is_key_text(text: &str) -> bool {
    text.contains("-----BEGIN ")
}

/// A key that somebody named. What could be the name of a key is one; files have a `.` or a `/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyReference {
    /// A key of the user's.
    Name(KeyName),
    /// A PEM file.
    File(PathBuf),
}

impl FromStr for KeyReference {
    type Err = &'static str;

    /// Nothing is no key: a script whose variable is empty must not check less than it says.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Err("it is empty"),
            text if is_key_text(text) => Err("it is the text of a key, not a name or a file"),
            text => Ok(text.parse().map_or_else(|_| Self::File(text.into()), Self::Name)),
        }
    }
}

impl fmt::Display for KeyReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_lead_to_another_folder() {
        let long = "a".repeat(LONGEST + 1);
        for text in ["", "-a", ".", "..", "a.b", "a/b", "a\\b", "a b", "ä", "a\0", &long] {
            assert!(text.parse::<KeyName>().is_err(), "{text:?}");
        }
        for text in ["a", "release", "Team-1_2026", &long[1..]] {
            assert_eq!(text.parse::<KeyName>().as_ref().map(KeyName::as_str), Ok(text));
        }
    }

    #[test]
    fn what_could_be_a_name_is_one() {
        assert!(matches!("release".parse(), Ok(KeyReference::Name(_))));
        for text in ["", "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n"] {
            let refused = text.parse::<KeyReference>().expect_err(text);
            assert!(!refused.contains("canary"), "{refused}");
        }
        for file in ["release.pub.pem", "./release", "/keys/release", "keys/release"] {
            assert_eq!(file.parse(), Ok(KeyReference::File(file.into())));
        }
    }
}
