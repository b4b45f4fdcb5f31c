//! Files for everybody, written whole or not at all: bundles, reports.

use crate::folder::folder_of;
use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

/// Replaces a file, or makes it; what was there stays until all of the new one is on the disk.
///
/// # Errors
///
/// As the system has them; the file is then as it was.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A link goes on being one, and whoever may read the file still may, and nobody else.
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let file = staged(&place, bytes)?;
    if let Ok(metadata) = place.metadata() {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

/// A file of its own beside the place where it is to be.
///
/// # Errors
///
/// As the system has them.
pub(crate) fn staged(path: &Path, bytes: &[u8]) -> std::io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".mgw-");
    #[cfg(unix)]
    builder.permissions(readable());
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Temporary files are made for their owner alone; these go to other users and containers, unless the umask says otherwise.
#[cfg(unix)]
fn readable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn links_and_permissions_stay_as_they_are() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        replace(&file, b"one").expect("written");
        let mode = |path: &Path| path.metadata().expect("there").permissions().mode() & 0o777;
        // Whatever whoever runs this keeps from others stays so.
        let plain = folder.path().join("plain");
        std::fs::write(&plain, b"").expect("written");
        assert_eq!(mode(&file), mode(&plain) & 0o644);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("ours");
        std::os::unix::fs::symlink("file", &link).expect("a link");
        replace(&link, b"two").expect("written");
        assert_eq!(std::fs::read(&file).expect("there"), b"two");
        assert!(link.is_symlink());
        assert_eq!(mode(&file), 0o640);
    }
}
