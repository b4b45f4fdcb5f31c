//! The state folder: good bundles that outlive the process, and the folder that is pulled into.
//!
//! What is kept belongs to one base, the bundle that the gateway was started with. Started with another one, the gateway
//! serves that one and begins anew: who gives a gateway a new bundle wants it served.

use super::files::{TEMPORARY, empty_folder, remove_folder, replace};
use super::rebuilt::{named_bundles, note, note_of_base, noted_base};
use super::record::{LARGEST, Record};
use crate::compile::{Followed, FollowedError};
use crate::folder::sync_folder;
use crate::project::Layout;
use crate::ui::count::Counted;
use crate::working_folder::WorkingFolder;
use mgw_bundle::config::{Block, Policies};
use mgw_bundle::{Bundle, Digest, Limits};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::{Path, PathBuf};

const LOCK: &str = "lock";
const RECORD: &str = "state.json";
const BUNDLES: &str = "bundles";
const WORK: &str = "work";
const NEXT: &str = "next";
const FORMER: &str = "former";
/// How the names of files end that were set aside.
const DAMAGED: &str = ".damaged";
/// Damaged bundles that are left for somebody to look at.
const MOST_DAMAGED: usize = 3;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// A file operation failed.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was attempted.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// It has files of somebody else where a gateway's would be.
    #[error("{} has files of something else in {name}, which a gateway would remove", path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// What in it.
        name: &'static str,
    },
    /// Another gateway works with it.
    #[error("another gateway keeps its state in {}", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
}

/// What a work folder is made from: what is served, as a project that was pulled.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    pub(super) followed: Followed,
    /// Whom it turns away.
    pub(super) blocks: Vec<Block>,
}

/// A state folder that this process alone works with.
#[derive(Debug)]
pub(super) struct StateFolder {
    root: PathBuf,
    keep: usize,
    record: Record,
    /// `None`: nobody could say whether others work with it; nothing is written until that is known.
    exclusive: Option<File>,
    /// What is served and could not be kept yet.
    pending: Option<(Digest, Vec<u8>)>,
    /// It is noted beside the record whose bundles these are.
    is_noted: bool,
    /// What is kept for another base, until this one serves: one that cannot must not cost what the former has.
    former: Option<Record>,
    /// Where nothing outlives the process: removed at its end.
    _temporary: Option<WorkingFolder>,
}

/// What an earlier process left.
#[derive(Debug, Default)]
pub(super) struct Restored {
    /// The last good bundle; `None`: the base is served.
    pub(super) bundle: Option<Bundle>,
    /// When that was known to be the control plane's word, in milliseconds since the epoch.
    pub(super) success_ms: Option<u64>,
    /// What was damaged and set aside, as whole sentences.
    pub(super) notices: Vec<String>,
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StateError {
    let path = path.to_owned();
    move |source| StateError::File { action, path, source }
}

impl StateFolder {
    /// Opens a folder, which is made when there is none, and finds out what of it goes on with `base`.
    ///
    /// # Errors
    ///
    /// When another process works with it, or it never was a state folder and has what would be removed. What is damaged in it is no error; that it cannot be written to costs only
    /// what would be kept from now on, and is returned beside what it has. What belongs to another base stays until
    /// [`Self::settle`].
    pub(super) fn open(
        root: &Path,
        base: Digest,
        keep: usize,
    ) -> Result<(Self, Restored, Option<StateError>), StateError> {
        let mut folder = Self {
            root: root.to_owned(),
            keep,
            record: Record::new(base),
            exclusive: None,
            pending: None,
            is_noted: false,
            former: None,
            _temporary: None,
        };
        let claimed = match folder.claim() {
            Err(error @ (StateError::Busy { .. } | StateError::Foreign { .. })) => return Err(error),
            claimed => claimed,
        };
        let restored = folder.restore(base);
        let written = match &folder.former {
            // As it was: only whether it can be written.
            Some(former) => claimed.and_then(|()| folder.write(former)),
            None => claimed.and_then(|()| folder.settle()),
        };
        Ok((folder, restored, written.err()))
    }

    /// The base serves: nothing of another one is needed any more.
    pub(super) fn settle(&mut self) -> Result<(), StateError> {
        self.claim()?;
        self.former = None;
        self.write_record()?;
        self.remove_strangers()?;
        // Last: bundles of another base must never be taken for this one's.
        let path = note_of_base(&self.root);
        replace(&path, &note(self.record.base)).map_err(failed("write", &path))?;
        self.is_noted = true;
        Ok(())
    }

