//! Entry point of the fuzz targets into the reader of `mgw.lock`.

use super::{LockError, LockFile};
use std::path::Path;

/// Reads a lock. What is good is written as what is read again; what is not is told at a place of the text.
pub fn lock_file(bytes: &[u8]) -> String {
    let path = Path::new("mgw.lock");
    let Ok(text) = std::str::from_utf8(bytes) else {
        return String::new();
    };
    match LockFile::parse(text, path) {
        Ok(lock) => {
            let written = lock.to_text().expect("a lock is TOML");
            assert_eq!(LockFile::parse(&written, path).expect("it was written just now"), lock);
            String::new()
        }
        Err(error) => {
            if let LockError::Parse { error: syntax, .. } = &error
                && let Some((_, span)) = &syntax.place
            {
                // Places are told in what follows a byte-order mark.
                let text = text.strip_prefix('\u{feff}').unwrap_or(text);
                assert!(
                    text.get(span.start as usize..span.end as usize).is_some(),
                    "{error}: {span:?}"
                );
            }
            error.to_string()
        }
    }
}
