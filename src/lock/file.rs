//! The format of `mgw.lock`. No secrets, and no times of ours: the same state of the control plane gives the same bytes.

use super::{LockError, Unseen, entries};
use crate::cloud::control_plane::LifeCycle;
use crate::project::{ControlPlaneKind, PullSettings, shown};
use crate::yaml::{Source, SyntaxError, format_version, typed_toml};
use mgw_bundle::Digest;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The version of the file format that this program reads and writes.
pub(super) const FORMAT: u32 = 1;

/// The largest lock that is read.
const LARGEST: u64 = 64 << 20;

const HEADER: &str = "# Written by mgw pull. Commit it; do not edit it.\n";

/// The contents of `mgw.lock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LockFile {
    /// Format version, [`FORMAT`].
    format: u32,
    /// What whoever pulled could not see, sorted; `None`: the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) unseen: Option<Vec<Unseen>>,
    /// Version of the program that pulled, where that decides whether its definitions are used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    /// Where everything came from.
    pub(crate) source: LockedSource,
    /// The APIs, sorted by name and version.
    #[serde(default, rename = "api", skip_serializing_if = "Vec::is_empty")]
    pub(crate) apis: Vec<LockedApi>,
    /// The other files, sorted by path.
    #[serde(default, rename = "file", skip_serializing_if = "Vec::is_empty")]
    pub(crate) files: Vec<LockedFile>,
}

/// Where everything came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LockedSource {
    /// Base URL of the control plane.
    pub(crate) url: String,
    /// Its generation.
    pub(crate) kind: ControlPlaneKind,
    /// Organisation (tenant).
    pub(crate) organisation: String,
    /// Labels that were pulled, sorted.
    pub(crate) labels: Vec<String>,
    /// Tags that were pulled, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tags: Vec<String>,
    /// Single APIs that were pulled, sorted.
    pub(crate) apis: Vec<String>,
    /// Whether everything was pulled that can be served.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
}

impl LockedSource {
    /// Whether both are of the same organisation of the same control plane.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        self.url == other.url && self.organisation == other.organisation
    }

    /// What was asked for.
    pub(crate) fn wanted(&self) -> PullSettings {
        PullSettings {
            labels: self.labels.clone(),
            tags: self.tags.clone(),
            apis: self.apis.clone(),
            all: self.all,
        }
    }
}

/// An API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LockedApi {
    /// Name.
    pub(crate) name: String,
    /// Version.
    pub(crate) version: String,
    /// The control plane's id.
    pub(crate) id: String,
    /// Owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    /// Life-cycle state: one in which APIs are served.
    #[serde(deserialize_with = "served_state")]
    pub(crate) state: String,
    /// When it was changed, in the control plane's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_updated: Option<String>,
    /// `ETag` of its definition, where the control plane gives one and the file says all there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    /// Digest of what the file was made from beside that definition; with `etag` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) basis: Option<Digest>,
    /// Number of the revision that is deployed, where the control plane has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u32>,
    /// UUID of that revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision_id: Option<String>,
    /// Path of its definition below the project, with `/`.
    pub(crate) path: String,
    /// Digest of the definition.
    pub(crate) sha256: Digest,
}

fn served_state<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let state = String::deserialize(deserializer)?;
    let names = LifeCycle::SERVED.map(|state| state.name());
    if names.contains(&state) {
        return Ok(state);
    }
    let [published, prototyped, deprecated, blocked] = names;
    Err(serde::de::Error::custom(format!(
        "a state in which an API is served should stand there: `{published}`, `{prototyped}`, `{deprecated}` or `{blocked}`"
    )))
}

/// A file that belongs to no API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct LockedFile {
    /// Path below the project, with `/`.
    pub(crate) path: String,
    /// Digest.
    pub(crate) sha256: Digest,
}

/// A lock that was read. Large ones take long to parse, which is not done again for the same text.
#[derive(Debug)]
pub(crate) struct ReadLock {
    text: String,
    /// What the text says.
    pub(crate) lock: LockFile,
}

impl ReadLock {
    /// Reads `path`, of which `known` was read before; `None` when there is no such file.
    pub(crate) fn load(path: &Path, known: Option<Self>) -> Result<Option<Self>, LockError> {
        use std::io::Read;
        let mut text = String::new();
        let read = crate::whole_file::refuse_unfit(path)
            .and_then(|()| std::fs::File::open(path))
            .and_then(|file| file.take(LARGEST).read_to_string(&mut text));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(LockError::file("read", path, source)),
        }
        if let Some(known) = known.filter(|known| known.text == text) {
            return Ok(Some(known));
        }
        let lock = LockFile::parse(&text, path)?;
        Ok(Some(Self { text, lock }))
    }
}

impl LockFile {
    /// A lock over what was pulled.
    pub(crate) fn new(source: LockedSource, mut apis: Vec<LockedApi>, mut files: Vec<LockedFile>) -> Self {
        apis.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            format: FORMAT,
            unseen: Some(Vec::new()),
            program: apis
                .iter()
                .any(|api| api.etag.is_some())
                .then(|| env!("CARGO_PKG_VERSION").to_owned()),
            source,
            apis,
            files,
        }
    }

    /// The version of the program that pulled, where the file says it.
    pub(crate) fn program(&self) -> Option<&str> {
        self.program.as_deref()
    }

    /// Whether it has definitions that another version of this program made: none of them is used again.
    pub(crate) fn is_of_another_program(&self) -> bool {
        self.apis.iter().any(|api| api.etag.is_some()) && self.program.as_deref() != Some(env!("CARGO_PKG_VERSION"))
    }

    /// The same, and what could not be seen.
    pub(crate) fn without(mut self, mut unseen: Vec<Unseen>) -> Self {
        unseen.sort();
        unseen.dedup();
        self.unseen = Some(unseen);
        self
    }

    /// The text of the file.
    pub(crate) fn to_text(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{HEADER}\n{}", toml::to_string(self)?))
    }

    /// Reads `path`; `None` when there is no such file.
    pub(crate) fn load(path: &Path) -> Result<Option<Self>, LockError> {
        Ok(ReadLock::load(path, None)?.map(|read| read.lock))
    }

    /// Reads the text of a lock; `path` is for messages.
    pub(crate) fn parse(text: &str, path: &Path) -> Result<Self, LockError> {
        let broken = |error| LockError::Parse {
            path: path.to_owned(),
            error: Box::new(error),
        };
        let source = Source::new(&shown(path), text.into()).map_err(broken)?;
        let read = typed_toml::<Self>(&source);
        if let Ok(lock) = &read
            && lock.format == FORMAT
        {
            return match entries::doubled(lock, &source) {
                Some(error) => Err(broken(error)),
                None => read.map_err(broken),
            };
        }
        match format_version(&source) {
            // What a newer version writes is no mistake.
            Some((found, _)) if found > u64::from(FORMAT) => Err(LockError::Format {
                path: path.to_owned(),
                found,
            }),
            Some((found, span)) if found < u64::from(FORMAT) => {
                let message = format!("there is no format version {found}");
                Err(broken(SyntaxError::at(&source, span, message)))
            }
            _ => read.map_err(broken),
        }
    }

    /// Every file it vouches for: path and digest.
    pub(crate) fn all_files(&self) -> impl Iterator<Item = (&str, Digest)> {
        let of_apis = self.apis.iter().map(|api| (api.path.as_str(), api.sha256));
        of_apis.chain(self.files.iter().map(|file| (file.path.as_str(), file.sha256)))
    }
}
