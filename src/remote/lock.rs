//! The format of `remote.lock`.

use super::fetch::is_allowed;
use crate::diagnostics::{Code, Diagnostic};
use crate::openapi::link::is_here;
use crate::project::shown;
use crate::whole_file::read_public;
use crate::yaml::{Format, Source, Span, SyntaxError, format_version, typed_toml};
use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
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
    /// Where it was found, when the server redirected: what its references are relative to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
}

impl RemoteFile {
    /// Where it was found, when the server redirected.
    pub(crate) fn base(&self) -> Option<Url> {
        Url::parse(self.base.as_deref()?).ok()
    }
}

/// Why `remote.lock` could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteLockError {
    /// The file could not be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what is expected.
    #[error("{0}")]
    Unusable(Box<Diagnostic>),
}

/// What to do about a lock that cannot be used.
const REMEDY: &str = "Take the file back from version control, or remove it together with `remote/` and fetch again with `mgw check --allow-remote`.";

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
        match read_public(path, LARGEST) {
            Ok(bytes) => Self::parse(&shown(path), bytes).map_err(RemoteLockError::Unusable),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(RemoteLockError::Read {
                path: path.to_owned(),
                source,
            }),
        }
    }

    pub(super) fn parse(file: &str, bytes: Vec<u8>) -> Result<Self, Box<Diagnostic>> {
        let broken = |error: SyntaxError| {
            let finding = Diagnostic {
                code: Code::LockFile,
                ..error.into()
            };
            Box::new(finding.remedy(REMEDY))
        };
        let source = Source::new(file, bytes).map_err(broken)?;
        let wrong =
            |span, message: String| Box::new(Diagnostic::error(Code::LockFile, &source, span, message).remedy(REMEDY));
        match format_version(&source) {
            // What a newer version writes is no mistake.
            Some((found, span)) if found > u64::from(FORMAT) => {
                let message = format!("{file} has format version {found}, this version reads {FORMAT}");
                let finding = Diagnostic::error(Code::NewerFormat, &source, span, message);
                Err(Box::new(
                    finding.remedy("Use the version of mgw that wrote the file, or a newer one."),
                ))
            }
            Some((found, span)) if found < u64::from(FORMAT) => {
                Err(wrong(span, format!("there is no format version {found}")))
            }
            _ => {
                let lock: Self = typed_toml(&source).map_err(broken)?;
                let at = |text: &str| {
                    let start = source.text().find(text);
                    start.map_or_else(Span::default, |start| Span::new(start, start + text.len()))
                };
                if let Some(file) = lock.files.iter().find(|file| !is_place(&file.path)) {
                    let message = format!("{:?} is no file in `{FOLDER}/`", file.path);
                    return Err(wrong(at(&file.path), message));
                }
                let mut bases = lock.files.iter().filter_map(|file| Some((file, file.base.as_deref()?)));
                if let Some((_, base)) = bases.find(|(file, base)| !is_base(&file.url, base)) {
                    let message = "this is no address that a server could redirect to".to_owned();
                    return Err(wrong(at(&format!("{base:?}")), message));
                }
                Ok(lock)
            }
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
    pub(crate) fn put(&mut self, url: &Url, bytes: &[u8], base: Option<&Url>) -> String {
        let path = match self.file(url) {
            Some(file) => file.path.clone(),
            None => self.free_path(url, bytes),
        };
        self.files.retain(|file| file.url != url.as_str());
        self.files.push(RemoteFile {
            url: url.to_string(),
            path: path.clone(),
            sha256: Digest::of(bytes),
            base: base.map(Url::to_string),
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

/// Whether a server that is asked for a file could have redirected there.
fn is_base(url: &str, base: &str) -> bool {
    let (Ok(url), Ok(base)) = (Url::parse(url), Url::parse(base)) else {
        return false;
    };
    is_allowed(&base, is_here(&url)) && base.username().is_empty() && base.password().is_none()
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
        let base = url("https://s.example/v2/pet.yaml");
        let paths = [
            lock.put(&url("https://h.example/v1/pet.yaml"), b"a: 1", None),
            lock.put(&url("https://a.example/v1/pet"), b"{}", None),
            lock.put(&url("https://h.example/v1_pet.yaml"), b"a: 2", Some(&base)),
            lock.put(&url("https://h.example/v1/pet.yaml"), b"a: 3", None),
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
        let again = RemoteLock::parse("remote.lock", text.into()).unwrap();
        assert_eq!(again, lock);
        assert_eq!(
            again.file(&url("https://h.example/v1/pet.yaml")).unwrap().sha256,
            Digest::of(b"a: 3")
        );
        let moved = again.file(&url("https://h.example/v1_pet.yaml")).unwrap();
        assert_eq!(moved.base(), Some(base));
        let gone = lock.retain(|url| url.contains("a.example"));
        assert_eq!((gone.len(), lock.files.len()), (2, 1));
    }

    #[test]
    fn nobody_is_redirected_to_this_machine() {
        for (url, base, fits) in [
            ("https://h/x", "https://s/y", true),
            ("http://localhost/x", "http://127.0.0.1:1/y", true),
            ("http://localhost/x", "https://s/y", true),
            ("https://h/x", "http://s/y", false),
            ("https://h/x", "http://localhost/y", false),
            ("https://h/x", "https://u:p@s/y", false),
            ("https://h/x", "file:///etc/y", false),
            ("https://h/x", "y", false),
        ] {
            let digest = Digest::of(b"");
            let text = format!(
                "format = 1\n[[file]]\nurl = {url:?}\npath = \"remote/x.yaml\"\nsha256 = \"{digest}\"\nbase = {base:?}\n"
            );
            let read = RemoteLock::parse("remote.lock", text.into());
            assert_eq!(read.is_ok(), fits, "{url} {base}");
            if let Err(error) = read {
                assert!(error.to_string().starts_with("remote.lock:6:"), "{error}");
            }
        }
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
            let error = RemoteLock::parse("remote.lock", text.into()).unwrap_err();
            assert!(error.to_string().contains("is no file in `remote/`"), "{path}: {error}");
        }
        let error = |text: &str| RemoteLock::parse("remote.lock", text.into()).unwrap_err().to_string();
        assert!(error("format = 2\n").contains("format version 2"));
        assert!(error("format = 1\nx = 1\n").starts_with("remote.lock:2:1: "));
    }
}