    /// Makes it this process's own, where it is not yet.
    fn claim(&mut self) -> Result<(), StateError> {
        if self.exclusive.is_some() {
            return Ok(());
        }
        let root = &self.root;
        if let Some(name) = foreign(root) {
            let path = root.clone();
            return Err(StateError::Foreign { path, name });
        }
        std::fs::create_dir_all(root.join(BUNDLES)).map_err(failed("create", root))?;
        let path = root.join(LOCK);
        let lock = OpenOptions::new().create(true).write(true).truncate(false).open(&path);
        let lock = lock.map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => self.exclusive = Some(lock),
            Err(TryLockError::WouldBlock) => return Err(StateError::Busy { path: root.clone() }),
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        Ok(())
    }

    /// A folder that lasts as long as the process.
    pub(super) fn temporary(base: Digest, keep: usize) -> Result<Self, StateError> {
        let place = WorkingFolder::new().map_err(failed("create", &std::env::temp_dir()))?;
        let (mut folder, _, error) = Self::open(place.path(), base, keep)?;
        if let Some(error) = error {
            return Err(error);
        }
        folder._temporary = Some(place);
        Ok(folder)
    }

    fn restore(&mut self, base: Digest) -> Restored {
        let mut restored = Restored::default();
        let path = self.root.join(RECORD);
        let record = match read_bounded(&path, LARGEST) {
            Ok(Some(bytes)) => Record::parse(&bytes),
            Ok(None) => return restored,
            Err(error) => Err(error.to_string()),
        };
        let record = match record {
            Ok(record) => record,
            Err(problem) => {
                restored.notices.push(self.set_aside(&path, &problem));
                match self.rebuild(&mut restored.notices) {
                    Some(record) => record,
                    None => return restored,
                }
            }
        };
        if record.base != base {
            // Another bundle is in the gateway's hands now.
            self.former = Some(record);
            return restored;
        }
        let mut kept = record.kept.clone();
        while let Some(digest) = kept.last().copied() {
            match self.read_bundle(digest) {
                Ok((bundle, _)) => {
                    restored.bundle = Some(bundle);
                    break;
                }
                Err(problem) => {
                    let path = self.bundle_path(digest);
                    restored.notices.push(self.set_aside(&path, &problem));
                    kept.pop();
                }
            }
        }
        if kept.len() == record.kept.len() {
            restored.success_ms = record.success_ms;
        }
        self.record = record;
        self.record.kept = kept;
        self.record.success_ms = restored.success_ms;
        restored
    }

    /// A record of the good bundles that are there; `None`: there is none, or nobody knows whose they are.
    fn rebuild(&self, notices: &mut Vec<String>) -> Option<Record> {
        let mut record = Record::new(noted_base(&self.root)?);
        for digest in named_bundles(&self.root.join(BUNDLES)) {
            match self.read_bundle(digest) {
                Ok(_) => drop(record.add(digest, self.keep)),
                Err(problem) => notices.push(self.set_aside(&self.bundle_path(digest), &problem)),
            }
        }
        let count = Counted(record.kept.len(), "good bundle", "good bundles");
        if record.kept.is_empty() {
            return None;
        }
        notices.push(format!(
            "{count} of the control plane's beside it stay; how old the latest is, is not known"
        ));
        Some(record)
    }

    fn read_bundle(&self, digest: Digest) -> Result<(Bundle, Vec<u8>), String> {
        let limits = Limits::default();
        let bytes = read_bounded(&self.bundle_path(digest), limits.archive_bytes + 1);
        let bytes = bytes.map_err(|error| error.to_string())?.ok_or("it is missing")?;
        let bundle = Bundle::read(&bytes, &limits).map_err(|error| error.to_string())?;
        if bundle.digest != digest {
            return Err("it is another bundle".to_owned());
        }
        Followed::of_bundle(&bundle).map_err(|error| error.to_string())?;
        Ok((bundle, bytes))
    }

    /// Renames what is damaged, so that somebody can look at it; returns what to tell about it.
    fn set_aside(&self, path: &Path, problem: &str) -> String {
        let mut name = path.as_os_str().to_owned();
        name.push(DAMAGED);
        // Where it cannot be renamed it is overwritten later, or passed over again.
        let moved = std::fs::rename(path, &name).is_ok();
        let kept = if moved { "; it was set aside" } else { "" };
        format!("{} cannot be used: {problem}{kept}", path.display())
    }

