//! Reads of what etcd says, for the fuzz targets.

use super::lines::Lines;
use super::wire;

/// One answer.
pub(in crate::discovery) fn answer(bytes: &[u8]) {
    let _ = wire::token(bytes);
    let _ = wire::value(bytes);
    let _ = wire::fault(400, bytes);
}

/// An answer that goes on.
pub(in crate::discovery) fn stream(bytes: &[u8]) {
    let mut lines = Lines::default();
    for part in bytes.chunks(7) {
        if lines.push(part).is_err() {
            return;
        }
        while let Some(line) = lines.next() {
            let _ = wire::told(&line);
        }
    }
}
