//! Reads of what sources say, for the fuzz targets.

use super::etcd::fuzzing::{answer, stream};
use super::file::candidates;

/// What etcd or a file says about where a backend is. A list has at least one URL, and none that is blank.
pub fn discovery_answer(bytes: &[u8]) {
    answer(bytes);
    stream(bytes);
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(candidates) = candidates(text)
    {
        assert!(!candidates.is_empty() && candidates.iter().all(|candidate| !candidate.url.trim().is_empty()));
    }
}