    /// Begins anew with another base.
    pub(super) fn begin(&mut self, base: Digest) -> Result<(), StateError> {
        self.record = Record::new(base);
        self.pending = None;
        self.is_noted = false;
        self.settle()
    }

    /// Makes the work folder that of a project which pulls what is followed.
    ///
    /// The blocks that are served stay where the user may not see what they are now.
    pub(super) fn seed(&mut self, seed: &Seed) -> Result<(), StateError> {
        self.claim()?;
        for layout in [self.work(), self.next()] {
            let root = layout.root();
            empty_folder(root).map_err(failed("empty", root))?;
        }
        let work = self.work();
        let (followed, policies) = seed.files();
        write_project(&work, &followed)?;
        let path = work.pulled_policies();
        let folder = path.parent().unwrap_or(work.root());
        std::fs::create_dir_all(folder).map_err(failed("create", folder))?;
        std::fs::write(&path, policies).map_err(failed("write", &path))
    }

    /// Empties the folder beside the work folder, into which is pulled.
    pub(super) fn make_next(&mut self, followed: &Followed) -> Result<Layout, StateError> {
        self.claim()?;
        let next = self.next();
        empty_folder(next.root()).map_err(failed("empty", next.root()))?;
        write_project(&next, followed)?;
        Ok(next)
    }

