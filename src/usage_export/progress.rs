//! How far an import has come, so that the next run goes on there.

use super::manifest::Entry;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::folder::{folder_of, sync_folder};
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use url::Url;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;

/// What was done about the files of an export, in a file beside it, which one import has at a time. A line has the service's URL,
/// the user name there, the digest of a file, its name in the export and what is noted. A note lasts when it has been made.
#[derive(Debug)]
pub(crate) struct Progress {
    path: PathBuf,
    file: File,
    /// By digest and name: another export may have been at this path before.
    known: HashMap<String, Known>,
    /// The service and whose it is there, as lines begin.
    account: String,
}

/// What is known of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The name under which it is uploaded, where that is not the one in the export.
    pub(crate) name: Option<String>,
    /// Whether it may have been sent under that name.
    pub(crate) is_tried: bool,
    /// Whether the service has it.
    pub(crate) is_done: bool,
}

/// What happens to a file.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step<'a> {
    /// Its upload begins.
    Trying,
    /// Nothing of it was sent, or the service did not take it.
    NotSent,
    /// It gets another name.
    Named(&'a str),
    /// The service has it.
    Done,
}

impl Progress {
    /// Opens it beside an export, for uploads to `url` as `username`. Fails where another import has it.
    pub(crate) fn beside(export: &Path, url: &Url, username: &str) -> Result<Self, Failure> {
        let mut path = OsString::from(export);
        path.push(".progress");
        let path = PathBuf::from(path);
        let failed = |error| Failure::file("write", &path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(busy(export)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // What is noted in a new file is lost with its name.
        sync_folder(folder_of(&path)).map_err(failed)?;
        let mut text = String::new();
        let read = (&mut file)
            .take(MAX_FILE + 1)
            .read_to_string(&mut text)
            .map_err(failed)?;
        if read as u64 > MAX_FILE {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        // What follows the last whole line was never noted.
        let end = text.rfind('\n').map_or(0, |end| end + 1);
        if end < text.len() {
            file.set_len(end as u64).map_err(failed)?;
            text.truncate(end);
        }
        // Neither has blanks in it then.
        let username: String = url::form_urlencoded::byte_serialize(username.as_bytes()).collect();
        let account = format!("{url} {username} ");
        let mut known: HashMap<String, Known> = HashMap::new();
        for line in text.lines().filter_map(|line| line.strip_prefix(&account)) {
            let mut words = line.splitn(3, ' ');
            if let (Some(digest), Some(name), Some(step)) = (words.next(), words.next(), words.next())
                && let Some(step) = Step::read(step)
            {
                known.entry(format!("{digest} {name}")).or_default().take(step);
            }
        }
        Ok(Self {
            path,
            file,
            known,
            account,
        })
    }

    /// What is known of a file.
    pub(crate) fn of(&self, entry: &Entry) -> Known {
        self.known.get(&key(entry)).cloned().unwrap_or_default()
    }

    /// Notes a step.
    pub(crate) fn note(&mut self, entry: &Entry, step: Step<'_>) -> Result<(), Failure> {
        let key = key(entry);
        let line = match step {
            Step::Named(name) => format!("{}{key} named {name}\n", self.account),
            Step::Trying => format!("{}{key} trying\n", self.account),
            Step::NotSent => format!("{}{key} not-sent\n", self.account),
            Step::Done => format!("{}{key} done\n", self.account),
        };
        let written = self
            .file
            .write_all(line.as_bytes())
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| Failure::file("write", &self.path, error))?;
        self.known.entry(key).or_default().take(step);
        Ok(())
    }
}

impl<'a> Step<'a> {
    fn read(text: &'a str) -> Option<Self> {
        match text {
            "trying" => Some(Self::Trying),
            "not-sent" => Some(Self::NotSent),
            "done" => Some(Self::Done),
            _ => text.strip_prefix("named ").map(Self::Named),
        }
    }
}

impl Known {
    fn take(&mut self, step: Step<'_>) {
        match step {
            Step::Trying => self.is_tried = true,
            Step::NotSent => self.is_tried = false,
            Step::Named(name) => (self.name, self.is_tried) = (Some(name.to_owned()), false),
            Step::Done => self.is_done = true,
        }
    }
}

fn busy(export: &Path) -> Failure {
    Failure::new(
        ExitCode::Environment,
        format!("another mgw process is importing {}", export.display()),
    )
    .hint("Wait for the other process, or end it.")
}

fn key(entry: &Entry) -> String {
    format!("{} {}", entry.sha256, entry.name)
}

#[cfg(test)]
mod tests;
