//! Names of files in the spool.
//!
//! A closed file has a stem, `api-usage-data.dat.<ms>` or `api-usage-data.dat.<ms>.<uuid>`, that no other file ever had. The
//! rest of its name says how far it has come.

use uuid::Uuid;

/// The file to which lines are appended.
pub(super) const CURRENT: &str = "api-usage-data.dat.tmp";
/// What micro-gw called a file that was closed and not yet compressed; also the name inside of compressed ones.
pub(super) const PLAIN: &str = "api-usage-data.dat";
/// Digits of a time in milliseconds.
const DIGITS: usize = 13;

/// How far a closed file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Closed, not compressed.
    Closed,
    /// Being compressed.
    Part,
    /// Compressed: waits for its upload.
    Packed,
    /// As above, but an upload of it was begun: the service may have it.
    Tried,
    /// Uploaded, and kept for a while.
    Uploaded,
    /// Set aside: the service does not take it.
    Refused,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Closed,
        Self::Part,
        Self::Packed,
        Self::Tried,
        Self::Uploaded,
        Self::Refused,
    ];

    const fn suffix(self) -> &'static str {
        match self {
            Self::Closed => "",
            Self::Part => ".zip.part",
            Self::Packed => ".zip",
            Self::Tried => ".zip.tried",
            Self::Uploaded => ".zip.uploaded",
            Self::Refused => ".zip.refused",
        }
    }

    /// Whether the file waits for its upload, compressed.
    pub(in crate::usage) fn waits(self) -> bool {
        matches!(self, Self::Packed | Self::Tried)
    }

    /// Returns the name of a file.
    pub(in crate::usage) fn name(self, stem: &str) -> String {
        format!("{stem}{}", self.suffix())
    }
}

/// Returns the stem for a time, which has to be new.
pub(super) fn stem(ms: u64, uuid: Option<Uuid>) -> String {
    match uuid {
        Some(uuid) => format!("{PLAIN}.{ms:013}.{uuid}"),
        None => format!("{PLAIN}.{ms:013}"),
    }
}

/// Whether a stem has a part that no other gateway's has.
pub(in crate::usage) fn is_unique(stem: &str) -> bool {
    stem.len() > PLAIN.len() + 1 + DIGITS
}

/// Reads a name: stem, time in milliseconds, and how far it has come.
pub(super) fn read(name: &str) -> Option<(&str, u64, Kind)> {
    let rest = name.strip_prefix(PLAIN)?.strip_prefix('.')?;
    let digits = rest.get(..DIGITS)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let ms = digits.parse().ok()?;
    let mut suffix = rest.get(DIGITS..)?;
    // What micro-gw left when it was killed while it compressed.
    let legacy = |suffix: &str| suffix == ".tmp";
    if let Some(after) = suffix.strip_prefix('.')
        && let Some(uuid) = after.get(..36)
        && Uuid::try_parse(uuid).is_ok()
    {
        suffix = after.get(36..)?;
    }
    let kind = Kind::ALL.into_iter().find(|kind| kind.suffix() == suffix);
    let kind = kind.or(legacy(suffix).then_some(Kind::Part))?;
    Some((name.strip_suffix(suffix)?, ms, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_made() {
        let uuid = Uuid::from_u128(7);
        for uuid in [None, Some(uuid)] {
            let stem = stem(1_767_003_600_123, uuid);
            for kind in Kind::ALL {
                let name = kind.name(&stem);
                assert_eq!(read(&name), Some((stem.as_str(), 1_767_003_600_123, kind)), "{name}");
            }
        }
        assert_eq!(stem(5, None), "api-usage-data.dat.0000000000005");
    }

    #[test]
    fn other_names_are_nobodys() {
        for name in [
            CURRENT,
            PLAIN,
            "api-usage-data.lock",
            "api-usage-data.dat.176700360012.zip",
            "api-usage-data.dat.1767003600123.x.zip",
            "api-usage-data.dat.1767003600123.zip.gone",
            "api-usage-data.dat.1767003600123é",
            "other.zip",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
        let legacy = "api-usage-data.dat.1767003600123.tmp";
        assert!(matches!(read(legacy), Some((_, _, Kind::Part))));
    }
}
