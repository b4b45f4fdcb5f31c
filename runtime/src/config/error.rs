//! What is wrong with a configuration.

use super::Origin;
use std::collections::BTreeSet;

/// What kind of problem it is, for those who put it before people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// The file is no TOML there.
    Syntax,
    /// Nobody knows the key.
    UnknownKey {
        /// The part of its name that nobody knows.
        part: String,
        /// What could stand there.
        known: BTreeSet<&'static str>,
    },
    /// A value cannot be used, or does not go with others.
    Value,
}

/// One problem that keeps the gateway from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct ConfigError {
    /// What kind it is of.
    pub kind: ErrorKind,
    /// Where it is.
    pub origin: Origin,
    /// What is wrong, a lower-case fragment. Never quotes the value of a secret.
    pub reason: String,
    /// What helps, a sentence; empty when the reason says it all.
    pub remedy: String,
    /// What has to stand at the place of [`Self::origin`] instead, where that is certain.
    pub correction: Option<String>,
}

/// What kind of advice it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    /// A key of micro-gw that this gateway does not act on.
    NoEffect,
    /// A setting that may not be meant.
    Doubtful,
}

/// Something that the operator should know although the gateway starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigWarning {
    /// What kind it is of.
    pub kind: WarningKind,
    /// Where it is.
    pub origin: Origin,
    /// What it is, a lower-case fragment.
    pub reason: String,
    /// What to do about it, a sentence; `None`: what is done about all of its kind.
    pub remedy: Option<&'static str>,
}

impl std::fmt::Display for ConfigWarning {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.origin, self.reason)
    }
}
