//! Writes YAML that other tools read the same way: texts that YAML 1.1 takes for something else are quoted.

/// Returns `value` as YAML.
///
/// # Errors
///
/// Only for values that YAML cannot hold, such as maps with maps as keys.
pub fn to_yaml<T: serde::Serialize>(value: &T) -> Result<String, WriteError> {
    serde_yaml::to_string(value).map_err(|error| WriteError(error.to_string()))
}

/// A value that YAML cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be written as YAML: {0}")]
pub struct WriteError(String);
