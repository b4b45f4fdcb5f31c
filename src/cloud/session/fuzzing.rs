//! Entry point of the fuzz targets into the reader of session files.

use super::file;
use crate::cloud::address::Address;

/// Reads a session file, and what was read once more after it was written.
pub fn session_file(bytes: &[u8]) {
    let parse = |text: &str| Address::parse(text).ok();
    if let Ok(session) = file::read(bytes, parse) {
        let written = file::write(&session).expect("a session is text");
        assert!(file::read(&written, parse).is_ok());
    }
}
