//! Entry point of the fuzz target into the reader of answers.

use super::response::Response;

/// Reads answers, one after the other, as from a receiver.
pub fn receiver_answers(mut bytes: &[u8]) {
    while let Ok(Some((_, length))) = Response::read(bytes) {
        bytes = bytes.get(length..).unwrap_or_default();
    }
}
