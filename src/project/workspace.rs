//! A folder with several projects: `[workspace]` in the `mgw.toml` of the folder above them.
//!
//! A workspace only says where its projects are. Each is built as it would be by itself: nothing of the folder above, no
//! policies and no settings, counts for it.

use super::settings::{MAX_FILE, read_workspace};
use super::{Layout, Settings, SettingsError, is_project_name, shown};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, certain_name, nearest};
use crate::ui::count::Counted;
use crate::whole_file::{read_public, read_text};
use crate::yaml::{Node, Source, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use toml::de::DeTable;

/// Most patterns.
const MAX_PATTERNS: usize = 256;
/// Most projects.
const MAX_MEMBERS: usize = 1_000;
/// Most entries of folders that are looked at for patterns.
const MAX_LOOKED_AT: usize = 50_000;

/// A folder with several projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// The projects, by their folders.
    pub(crate) members: Vec<Member>,
}

/// A project of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// The project's name.
    pub(crate) name: String,
    /// Its folder as messages call it.
    pub(crate) folder: String,
    /// Its folder.
    pub(crate) path: PathBuf,
}

/// Why a workspace cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkspaceError {
    /// `mgw.toml`, of the workspace or a project, is wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The file, or that of a project, is not what is expected.
    #[error("{what} has {}", findings.summary())]
    Invalid {
        /// The file; several of them are the workspace.
        what: String,
        /// Everything that is wrong.
        findings: Diagnostics,
    },
    /// A folder could not be looked into.
    #[error("cannot read {}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// What becomes of a project whose own `mgw.toml` is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Faulty {
    /// The workspace cannot be used.
    Refused,
    /// It is one of the projects: whoever looks at it tells what is wrong. Its name may be that of its folder.
    Taken,
}

impl Workspace {
    /// The workspace in a folder; `None` when it is none.
    ///
    /// # Errors
    ///
    /// When the folder is a workspace, and its projects cannot be found.
    pub(crate) fn at(root: &Path, faulty: Faulty) -> Result<Option<Self>, WorkspaceError> {
        Self::of_file(&root.join("mgw.toml"), root, faulty)
    }

    /// The same with another `file` in the place of its `mgw.toml`.
    ///
    /// # Errors
    ///
    /// As [`Self::at`].
    pub(crate) fn of_file(file: &Path, root: &Path, faulty: Faulty) -> Result<Option<Self>, WorkspaceError> {
        // What cannot be read at all is told by whoever takes it for a project.
        match read_public(file, MAX_FILE) {
            Ok(bytes) => Self::of_bytes(bytes, &shown(file), root, faulty),
            Err(_) => Ok(None),
        }
    }

    /// The same of the bytes of the file, which messages call `file`.
    fn of_bytes(bytes: Vec<u8>, file: &str, root: &Path, faulty: Faulty) -> Result<Option<Self>, WorkspaceError> {
        if !is_workspace(&String::from_utf8_lossy(&bytes)) {
            return Ok(None);
        }
        let read = read_workspace(bytes, file);
        let mut findings = read.diagnostics;
        let mut members = Vec::new();
        if let Some((source, document)) = &read.document {
            let mut finder = Finder::new(root, source, faulty)?;
            // Of a newer format nobody can tell what it means.
            if findings.iter().all(|finding| finding.code != Code::NewerFormat) {
                members = finder.members(document)?;
            }
            findings.extend(finder.findings);
        }
        if findings.has_errors() {
            findings.sort();
            let files: BTreeSet<&str> = findings.iter().map(|finding| finding.file.as_str()).collect();
            let what = match files.first() {
                Some(file) if files.len() == 1 => (*file).to_owned(),
                _ => "the workspace".to_owned(),
            };
            return Err(WorkspaceError::Invalid { what, findings });
        }
        Ok(Some(Self { members }))
    }
}

/// Entry point of the fuzz targets: finds the projects of a workspace. They are inside it.
#[cfg(any(test, feature = "fuzzing"))]
pub fn fuzz(bytes: &[u8]) -> String {
    thread_local! {
        /// Two projects, one of them deeper.
        static ROOT: tempfile::TempDir = {
            let root = tempfile::tempdir().expect("there is room for files");
            for project in ["shop", "teams/orders"] {
                std::fs::create_dir_all(root.path().join(project).join("api_definitions")).expect("a folder");
            }
            root
        };
    }
    ROOT.with(|root| {
        let found = Workspace::of_bytes(bytes.to_vec(), "mgw.toml", root.path(), Faulty::Refused);
        match found {
            Ok(Some(workspace)) => {
                let is_inside = |member: &Member| member.path.starts_with(root.path()) && member.path.is_dir();
                assert!(workspace.members.iter().all(is_inside), "{workspace:?}");
                String::new()
            }
            Ok(None) => String::new(),
            Err(error) => error.to_string(),
        }
    })
}

