//! What a name of the spool says, for the fuzz targets.

use super::names::{Kind, read};

/// The stem of a name, and how far its file has come.
pub(in crate::usage) fn parts(name: &str) -> Option<(&str, Kind)> {
    read(name).map(|(stem, _, kind)| (stem, kind))
}
