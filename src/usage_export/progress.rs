//! How far an import has come, so that the next run goes on there.

use crate::failure::Failure;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use url::Url;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 32 << 20;

/// Names of files that a service has, in a file beside the export: one a line, after the service's URL and a blank.
#[derive(Debug)]
pub(crate) struct Progress {
    path: PathBuf,
    file: File,
    names: HashSet<String>,
    /// The service, as lines begin.
    service: String,
}

impl Progress {
    /// Opens it beside an export, for uploads to `url`.
    pub(crate) fn beside(export: &Path, url: &Url) -> Result<Self, Failure> {
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
        let mut text = String::new();
        (&mut file).take(MAX_FILE).read_to_string(&mut text).map_err(failed)?;
        // A line that was not finished names no file of an export; the next one begins anew.
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n").map_err(failed)?;
        }
        // A URL has no blanks.
        let service = format!("{url} ");
        let names = text.lines().filter_map(|line| line.strip_prefix(&service));
        Ok(Self {
            names: names.map(str::to_owned).collect(),
            path,
            file,
            service,
        })
    }

    /// Whether the service has the file.
    pub(crate) fn is_done(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Notes that the service has the file.
    pub(crate) fn done(&mut self, name: &str) -> Result<(), Failure> {
        let written = writeln!(self.file, "{}{name}", self.service).and_then(|()| self.file.sync_data());
        written.map_err(|error| Failure::file("write", &self.path, error))?;
        self.names.insert(name.to_owned());
        Ok(())
    }
}
