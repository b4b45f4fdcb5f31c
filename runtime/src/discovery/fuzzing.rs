//! Reads of what sources say, for the fuzz targets.

use super::etcd::fuzzing::{answer, stream};
use super::file;

/// What etcd or a file says about where a backend is.
pub fn discovery_answer(bytes: &[u8]) {
    answer(bytes);
    stream(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = file::candidates(text);
    }
}
