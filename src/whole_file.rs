//! Small files of the user that are read whole: secrets, sessions, certificates, settings.
//!
//! What somebody names by mistake must not hold a command up or fill the memory: a pipe that nobody writes to, a device, a
//! file without an end.

use std::fs::{File, FileType};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;
use zeroize::Zeroizing;

/// Where a process finds what its shell has opened for it, as `<(command)` is.
const OPEN_ALREADY: [&str; 3] = ["/dev/fd/", "/proc/self/fd/", "/dev/stdin"];

/// Why something is not read as a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    /// It is something else.
    #[error("it is {0}, not a file")]
    Kind(&'static str),
    /// It is a link to something that is not there.
    #[error("it is a link to a file that is not there")]
    LeadsNowhere,
    /// It is larger than what is expected there.
    #[error("it has more than {}", size(*.0))]
    TooLarge(u64),
    /// Bytes that are none of UTF-8.
    #[error("it is no text in UTF-8")]
    NoText,
}

impl Unfit {
    /// What to do about it, where an error tells of this.
    pub(crate) fn remedy(error: &Error) -> Option<&'static str> {
        match error.get_ref()?.downcast_ref()? {
            Self::Kind(_) => Some("Give a regular file."),
            Self::LeadsNowhere => Some("Put the file there that the link names, or remove the link."),
            Self::NoText => Some("Save it as UTF-8, or check the path: what belongs there is a text."),
            Self::TooLarge(_) => Some("Check the path: what belongs there is smaller."),
        }
    }
}

/// Reads a regular file, or a pipe that is open already, of at most `largest` bytes. They may be a secret.
pub(crate) fn read(path: &Path, largest: u64) -> Result<Zeroizing<Vec<u8>>> {
    refuse_unfit(path)?;
    read_open(File::open(path)?, largest)
}

/// As [`read`], for what is no secret and may be large.
pub(crate) fn read_public(path: &Path, largest: u64) -> Result<Vec<u8>> {
    read(path, largest).map(|mut bytes| std::mem::take(&mut *bytes))
}

/// As [`read`], for a text.
pub(crate) fn read_text(path: &Path, largest: u64) -> Result<Zeroizing<String>> {
    let bytes = read(path, largest)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::new(ErrorKind::InvalidData, Unfit::NoText))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Reads at most `largest` bytes of what is open.
pub(crate) fn read_open(source: impl Read, largest: u64) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    source.take(largest.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(Error::other(Unfit::TooLarge(largest)));
    }
    Ok(bytes)
}

/// Refuses what is there and no regular file, before it is opened: opening a pipe waits for its other end.
pub(crate) fn refuse_unfit(path: &Path) -> Result<()> {
    let kind = match path.metadata() {
        Ok(metadata) => metadata.file_type(),
        // Whoever made the link wanted something to be read; without this it would count as a file that nobody wrote.
        Err(error) if error.kind() == ErrorKind::NotFound && path.is_symlink() => {
            return Err(Error::other(Unfit::LeadsNowhere));
        }
        Err(error) => return Err(error),
    };
    if kind.is_file() || is_pipe(kind) && OPEN_ALREADY.iter().any(|place| path.starts_with(place)) {
        return Ok(());
    }
    if kind.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let name = if is_pipe(kind) {
        "a pipe"
    } else {
        "a device or a socket"
    };
    Err(Error::other(Unfit::Kind(name)))
}

/// A size as people say it.
fn size(bytes: u64) -> String {
    match bytes {
        1_048_576.. if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        1_024.. if bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_kind: FileType) -> bool {
    false
}

#[cfg(all(test, unix))]
pub(crate) mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    /// Makes a pipe that nobody writes to.
    pub(crate) fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn only_files_of_a_fitting_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read_text(&path, 5).unwrap().as_str(), "12345");
        std::fs::write(&path, "123456").unwrap();
        let refusal = |path: &Path| {
            let error = read(path, 5).unwrap_err();
            (error.to_string(), Unfit::remedy(&error))
        };
        let (text, remedy) = refusal(&path);
        assert_eq!(text, "it has more than 5 bytes");
        assert_eq!(Unfit::TooLarge(2 << 20).to_string(), "it has more than 2 MiB");
        assert!(remedy.is_some());
        let (text, remedy) = refusal(Path::new("/dev/zero"));
        assert_eq!(
            (text.as_str(), remedy),
            ("it is a device or a socket, not a file", Some("Give a regular file."))
        );
        assert_eq!(read(folder.path(), 5).unwrap_err().kind(), ErrorKind::IsADirectory);
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path, 5).unwrap_err().kind(), ErrorKind::InvalidData);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read(&path, 5).unwrap_err().kind(), ErrorKind::NotFound);
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert_eq!(refusal(&path).0, "it is a link to a file that is not there");
        std::fs::remove_file(&path).unwrap();
        pipe(&path);
        assert_eq!(refusal(&path).0, "it is a pipe, not a file");
    }

    #[test]
    fn what_a_shell_has_opened_is_read() {
        let mut writer = Command::new("printf")
            .arg("secret")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = writer.stdout.take().unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&pipe);
        let text = read_text(Path::new(&format!("/dev/fd/{number}")), 10).unwrap();
        assert_eq!(text.as_str(), "secret");
        assert!(writer.wait().unwrap().success());
    }
}
