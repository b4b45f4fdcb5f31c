//! A certificate and its key, in PEM files that two settings name.

use super::settings::Reader;
use std::path::PathBuf;

/// Reads both settings; one without the other is refused.
pub(super) fn read(
    reader: &mut Reader<'_>,
    certificate: &'static str,
    key: &'static str,
) -> (Option<PathBuf>, Option<PathBuf>) {
    let files = (reader.file(certificate), reader.file(key));
    let (set, missing) = match &files {
        (Some(_), None) => (certificate, key),
        (None, Some(_)) => (key, certificate),
        _ => return files,
    };
    reader.fail(
        set,
        format!("`{set}` is set without `{missing}`"),
        format!("Set `{missing}` too."),
    );
    files
}