    /// Takes over what was pulled as the work folder.
    pub(super) fn promote_next(&self) -> Result<(), StateError> {
        let (work, next) = (self.work(), self.next());
        let former = self.root.join(FORMER);
        remove_folder(&former).map_err(failed("remove", &former))?;
        match std::fs::rename(work.root(), &former) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed("replace", work.root())(error));
            }
            _ => {}
        }
        // A crash here is made good by the next start, which begins with what the kept bundle says.
        if let Err(error) = std::fs::rename(next.root(), work.root()) {
            let _ = std::fs::rename(&former, work.root());
            return Err(failed("replace", work.root())(error));
        }
        // What stays behind is removed by the next one.
        let _ = remove_folder(&former);
        Ok(())
    }

    /// Notes what is served, for [`Self::renew`] to keep.
    pub(super) fn serve(&mut self, digest: Digest, bytes: Vec<u8>) {
        let latest = self.record.kept.last().unwrap_or(&self.record.base);
        self.pending = (*latest != digest).then_some((digest, bytes));
    }

    /// Keeps a good bundle as the latest.
    fn keep(&mut self, digest: Digest, bytes: &[u8], now_ms: u64) -> Result<(), StateError> {
        let path = self.bundle_path(digest);
        replace(&path, bytes).map_err(failed("write", &path))?;
        let mut record = self.record.clone();
        let surplus = record.add(digest, self.keep);
        record.success_ms = Some(now_ms);
        self.write(&record)?;
        self.record = record;
        for digest in surplus {
            // What stays behind is removed by the next start.
            let _ = std::fs::remove_file(self.bundle_path(digest));
        }
        Ok(())
    }

    /// Notes that the control plane was asked and said what is served. What is served and not kept yet is kept first: the
    /// note must not vouch for an older bundle.
    pub(super) fn renew(&mut self, now_ms: u64) -> Result<(), StateError> {
        self.claim()?;
        if !self.is_noted {
            self.settle()?;
        }
        if let Some((digest, bytes)) = self.pending.take() {
            let kept = self.keep(digest, &bytes, now_ms);
            if kept.is_err() {
                self.pending = Some((digest, bytes));
            }
            return kept;
        }
        self.record.success_ms = Some(now_ms);
        self.write_record()
    }

    /// Goes on with what another folder of the same base has: the bundle that it kept last, else what the base says. What it
    /// had itself is older.
    pub(super) fn take_over_from(&mut self, other: &Self, base: &Seed) -> Result<(), StateError> {
        let Some(digest) = other.record.kept.last().copied() else {
            // The base is served: an older bundle must not come back as what the control plane says.
            self.begin(self.record.base)?;
            return self.seed(base);
        };
        let unreadable = |problem: String| failed("read", &other.bundle_path(digest))(std::io::Error::other(problem));
        let (bundle, bytes) = other.read_bundle(digest).map_err(unreadable)?;
        let seed = Seed::of_bundle(&bundle).map_err(|error| unreadable(error.to_string()))?;
        self.seed(&seed)?;
        self.serve(digest, bytes);
        Ok(())
    }

    /// Takes the place of a folder, of which single files may be in use as long as the process.
    pub(super) fn succeed(&mut self, former: Self) {
        self._temporary = former._temporary;
    }

    /// Good bundles that are kept.
    pub(super) fn kept(&self) -> usize {
        self.record.kept.len()
    }

    /// The project that was pulled last.
    pub(super) fn work(&self) -> Layout {
        Layout::new(self.root.join(WORK))
    }

    /// A file of the folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn next(&self) -> Layout {
        Layout::new(self.root.join(NEXT))
    }

    fn bundle_path(&self, digest: Digest) -> PathBuf {
        self.root.join(BUNDLES).join(format!("{digest}.zip"))
    }

    fn write_record(&self) -> Result<(), StateError> {
        self.write(&self.record)
    }

    fn write(&self, record: &Record) -> Result<(), StateError> {
        let path = self.root.join(RECORD);
        replace(&path, &record.to_bytes()).map_err(failed("write", &path))
    }

    /// Removes bundles that no record names: of earlier bases, and of a process that was killed.
    fn remove_strangers(&self) -> Result<(), StateError> {
        let folder = self.root.join(BUNDLES);
        for digest in named_bundles(&folder) {
            if !self.record.kept.contains(&digest) {
                let path = self.bundle_path(digest);
                std::fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        // What else is there is never taken for a bundle.
        for entry in std::fs::read_dir(&folder).map_err(failed("read", &folder))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_kept = self.record.kept.iter().any(|digest| name == format!("{digest}.zip"));
            if !is_kept && !name.ends_with(DAMAGED) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        remove_older_damaged(&folder);
        sync_folder(&folder).map_err(failed("write", &folder))?;
        // What a process that was killed was writing.
        for entry in std::fs::read_dir(&self.root).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
        Ok(())
    }
}

impl Seed {
    /// What a bundle is followed by.
    pub(super) fn of_bundle(bundle: &Bundle) -> Result<Self, FollowedError> {
        Ok(Self {
            followed: Followed::of_bundle(bundle)?,
            blocks: bundle.config.policies.blocks.clone(),
        })
    }

    /// A lock that vouches for a file of policies with these blocks, and the file.
    fn files(&self) -> (Followed, Vec<u8>) {
        let policies = Policies {
            blocks: self.blocks.clone(),
            ..Policies::default()
        };
        // Plain data with text keys is always JSON.
        let bytes = serde_json::to_vec(&policies).unwrap_or_default();
        let mut followed = self.followed.clone();
        let files = &mut followed.lock.files;
        let locked = files
            .iter_mut()
            .find(|file| file.path == "gen/control-plane/policies.json");
        if let Some(file) = locked {
            file.sha256 = Digest::of(&bytes);
        }
        (followed, bytes)
    }
}

fn write_project(layout: &Layout, followed: &Followed) -> Result<(), StateError> {
    for (path, text) in followed.files(layout) {
        std::fs::write(&path, text).map_err(failed("write", &path))?;
    }
    Ok(())
}

/// What in a folder that no gateway has worked with would be emptied.
fn foreign(root: &Path) -> Option<&'static str> {
    let is_there = |name: &str| root.join(name).symlink_metadata().is_ok();
    if is_there(LOCK) || is_there(RECORD) {
        return None;
    }
    // A gateway that was killed before it had its lock leaves an empty folder.
    let has_files = |name: &&str| match std::fs::read_dir(root.join(name)) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => is_there(name),
    };
    [BUNDLES, WORK, NEXT, FORMER].into_iter().find(has_files)
}

/// Leaves the [`MOST_DAMAGED`] latest files that were set aside.
fn remove_older_damaged(folder: &Path) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(DAMAGED))
        .map(|entry| {
            let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
            (modified, entry.path())
        })
        .collect();
    files.sort();
    let surplus = files.len().saturating_sub(MOST_DAMAGED);
    for (_, path) in files.drain(..surplus) {
        let _ = std::fs::remove_file(path);
    }
}

/// Reads a file that may be missing.
pub(super) fn read_bounded(path: &Path, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(most).read_to_end(&mut bytes).map(|_| Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
