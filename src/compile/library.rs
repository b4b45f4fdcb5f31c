//! The files of a project that its definitions refer to.

use super::files;
use super::near_file::{named, near_file};
use super::sources::Sources;
use crate::line_ends;
use crate::openapi::link::{Document, Library, Location, Unavailable};
use crate::remote::{RemoteFile, RemoteLock};
use crate::words::plain;
use crate::yaml::{self, Format};
use mgw_bundle::Digest;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use url::Url;

/// What is said of a file of another server that is not pinned.
pub(super) const NOT_FETCHED: &str = "leads to another server, and a build fetches nothing";

const RESTORE: &str = "Restore the copy from version control, or fetch it again with `mgw check --allow-remote`.";

const COPY: &str = "Copy the file into the project, and refer to the copy.";

/// Files of other servers that the definitions of a project refer to, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemoteFiles {
    /// Those that are there as they are pinned.
    pub used: Vec<Url>,
    /// Those that are not pinned, or not there as they are pinned.
    pub missing: Vec<Url>,
}

/// Opens files below a folder and nowhere else. Each is read once, however many definitions refer to it.
#[derive(Debug)]
pub(crate) struct ProjectLibrary<'a> {
    root: &'a Path,
    remote: RemoteLock,
    real_root: Option<PathBuf>,
    opened: HashMap<Location, Result<Arc<Document>, Unavailable>>,
    /// What was read since somebody asked.
    read: Sources,
}

impl<'a> ProjectLibrary<'a> {
    /// `remote`: what is there of other servers.
    pub(crate) fn new(root: &'a Path, remote: RemoteLock) -> Self {
        Self {
            root,
            remote,
            real_root: None,
            opened: HashMap::new(),
            read: Sources::default(),
        }
    }

    /// Whether a definition refers to this path inside the project.
    pub(crate) fn is_used(&self, relative: &str) -> bool {
        self.opened.contains_key(&Location::File(relative.to_owned()))
    }

    /// Whether a definition refers to a file of the project that cannot be opened.
    pub(crate) fn lacks_files(&self) -> bool {
        let mut opened = self.opened.iter();
        opened.any(|(location, result)| matches!((location, result), (Location::File(_), Err(_))))
    }

    /// Adds the files that were read since the last time.
    pub(crate) fn add_to(&mut self, sources: &mut Sources) {
        sources.extend(&std::mem::take(&mut self.read));
    }

    /// Where a file is in the project.
    pub(crate) fn path_of<'b>(&'b self, location: &'b Location) -> Option<&'b str> {
        match location {
            Location::File(path) => Some(path),
            Location::Url(url) => self.remote.file(url).map(|file| file.path.as_str()),
        }
    }

    /// What definitions refer to on other servers.
    pub(crate) fn remote(&self) -> RemoteFiles {
        let mut files = RemoteFiles::default();
        for (location, result) in &self.opened {
            match (location, result) {
                (Location::File(_), _) => {}
                // A copy that is no YAML is no less there.
                (Location::Url(url), Ok(_) | Err(Unavailable::Broken(_))) => files.used.push(url.clone()),
                (Location::Url(url), Err(_)) => files.missing.push(url.clone()),
            }
        }
        files.used.sort();
        files.missing.sort();
        files
    }

    fn read(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable> {
        let (relative, pinned) = match location {
            Location::File(relative) => (relative.clone(), None),
            Location::Url(url) => {
                let Some(file) = self.remote.file(url) else {
                    return Err(refused(
                        NOT_FETCHED,
                        "Copy the file into the project, or fetch and pin it with `mgw check --allow-remote`.",
                    ));
                };
                (file.path.clone(), Some(file.sha256))
            }
        };
        let relative = relative.as_str();
        let Some(format) = Format::of_name(relative) else {
            return Err(refused(
                "leads to a file that is neither `.yaml`, `.yml` nor `.json`",
                "Refer to YAML and JSON files only.",
            ));
        };
        let path = self.root.join(relative);
        self.check_place(&path, relative, pinned.is_some())?;
        let bytes = files::read(&path).map_err(|error| {
            refused(
                &format!(
                    "leads to a file that cannot be read: {}",
                    plain(&error.source.to_string())
                ),
                "Let everybody who builds the project read the file.",
            )
        })?;
        if let Some(pinned) = pinned.filter(|pinned| *pinned != Digest::of(&bytes)) {
            let remedy = match line_ends::are_all_that_differs(&bytes, pinned) {
                true => line_ends::REMEDY,
                false => RESTORE,
            };
            let reason = format!("has a copy, `{relative}`, that is not what remote.lock pins");
            return Err(refused(&reason, remedy));
        }
        self.read.add(relative, &bytes);
        let shown = files::shown(self.root, relative);
        match yaml::parse(&shown, bytes, format) {
            Ok((source, node)) => Ok(Arc::new(Document { source, node })),
            Err(error) => Err(Unavailable::Broken(Box::new(error.into()))),
        }
    }

    /// The file is there, and really in the project: links may lead anywhere.
    /// `is_copy`: of a file of another server.
    fn check_place(&mut self, path: &Path, relative: &str, is_copy: bool) -> Result<(), Unavailable> {
        let unreadable =
            |error: std::io::Error| refused(&format!("cannot be followed: {}", plain(&error.to_string())), COPY);
        let real_root = match &self.real_root {
            Some(root) => root,
            None => {
                let real = std::fs::canonicalize(named(self.root)).map_err(unreadable)?;
                self.real_root.insert(real)
            }
        };
        let real = match std::fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_copy => {
                let reason = format!("has a copy, `{relative}`, that is not there any more");
                return Err(refused(&reason, RESTORE));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let near = near_file(self.root, relative);
                let like = near
                    .as_ref()
                    .map(|near| format!("There is `{}` in the project.", near.path));
                let like = like.unwrap_or_else(|| "Put the file there.".to_owned());
                return Err(Unavailable::Refused {
                    reason: format!("leads to `{relative}`, and there is no such file in the project"),
                    remedy: format!("{like} Paths are relative to the file that the reference stands in."),
                    near,
                });
            }
            Err(error) => return Err(unreadable(error)),
        };
        if !real.starts_with(real_root) {
            return Err(refused("leads out of the project folder by a link", COPY));
        }
        if !real.is_file() {
            return Err(refused(
                "leads to something that is no file",
                "Refer to YAML and JSON files only.",
            ));
        }
        Ok(())
    }
}

impl Library for ProjectLibrary<'_> {
    fn open(&mut self, location: &Location) -> Result<Arc<Document>, Unavailable> {
        if let Some(known) = self.opened.get(location) {
            return known.clone();
        }
        let result = self.read(location);
        self.opened.insert(location.clone(), result.clone());
        result
    }

    fn base(&self, location: &Location) -> Location {
        let redirected = match location {
            Location::File(_) => None,
            Location::Url(url) => self.remote.file(url).and_then(RemoteFile::base),
        };
        redirected.map_or_else(|| location.clone(), Location::Url)
    }
}

fn refused(reason: &str, remedy: &str) -> Unavailable {
    Unavailable::Refused {
        reason: reason.to_owned(),
        remedy: remedy.to_owned(),
        near: None,
    }
}
