//! Where the settings name a file, an alias or an issuer, for problems that show only when it is used.

use super::Origin;
use std::collections::BTreeMap;

/// Texts that settings hold, each with where it was written first, and where each setting was made. Secrets are not among
/// them.
#[derive(Debug, Clone, Default)]
pub struct Places {
    values: BTreeMap<String, Origin>,
    keys: BTreeMap<String, Origin>,
}

/// Where the settings of one of several tables were made: an issuer, a user.
#[derive(Debug, Clone, Default)]
pub struct TablePlaces {
    /// Where the table begins.
    pub(super) table: Option<Origin>,
    pub(super) keys: BTreeMap<&'static str, Origin>,
}

impl TablePlaces {
    /// Returns where a setting was made, or else where its table begins; `None`: no source has the table.
    pub fn of_key(&self, key: &str) -> Option<&Origin> {
        self.keys.get(key).or(self.table.as_ref())
    }
}

impl Places {
    /// Returns where some setting has exactly this value; `None` for built-in defaults.
    pub fn of(&self, value: &str) -> Option<&Origin> {
        self.values.get(value)
    }

    /// Returns where a setting was made; `None` for built-in defaults.
    pub fn of_key(&self, key: &str) -> Option<&Origin> {
        self.keys.get(key)
    }

    /// Later sources win, as with the setting itself.
    pub(super) fn record_key(&mut self, key: &str, origin: &Origin) {
        self.keys.insert(key.to_owned(), origin.clone());
    }

    /// Later sources replace what earlier ones said, so the last place counts; within a file it is the first.
    pub(super) fn record(&mut self, value: &str, origin: &Origin) {
        match (self.values.get(value), origin) {
            (Some(Origin::File { .. }), Origin::File { .. }) => {}
            _ => {
                self.values.insert(value.to_owned(), origin.clone());
            }
        }
    }
}
