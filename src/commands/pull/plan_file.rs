//! The file that a plan goes into. It is known that it can be written before anything is asked.

use crate::failure::Failure;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Where a plan goes.
#[derive(Debug)]
pub(super) struct PlanFile {
    path: PathBuf,
    place: Place,
}

#[derive(Debug)]
enum Place {
    /// A file beside this one, which it replaces when it is whole.
    Beside(NamedTempFile, PathBuf),
    /// Something that is no file, such as a pipe.
    Open(File),
}

impl PlanFile {
    /// Makes sure that a plan can be written to `path`. A file that is there stays as it is for now.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let place = Place::at(path).map_err(|error| Failure::file("write", path, error))?;
        let path = path.to_owned();
        Ok(Self { path, place })
    }

    /// Writes the plan, all of it or nothing.
    pub(super) fn write(self, bytes: &[u8]) -> Result<(), Failure> {
        let written = match self.place {
            Place::Open(mut file) => file.write_all(bytes),
            Place::Beside(mut file, target) => file
                .write_all(bytes)
                .and_then(|()| file.persist(target).map(drop).map_err(|error| error.error)),
        };
        written.map_err(|error| Failure::file("write", &self.path, error))
    }
}

impl Place {
    fn at(path: &Path) -> io::Result<Self> {
        let target = if path.exists() {
            // Who may not write to it could perhaps replace it, and should not.
            let file = File::options().append(true).open(path)?;
            if !file.metadata()?.is_file() {
                return Ok(Self::Open(file));
            }
            path.canonicalize()?
        } else {
            path.to_owned()
        };
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        builder.prefix(".mgw-plan-");
        // A plan holds no secret, and others review it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        Ok(Self::Beside(file, target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.json");
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        drop(PlanFile::open(&path).unwrap());
        assert_eq!(names(), 0);
        PlanFile::open(&path).unwrap().write(b"one").unwrap();
        let second = PlanFile::open(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        second.write(b"two").unwrap();
        assert_eq!((std::fs::read(&path).unwrap(), names()), (b"two".to_vec(), 1));
    }

    #[test]
    fn what_cannot_be_written_is_told_first() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["missing/plan.json", ".", "/proc/plan.json"] {
            let failure = PlanFile::open(&folder.path().join(path)).unwrap_err();
            assert_eq!(failure.code, crate::exit::ExitCode::Environment, "{path}: {failure:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pipes_and_devices_are_written_to() {
        PlanFile::open(Path::new("/dev/null")).unwrap().write(b"one").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }
}
