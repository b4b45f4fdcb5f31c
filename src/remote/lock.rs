//! The format of `remote.lock`.

use crate::whole_file::read_text;
use crate::yaml::Format;
use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};
use std::path::Path;
use url::Url;

/// The version of the file format that this program reads and writes.
const FORMAT: u32 = 1;

/// The largest lock that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Where the copies are.
const FOLDER: &str = "remote";

const HEADER: &str =
    "# Written by mgw with --allow-remote. Commit it together with the folder remote/; do not edit it.\n";

/// What definitions refer to on other servers, and how it was when it was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RemoteLock {
    format: u32,
    /// The files, sorted by address.
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    files: Vec<RemoteFile>,
}

/// A file of another server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RemoteFile {
    /// Its address.
    pub(crate) url: String,
    /// Its copy, inside the project.
    pub(crate) path: String,
    /// Digest of its bytes.
    pub(crate) sha256: Digest,
}

/// Why `remote.lock` could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteLockError {
    /// The file could not be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: String,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what is expected.
    #[error("{path}:{line}:{column}: {message}")]
    Parse {
        /// The file.
        path: String,
        /// 1-based line.
        line: usize,
        /// 1-based column.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// What was written by another program version, or by hand.
    #[error("{path}: {message}")]
    Contents {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl Default for RemoteLock {
    fn default() -> Self {
        Self {
            format: FORMAT,
            files: Vec::new(),
        }
    }
}

impl RemoteLock {
    /// Reads `path`; empty when there is no such file.
    ///
    /// # Errors
    ///
    /// Names file, line and column of the first mistake.
    pub(crate) fn load(path: &Path) -> Result<Self, RemoteLockError> {
        match read_text(path, LARGEST) {
            Ok(text) => Self::parse(&text, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(RemoteLockError::Read {
                path: path.display().to_string(),
                source,
            }),
        }
    }

    fn parse(text: &str, path: &Path) -> Result<Self, RemoteLockError> {
        let shown = path.display().to_string();
        let lock: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            let before = text.get(..offset).unwrap_or_default();
            RemoteLockError::Parse {
                path: shown.clone(),
                line: before.matches('\n').count() + 1,
                column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
                message: error.message().to_owned(),
            }
        })?;
        let fault = if lock.format == FORMAT {
            lock.files
                .iter()
                .find(|file| !is_place(&file.path))
                .map(|file| format!("{:?} is no file in `{FOLDER}/`", file.path))
        } else {
            Some(format!(
                "it has format version {}, this version reads {FORMAT}",
                lock.format
            ))
        };
        match fault {
            Some(message) => Err(RemoteLockError::Contents { path: shown, message }),
            None => Ok(lock),
        }
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        // Plain texts in a list of tables: nothing that TOML could not hold.
        let body = toml::to_string(self).unwrap_or_default();
        format!("{HEADER}{body}")
    }

    /// The file at an address.
    pub(crate) fn file(&self, url: &Url) -> Option<&RemoteFile> {
        self.files.iter().find(|file| file.url == url.as_str())
    }

    /// Notes a file, and says where its copy goes.
    pub(crate) fn put(&mut self, url: &Url, bytes: &[u8]) -> String {
        let path = match self.file(url) {
            Some(file) => file.path.clone(),
            None => self.free_path(url, bytes),
        };
        self.files.retain(|file| file.url != url.as_str());
        self.files.push(RemoteFile {
            url: url.to_string(),
            path: path.clone(),
            sha256: Digest::of(bytes),
        });
        self.files.sort_by(|a, b| a.url.cmp(&b.url));
        path
    }

    /// Keeps the files that are wanted, and returns the others.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<RemoteFile> {
        let (kept, gone) = std::mem::take(&mut self.files)
            .into_iter()
            .partition(|file| wanted(&file.url));
        self.files = kept;
        gone
    }

    /// A name that tells where the file is from, that no other file has.
    fn free_path(&self, url: &Url, bytes: &[u8]) -> String {
        /// Longest name before its ending.
        const LONGEST: usize = 100;
        let name = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
        let (stem, ending) = match (Format::of_name(&name), name.rsplit_once('.')) {
            (Some(_), Some((stem, ending))) => (stem.to_owned(), ending.to_ascii_lowercase()),
            _ => {
                let ending = match Format::sniff(bytes) {
                    Format::Json => "json",
                    Format::Yaml => "yaml",
                };
                (name, ending.to_owned())
            }
        };
        let safe: String = stem
            .trim_start_matches('.')
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || "-.".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .take(LONGEST)
            .collect();
        let taken = |path: &str| self.files.iter().any(|file| file.path.eq_ignore_ascii_case(path));
        let mut path = format!("{FOLDER}/{safe}.{ending}");
        let mut number = 1_u32;
        while taken(&path) {
            number += 1;
            path = format!("{FOLDER}/{safe}-{number}.{ending}");
        }
        path
    }
}

/// Whether a path names a file in the folder of copies, and nothing else.
fn is_place(path: &str) -> bool {
    path.strip_prefix(FOLDER)
        .and_then(|rest| rest.strip_prefix('/'))
        .is_some_and(|name| {
            Format::of_name(name).is_some()
                && !name.starts_with('.')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn what_is_noted_is_read_again() {
        let mut lock = RemoteLock::default();
        let paths = [
            lock.put(&url("https://h.example/v1/pet.yaml"), b"a: 1"),
            lock.put(&url("https://a.example/v1/pet"), b"{}"),
            lock.put(&url("https://h.example/v1_pet.yaml"), b"a: 2"),
            lock.put(&url("https://h.example/v1/pet.yaml"), b"a: 3"),
        ];
        assert_eq!(
            paths,
            [
                "remote/h.example_v1_pet.yaml",
                "remote/a.example_v1_pet.json",
                "remote/h.example_v1_pet-2.yaml",
                "remote/h.example_v1_pet.yaml"
            ]
        );
        let text = lock.text();
        assert!(text.starts_with("# Written by mgw"), "{text}");
        let again = RemoteLock::parse(&text, Path::new("remote.lock")).unwrap();
        assert_eq!(again, lock);
        assert_eq!(
            again.file(&url("https://h.example/v1/pet.yaml")).unwrap().sha256,
            Digest::of(b"a: 3")
        );
        let gone = lock.retain(|url| url.contains("a.example"));
        assert_eq!((gone.len(), lock.files.len()), (2, 1));
    }

    #[test]
    fn copies_are_nowhere_else() {
        for path in [
            "remote/../mgw.toml",
            "/etc/x.yaml",
            "remote/.x.yaml",
            "remote/a/b.yaml",
            "remote/x",
            "mgw.yaml",
            "remotex.yaml",
        ] {
            let text = format!(
                "format = 1\n[[file]]\nurl = \"https://h/x\"\npath = {path:?}\nsha256 = \"{}\"\n",
                Digest::of(b"")
            );
            let error = RemoteLock::parse(&text, Path::new("remote.lock")).unwrap_err();
            assert!(error.to_string().contains("is no file in `remote/`"), "{path}: {error}");
        }
        let error = |text: &str| {
            RemoteLock::parse(text, Path::new("remote.lock"))
                .unwrap_err()
                .to_string()
        };
        assert!(error("format = 2\n").contains("format version 2"));
        assert!(error("format = 1\nx = 1\n").starts_with("remote.lock:2:1: "));
    }
}