/// Whether the text of a `mgw.toml` is that of a workspace.
pub(super) fn is_workspace(text: &str) -> bool {
    let (table, _) = DeTable::parse_recoverable(text);
    table.get_ref().contains_key("workspace")
}

/// Finds the projects that patterns stand for.
struct Finder<'a> {
    root: &'a Path,
    source: &'a Source,
    real_root: PathBuf,
    faulty: Faulty,
    /// All patterns.
    written: BTreeSet<String>,
    looked_at: usize,
    findings: Diagnostics,
}

/// A pattern, and where it is written.
#[derive(Clone, Copy)]
struct Pattern<'a> {
    text: &'a str,
    place: Span,
}

/// The patterns that a key of `[workspace]` has. What is none has been told.
fn patterns<'n>(document: &'n Node, key: &str) -> Vec<Pattern<'n>> {
    let list = document.get("workspace").and_then(|section| section.get(key));
    let elements = list.and_then(Node::as_array).into_iter().flatten();
    let pattern = |element: &'n Node| {
        Some(Pattern {
            text: element.as_str()?,
            place: element.span,
        })
    };
    elements.filter_map(pattern).collect()
}

impl<'a> Finder<'a> {
    fn new(root: &'a Path, source: &'a Source, faulty: Faulty) -> Result<Self, WorkspaceError> {
        // The folder that one is in may have no name here.
        let named = if root.as_os_str().is_empty() {
            Path::new(".")
        } else {
            root
        };
        let real_root = std::fs::canonicalize(named).map_err(|source| WorkspaceError::Folder {
            path: named.to_owned(),
            source,
        })?;
        Ok(Self {
            root,
            source,
            real_root,
            faulty,
            written: BTreeSet::new(),
            looked_at: 0,
            findings: Diagnostics::default(),
        })
    }

