//! Files that the gateway makes for itself in its data folder.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What is staged ends with this, after the id of the process.
const STAGED: &str = ".new";

/// Writes beside the target and renames, readable by the owner only. Makes the folder when it is missing. What a process that
/// was killed has staged for the same target is removed.
pub(crate) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
        remove_left(folder, path);
    }
    let (staged, mut file) = stage(path)?;
    file.write_all(contents)?;
    file.sync_all()?;
    std::fs::rename(&staged, path)
}

/// Opens for writing what its owner alone can read.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// An empty file beside the target, whose lock is held: it ends with the process, however that ends.
fn stage(path: &Path) -> io::Result<(PathBuf, File)> {
    let staged = path.with_extension(format!("{}{STAGED}", std::process::id()));
    loop {
        let file = open(&staged)?;
        // Where there are no locks, nobody takes away what others have staged. Where there are, another thread may have had
        // this one, and moved it to the target.
        if file.lock().is_err() || is_at(&file, &staged) {
            file.set_len(0)?;
            return Ok((staged, file));
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |about: std::fs::Metadata| (about.dev(), about.ino());
    let (there, own) = (path.symlink_metadata().ok(), file.metadata().ok());
    there.is_some() && there.map(id) == own.map(id)
}

#[cfg(not(unix))]
fn is_at(_file: &File, path: &Path) -> bool {
    path.exists()
}

/// Removes what is staged for this target and locked by nobody.
fn remove_left(folder: &Path, path: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let staged = entry.path();
        if is_staged_for(&staged, path)
            && File::open(&staged).is_ok_and(|file| file.try_lock().is_ok() && is_at(&file, &staged))
        {
            // Whatever stays is removed at the next time.
            let _ = std::fs::remove_file(&staged);
        }
    }
}

fn is_staged_for(staged: &Path, path: &Path) -> bool {
    let names = (
        staged.file_name().and_then(|name| name.to_str()),
        path.file_stem().and_then(|stem| stem.to_str()),
    );
    let (Some(name), Some(stem)) = names else { return false };
    let process = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('.'));
    let process = process.and_then(|rest| rest.strip_suffix(STAGED));
    process.is_some_and(|id| id.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_have_staged_goes_and_nothing_else() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        for name in [
            "key.1.new",
            "key.22.new",
            "key.mine.new",
            "key.3.new.pem",
            "other.4.new",
            "monkey.5.new",
        ] {
            std::fs::write(at(name), "left")?;
        }
        let held = open(&at("key.22.new"))?;
        held.lock()?;
        write(&at("key.pem"), b"one")?;
        assert_eq!(std::fs::read(at("key.pem"))?, b"one");
        let mut names = std::fs::read_dir(folder.path())?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        assert_eq!(
            names,
            [
                "key.22.new",
                "key.3.new.pem",
                "key.mine.new",
                "key.pem",
                "monkey.5.new",
                "other.4.new"
            ]
        );
        // What this process has left itself, in an earlier life with the same id, is longer than what is written.
        std::fs::write(at(&format!("key.{}.new", std::process::id())), "much longer")?;
        write(&at("key.pem"), b"two")?;
        assert_eq!(std::fs::read(at("key.pem"))?, b"two");
        Ok(())
    }

    #[test]
    fn threads_that_write_one_file_write_whole_ones() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("list.json");
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4_u8)
                .map(|number| {
                    let path = &path;
                    scope.spawn(move || (0..50).try_for_each(|_| write(path, &[number; 5000])))
                })
                .collect();
            writers
                .into_iter()
                .try_for_each(|writer| writer.join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())))
        })?;
        let last = std::fs::read(&path)?;
        assert_eq!(last.len(), 5000);
        assert!(last.iter().all(|byte| *byte == last[0]));
        assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }
}
