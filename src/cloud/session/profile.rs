//! Profiles: several sessions side by side.

use std::fmt;
use std::str::FromStr;

/// The profile that is used when none is named.
pub(crate) const DEFAULT_PROFILE: &str = "default";

/// Name of a session; also a file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Profile(String);

/// A text that is not a profile name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a profile name has 1 to 64 letters, digits, `-`, `_` or `.`, and starts with a letter or digit")]
pub struct ProfileError;

impl FromStr for Profile {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if text.len() <= 64 && text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProfileError)
        }
    }
}

impl Profile {
    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