    fn members(&mut self, document: &Node) -> Result<Vec<Member>, WorkspaceError> {
        let (wanted, unwanted) = (patterns(document, "members"), patterns(document, "exclude"));
        if let Some(first) = wanted.iter().chain(&unwanted).nth(MAX_PATTERNS) {
            self.too_many(*first, "patterns", MAX_PATTERNS);
            return Ok(Vec::new());
        }
        self.check_any(document);
        let written = wanted.iter().chain(&unwanted);
        self.written = written.map(|pattern| pattern.text.to_owned()).collect();
        let excluding = unwanted.first().copied();
        let mut excluded = BTreeSet::new();
        for pattern in unwanted {
            excluded.extend(self.folders(pattern).unwrap_or_default());
        }
        // Each with the pattern that it was found by.
        let mut folders: BTreeMap<PathBuf, Pattern<'_>> = BTreeMap::new();
        for pattern in wanted {
            let is_pattern = pattern.text.contains('*');
            let Some(found) = self.folders(pattern) else { continue };
            if !is_pattern
                && let Some(folder) = found.first()
                && !self.check_project(pattern, folder)
            {
                continue;
            }
            if is_pattern
                && let Some(inner) = found
                    .iter()
                    .find(|folder| has_workspace(folder) && !excluded.contains(*folder))
            {
                let inner = inner.strip_prefix(self.root).unwrap_or(inner);
                let problem = format!("stands for `{}` too, which is a workspace itself", shown(inner));
                self.wrong(
                    pattern,
                    &problem,
                    "Name its projects here, and the folder under `exclude`.",
                );
                continue;
            }
            let found: Vec<PathBuf> = found
                .into_iter()
                .filter(|folder| !is_pattern || is_project(folder))
                .collect();
            if found.is_empty() {
                self.wrong(
                    pattern,
                    "stands for no project",
                    "Name folders with an `mgw.toml`, or remove the pattern.",
                );
            }
            folders.extend(found.into_iter().map(|folder| (folder, pattern)));
            if folders.len() > MAX_MEMBERS {
                self.too_many(pattern, "projects", MAX_MEMBERS);
                return Ok(Vec::new());
            }
        }
        let are_any = !folders.is_empty();
        folders.retain(|folder, _| !excluded.contains(folder));
        if let Some(pattern) = excluding.filter(|_| are_any && folders.is_empty()) {
            let remedy = "Remove from `exclude` what is meant.";
            self.tell(
                pattern,
                "`exclude` takes every project out: nothing would be done".to_owned(),
                remedy,
            );
        }
        let mut members: Vec<Member> = Vec::new();
        for (path, pattern) in folders {
            // As somebody types it who is in the workspace.
            let path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
            let layout = Layout::new(&path);
            let name = match crate::compile::project_name_of(&layout) {
                Ok(name) => name,
                Err(_) if self.faulty == Faulty::Taken => {
                    let name = likely_name(&layout);
                    match members.iter().any(|member| member.name == name) {
                        true => shown(&path).replace('/', "-"),
                        false => name,
                    }
                }
                Err(SettingsError::Invalid { findings, .. }) => {
                    self.findings.extend(findings);
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let member = Member {
                name,
                folder: shown(&path),
                path,
            };
            if let Some(other) = members.iter().find(|other| other.name == member.name) {
                let message = format!(
                    "{} and {} are both called `{}`",
                    other.folder, member.folder, member.name
                );
                let remedy = "Give each project a `name` of its own in its mgw.toml: bundles and `--member` go by it.";
                self.tell(pattern, message, remedy);
                continue;
            }
            members.push(member);
        }
        Ok(members)
    }

    /// A workspace of nothing is as good as a mistake: whatever is done with each of its projects is done with none.
    fn check_any(&mut self, document: &Node) {
        let members = document.get("workspace").and_then(|section| section.get("members"));
        if let Some(list) = members.filter(|list| list.as_array().is_some_and(|elements| elements.is_empty())) {
            let found = Diagnostic::error(
                Code::ProjectSetting,
                self.source,
                list.span,
                "`workspace.members` names no project: nothing would be done",
            );
            let remedy = "Name the folders of the projects, as `members = [\"shop\", \"teams/*\"]`.";
            self.findings.push(found.remedy(remedy));
        }
    }

    /// Whether a folder is a project, which is told where it is none.
    fn check_project(&mut self, pattern: Pattern<'_>, folder: &Path) -> bool {
        if has_workspace(folder) {
            self.wrong(
                pattern,
                "is a workspace itself",
                "Name its projects here, as `teams/*` does.",
            );
            return false;
        }
        let is_project = is_project(folder);
        if !is_project {
            self.wrong(
                pattern,
                "is not a project folder",
                "Make one there with `mgw init`, or remove the name.",
            );
        }
        is_project
    }

    /// The folders that a pattern stands for, inside the workspace; `None`: it cannot be meant, which has been told.
    fn folders(&mut self, pattern: Pattern<'_>) -> Option<Vec<PathBuf>> {
        let inside = "Name folders below the workspace, as `shop` or `teams/*`.";
        let mut found = vec![self.root.to_owned()];
        let parts = Path::new(pattern.text).components();
        let parts: Vec<Component<'_>> = parts.filter(|part| *part != Component::CurDir).collect();
        if parts.is_empty() || pattern.text.contains(['\\', '\0']) {
            self.wrong(pattern, "is no folder", inside);
            return None;
        }
        for part in parts {
            let Component::Normal(part) = part else {
                self.wrong(pattern, "leads out of the workspace", inside);
                return None;
            };
            let part = part.to_string_lossy();
            if part == "**" {
                self.wrong(
                    pattern,
                    "does not go down through all folders: `*` stands for a part of one name",
                    "Name each depth, as `*` and `*/*` do.",
                );
                return None;
            }
            let mut next = Vec::new();
            for folder in found {
                if part.contains('*') {
                    next.extend(self.matching(pattern, &folder, &part)?);
                } else {
                    next.push(folder.join(part.as_ref()));
                }
            }
            found = next;
        }
        let is_pattern = pattern.text.contains('*');
        let mut folders = Vec::new();
        for folder in found {
            match std::fs::canonicalize(&folder) {
                Ok(real) if !real.starts_with(&self.real_root) || real == self.real_root => {
                    self.wrong(pattern, "leads out of the workspace by a link", inside);
                    return None;
                }
                Ok(real) if real.is_dir() => folders.push(folder),
                _ if is_pattern => {}
                Ok(_) => {
                    self.wrong(pattern, "is a file, and a project is a folder", inside);
                    return None;
                }
                _ => {
                    self.nowhere(pattern, &folder);
                    return None;
                }
            }
        }
        Some(folders)
    }

    /// The folders in `folder` whose names match, sorted. Hidden ones are not meant, nor is what a build makes.
    fn matching(&mut self, whole: Pattern<'_>, folder: &Path, pattern: &str) -> Option<Vec<PathBuf>> {
        let Ok(entries) = std::fs::read_dir(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }) else {
            return Some(Vec::new());
        };
        let mut found = Vec::new();
        for entry in entries {
            self.looked_at += 1;
            if self.looked_at > MAX_LOOKED_AT {
                self.too_many(whole, "files and folders to look at", MAX_LOOKED_AT);
                return None;
            }
            let Some(name) = entry.ok().and_then(|entry| entry.file_name().into_string().ok()) else {
                continue;
            };
            if !name.starts_with('.') && name != "target" && matches(pattern, &name) && folder.join(&name).is_dir() {
                found.push(folder.join(name));
            }
        }
        found.sort();
        Some(found)
    }

    fn wrong(&mut self, pattern: Pattern<'_>, problem: &str, remedy: &str) {
        let message = format!("`{}` {problem}", pattern.text.escape_debug());
        self.tell(pattern, message, remedy);
    }

    /// Tells a folder that is not there.
    fn nowhere(&mut self, pattern: Pattern<'_>, folder: &Path) {
        let text = pattern.text;
        let message = format!("`{}` is no folder that is there", text.escape_debug());
        let mut found = Diagnostic::error(Code::ProjectSetting, self.source, pattern.place, message)
            .remedy("Make it with `mgw init`, or remove the name.");
        if let Some(near) = near(folder) {
            found = found.remedy(format!("Did you mean `{}`?", near.name));
            let typed = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let meant = text.strip_suffix(typed).map(|before| format!("{before}{}", near.name));
            // What is named already is not meant once more.
            if let Some(meant) = meant.filter(|meant| near.is_certain && !self.written.contains(meant)) {
                found = found.renaming(text, pattern.place, &meant);
            }
        }
        self.findings.push(found);
    }

    fn too_many(&mut self, pattern: Pattern<'_>, what: &str, limit: usize) {
        let message = format!("there are more than {}", Counted(limit, what, what));
        self.tell(pattern, message, "Split the workspace, or name fewer folders.");
    }

    fn tell(&mut self, pattern: Pattern<'_>, message: String, remedy: &str) {
        let found = Diagnostic::error(Code::ProjectSetting, self.source, pattern.place, message);
        self.findings.push(found.remedy(remedy));
    }
}

/// Whether a folder is a workspace.
fn has_workspace(folder: &Path) -> bool {
    read_text(&folder.join("mgw.toml"), MAX_FILE).is_ok_and(|text| is_workspace(&text))
}

/// Whether a folder is a project, one of micro-gw among them; a workspace is none.
fn is_project(folder: &Path) -> bool {
    match read_text(&folder.join("mgw.toml"), MAX_FILE) {
        Ok(text) => !is_workspace(&text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => folder.join("api_definitions").is_dir(),
        // Whoever reads it as a project tells why it cannot be.
        Err(_) => true,
    }
}

/// What a project is called whose `mgw.toml` is wrong: as it says, or as its folder, as what is found in it says too.
fn likely_name(layout: &Layout) -> String {
    let read = Settings::read(&layout.settings()).ok().flatten();
    let name = read.map(|read| read.settings.name).filter(|name| is_project_name(name));
    name.unwrap_or_else(|| crate::compile::name_of_folder(layout))
}

/// A folder with a name like one that is not there.
struct Near {
    name: String,
    /// Nothing else can be meant, and it is a project.
    is_certain: bool,
}

/// A folder beside one that is not there, with a name like its.
fn near(folder: &Path) -> Option<Near> {
    let typed = folder.file_name()?.to_str()?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let entries = std::fs::read_dir(parent.unwrap_or(Path::new("."))).ok()?;
    let entries: Vec<_> = entries.take(MAX_MEMBERS + 1).filter_map(Result::ok).collect();
    let is_whole = entries.len() <= MAX_MEMBERS;
    let mut names: Vec<String> = entries
        .into_iter()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    let all = || names.iter().map(String::as_str);
    let certain = certain_name(typed, all()).filter(|name| is_whole && is_project(&folder.with_file_name(name)));
    let name = certain.or_else(|| nearest(typed, all()))?.to_owned();
    Some(Near {
        is_certain: certain.is_some(),
        name,
    })
}

/// Whether a name matches a pattern, in which `*` stands for any text. Takes no longer than both are long, multiplied.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Which beginnings of the name the beginning of the pattern matches.
    let mut matched = vec![false; name.len() + 1];
    matched[0] = true;
    for part in pattern {
        let mut next = vec![false; name.len() + 1];
        for end in 0..=name.len() {
            next[end] = match part {
                '*' => matched[end] || end > 0 && next[end - 1],
                part => end > 0 && matched[end - 1] && name[end - 1] == part,
            };
        }
        matched = next;
    }
    matched[name.len()]
}

#[cfg(test)]
mod tests;
