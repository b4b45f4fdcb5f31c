//! Entry point of the fuzz targets into what is said of suppressions.

use super::AuditSettings;
use super::suppressions::Suppressions;
use crate::diagnostics::Diagnostics;
use jiff::civil::date;

/// What is wrong with the suppressions of a project in which nothing is to be suppressed: something with each.
pub(crate) fn suppressions(settings: &AuditSettings) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let suppressions = Suppressions::new(&settings.suppress, date(2026, 1, 31));
    for leftover in suppressions.leftovers("mgw.toml", None) {
        diagnostics.push(leftover);
    }
    assert_eq!(diagnostics.iter().count(), settings.suppress.len());
    diagnostics
}
