//! What is wrong with a configuration.

use super::Origin;

/// One problem that keeps the gateway from starting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct ConfigError {
    /// Where it is.
    pub origin: Origin,
    /// What is wrong, a lower-case fragment. Never quotes the value of a secret.
    pub reason: String,
    /// What helps, a sentence; empty when the reason says it all.
    pub remedy: String,
}

/// Something that the operator should know although the gateway starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigWarning {
    /// Where it is.
    pub origin: Origin,
    /// What it is, a lower-case fragment.
    pub reason: String,
}

impl std::fmt::Display for ConfigWarning {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.origin, self.reason)
    }
}
