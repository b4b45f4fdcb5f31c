//! The folder of a file, and the names in it.

use std::io::{ErrorKind, Result};
use std::path::Path;

/// Where a file is or goes.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Makes the names in a folder durable.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_folder: &Path) -> Result<()> {
    Ok(())
}

/// Puts a folder in the place of another one, which is then at `aside`, beside `fresh` and away from everybody's eyes.
/// Where the system can, both change places at once, so that there is a whole folder at any moment.
///
/// # Errors
///
/// As the system has them; what was at `place` is there then.
pub(crate) fn replace_folder(fresh: &Path, place: &Path, aside: &Path) -> Result<()> {
    if !is_there(place)? {
        return std::fs::rename(fresh, place);
    }
    if exchange(fresh, place) {
        // Where the former one is called is nobody's business but the caller's; it goes away with what is around it.
        return std::fs::rename(fresh, aside).inspect_err(|_| {
            exchange(fresh, place);
        });
    }
    std::fs::rename(place, aside)?;
    std::fs::rename(fresh, place).inspect_err(|_| {
        // The first error is the one to tell.
        let _ = std::fs::rename(aside, place);
    })
}

fn is_there(place: &Path) -> Result<bool> {
    match std::fs::symlink_metadata(place) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether both have changed places. Not every system and file system can do that.
#[cfg(any(target_os = "linux", target_vendor = "apple"))]
fn exchange(one: &Path, other: &Path) -> bool {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).is_ok()
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn exchange(_one: &Path, _other: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_takes_the_place_of_another_one_or_of_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        let path = |name: &str| root.path().join(name);
        let read = |name: &str| std::fs::read_to_string(path(name)).ok();
        let fresh = |text: &str| {
            std::fs::create_dir(path("fresh")).expect("writable");
            std::fs::write(path("fresh/file"), text).expect("writable");
        };
        fresh("one");
        replace_folder(&path("fresh"), &path("place"), &path("old")).expect("moved");
        assert_eq!((read("place/file").as_deref(), read("old/file")), (Some("one"), None));
        fresh("two");
        replace_folder(&path("fresh"), &path("place"), &path("old")).expect("moved");
        assert_eq!(
            (read("place/file").as_deref(), read("old/file").as_deref()),
            (Some("two"), Some("one"))
        );
        assert!(!path("fresh").exists());
        replace_folder(&path("nothing"), &path("place"), &path("older")).expect_err("there is nothing");
        assert_eq!(read("place/file").as_deref(), Some("two"));
    }

    /// Somebody who looks all the time never finds nothing.
    #[cfg(target_os = "linux")]
    #[test]
    fn there_is_a_folder_at_any_moment() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let root = tempfile::tempdir().expect("a folder");
        let path = |name: &str| root.path().join(name);
        std::fs::create_dir(path("place")).expect("writable");
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let mut missing = 0;
                while !is_done.load(Ordering::Relaxed) {
                    missing += u32::from(!path("place").exists());
                }
                missing
            });
            for number in 0..2000 {
                std::fs::create_dir(path("fresh")).expect("writable");
                replace_folder(&path("fresh"), &path("place"), &path(&format!("old-{number}"))).expect("moved");
            }
            is_done.store(true, Ordering::Relaxed);
            assert_eq!(looking.join().expect("it looks"), 0);
        });
    }
}
