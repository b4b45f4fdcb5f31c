//! Where the settings name a file, an alias or an issuer, for problems that show only when it is used.

use super::Origin;
use std::collections::BTreeMap;

/// Texts that settings hold, each with where it was written first. Secrets are not among them.
#[derive(Debug, Clone, Default)]
pub struct Places(BTreeMap<String, Origin>);

impl Places {
    /// Returns where some setting has exactly this value; `None` for built-in defaults.
    pub fn of(&self, value: &str) -> Option<&Origin> {
        self.0.get(value)
    }

    /// Later sources replace what earlier ones said, so the last place counts; within a file it is the first.
    pub(super) fn record(&mut self, value: &str, origin: &Origin) {
        match (self.0.get(value), origin) {
            (Some(Origin::File { .. }), Origin::File { .. }) => {}
            _ => {
                self.0.insert(value.to_owned(), origin.clone());
            }
        }
    }
}
