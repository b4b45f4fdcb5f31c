//! The checksum over the archive itself, in the comment at its end.
//!
//! The manifest covers the contents of every entry, but a zip archive also has headers, and bits that mean nothing. The
//! checksum covers them all, so that a damaged file is noticed whichever bit it is. It proves no origin: the bundle's
//! identity is the digest of its manifest.

use crate::Digest;

/// Length of a digest in hex.
const DIGITS: usize = 64;

/// The comment with which an archive is written before its checksum is known.
pub(crate) fn placeholder() -> String {
    "0".repeat(DIGITS)
}

/// Puts the checksum into the comment at the end of `archive`.
pub(crate) fn seal(archive: &mut Vec<u8>) {
    archive.truncate(archive.len().saturating_sub(DIGITS));
    let digest = Digest::of(archive).to_string();
    archive.extend_from_slice(digest.as_bytes());
}

/// Whether the comment at the end of `archive` is the checksum of what stands before it.
pub(crate) fn holds(archive: &[u8]) -> bool {
    archive
        .split_last_chunk::<DIGITS>()
        .is_some_and(|(before, comment)| Digest::of(before).to_string().as_bytes() == comment)
}
