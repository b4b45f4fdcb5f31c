//! Session files: one per profile, readable by the user alone, replaced atomically, changed under a lock.

use super::{Profile, Session, SessionError, file};
use crate::cloud::address::Address;
use crate::folder::sync_folder;
use crate::whole_file::{read_open, refuse_unfit};
use mgw_runtime::FileStamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The largest session file that is read.
const LARGEST: u64 = 1 << 20;

/// How long to wait for another process that refreshes the session.
const LOCK_PATIENCE: Duration = Duration::from_secs(90);

/// The session file of one profile.
#[derive(Debug, Clone)]
pub(crate) struct SessionStore {
    folder: PathBuf,
    profile: Profile,
    parse_address: fn(&str) -> Option<Address>,
    /// What this store and its clones wrote last.
    written: Arc<Mutex<Option<FileStamp>>>,
}

/// The right to change the session; ends when dropped.
#[derive(Debug)]
pub(crate) struct SessionLock {
    _file: File,
}

impl SessionStore {
    /// The store below the user's configuration folder.
    pub(crate) fn new(config_dir: &Path, profile: Profile) -> Self {
        Self {
            folder: config_dir.join("sessions"),
            profile,
            parse_address: |text| Address::parse(text).ok(),
            written: Arc::default(),
        }
    }

    /// For tests against servers of their own: accepts their plain URLs.
    #[cfg(test)]
    pub(crate) fn for_tests(config_dir: &Path) -> Self {
        Self {
            parse_address: |text| text.parse().ok().map(Address::unchecked),
            ..Self::new(config_dir, "default".parse().unwrap())
        }
    }

    /// The profiles that have a session in a configuration folder, sorted.
    pub(crate) fn profiles(config_dir: &Path) -> Result<Vec<Profile>, SessionError> {
        let folder = config_dir.join("sessions");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed("read", &folder, source)),
        };
        let names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut profiles: Vec<Profile> = names
            .filter_map(|name| name.strip_suffix(".json")?.parse().ok())
            .collect();
        profiles.sort();
        Ok(profiles)
    }

    /// The folder of all profiles' files.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The profile.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The session file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.profile))
    }

    /// Reads the session; `None` when nobody is signed in.
    pub(crate) fn load(&self) -> Result<Option<Session>, SessionError> {
        let path = self.path();
        let file = match refuse_unfit(&path).and_then(|()| File::open(&path)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed("read", &path, source)),
        };
        refuse_exposed(&file, &path)?;
        let bytes = read_open(file, LARGEST).map_err(|source| failed("read", &path, source))?;
        file::read(&bytes, self.parse_address)
            .map(Some)
            .map_err(|problem| SessionError::Unreadable { path, problem })
    }

    /// Replaces the session. After a crash there is the old one or the new one.
    pub(crate) fn save(&self, session: &Session) -> Result<(), SessionError> {
        self.make_folder()?;
        let path = self.path();
        let write = || -> std::io::Result<()> {
            let bytes = file::write(session)?;
            // Temporary files are made with mode 0600.
            let mut temporary = tempfile::Builder::new().prefix(".session").tempfile_in(&self.folder)?;
            temporary.write_all(&bytes)?;
            temporary.as_file().sync_all()?;
            let file = temporary.persist(&path).map_err(|error| error.error)?;
            // Its new name is a part of the stamp; if others have replaced it since, it is still that of this one.
            let stamp = FileStamp::of(&file.metadata()?)?;
            *self.written.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
            sync_folder(&self.folder)
        };
        write().map_err(|source| failed("write", &path, source))
    }

    /// The session file as this store and its clones wrote it last; `None`: they wrote nothing.
    pub(crate) fn written(&self) -> Option<FileStamp> {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes the session; `false` when there was none.
    pub(crate) fn delete(&self) -> Result<bool, SessionError> {
        let path = self.path();
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(failed("remove", &path, source)),
        }
    }

    /// Waits for the right to change the session.
    pub(crate) async fn lock(&self) -> Result<SessionLock, SessionError> {
        self.make_folder()?;
        let path = self.folder.join(format!("{}.lock", self.profile));
        let mut options = OpenOptions::new();
        options.create(true).write(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match refuse_unfit(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(failed("open", &path, source)),
            _ => {}
        }
        let file = options.open(&path).map_err(|source| failed("open", &path, source))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(SessionLock { _file: file }),
                Err(TryLockError::WouldBlock) if started.elapsed() < LOCK_PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(TryLockError::WouldBlock) => return Err(SessionError::Busy { path }),
                Err(TryLockError::Error(source)) => return Err(failed("lock", &path, source)),
            }
        }
    }

    /// Makes the folder, for the user's eyes only.
    pub(super) fn make_folder(&self) -> Result<(), SessionError> {
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.folder)
            .map_err(|source| failed("create", &self.folder, source))
    }
}

fn failed(action: &'static str, path: &Path, source: std::io::Error) -> SessionError {
    SessionError::File {
        action,
        path: path.to_owned(),
        source,
    }
}

/// A file that others can read may have been read: it is not used any more.
#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), SessionError> {
    use std::os::unix::fs::MetadataExt;
    let mode = file.metadata().map_err(|source| failed("read", path, source))?.mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(SessionError::Exposed {
            path: path.to_owned(),
            mode,
        })
    }
}

#[cfg(not(unix))]
fn refuse_exposed(_file: &File, _path: &Path) -> Result<(), SessionError> {
    Ok(())
}
