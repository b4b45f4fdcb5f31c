//! Names of files of usage records, for the fuzz targets.

use super::spool::fuzzing::parts;

/// Reads a name: it is the one that its parts make, but for what micro-gw left half-written.
pub(crate) fn file_name(name: &str) {
    if let Some((stem, kind)) = parts(name) {
        assert!(kind.name(stem) == name || name.ends_with(".tmp"), "{name}");
        assert!(!name.contains('/'));
    }
}
