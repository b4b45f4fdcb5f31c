//! Refuses what is named where a file belongs and is none: opening a pipe waits for somebody who writes, and a device has no
//! end.

use std::io::{Error, Result};
use std::path::Path;

/// Where a process finds what its shell has opened for it, as `<(command)` is.
const OPEN_ALREADY: [&str; 3] = ["/dev/fd/", "/proc/self/fd/", "/dev/stdin"];

/// Checks what is there before it is opened.
///
/// # Errors
///
/// When nothing is there, or a pipe, a device or a socket.
pub(crate) fn check(path: &Path) -> Result<()> {
    let kind = path.metadata()?.file_type();
    let is_open = OPEN_ALREADY.iter().any(|place| path.starts_with(place));
    if kind.is_file() || kind.is_dir() || is_open {
        return Ok(());
    }
    Err(Error::other("it is a pipe, a device or a socket, not a file"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::check;
    use std::path::Path;

    #[test]
    fn devices_and_what_is_not_there_are_refused() {
        assert!(check(Path::new("/dev/zero")).is_err());
        assert!(check(Path::new("/nowhere/at/all")).is_err());
        assert!(
            check(
                Path::new(file!())
                    .canonicalize()
                    .unwrap_or_else(|_| "/".into())
                    .as_path()
            )
            .is_ok()
        );
    }
}
