//! A folder with several projects: `[workspace]` in the `mgw.toml` of the folder above them.
//!
//! A workspace only says where its projects are. Each is built as it would be by itself: nothing of the folder above, no
//! policies and no settings, counts for it.

use super::settings::{FORMAT, MAX_FILE, located};
use super::{Layout, SettingsError, shown};
use crate::diagnostics::nearest;
use crate::ui::count::Counted;
use crate::whole_file::read_text;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Most patterns.
const MAX_PATTERNS: usize = 256;
/// Most projects.
const MAX_MEMBERS: usize = 1_000;
/// Most entries of folders that are looked at for patterns.
const MAX_LOOKED_AT: usize = 50_000;

/// The file, when it is one of a workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    format: u32,
    workspace: Section,
}

/// `[workspace]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Section {
    /// Folders, or patterns with `*`.
    members: Vec<String>,
    /// The same, for what is not meant.
    #[serde(default)]
    exclude: Vec<String>,
}

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
    /// What `members` or `exclude` says cannot be meant.
    #[error("{file}: `{pattern}` {problem}")]
    Pattern {
        /// The file.
        file: String,
        /// What is written.
        pattern: String,
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// A bound was exceeded.
    #[error("{file}: there are more than {}", Counted(*limit, what, what))]
    TooMany {
        /// The file.
        file: String,
        /// Of what.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// Two projects have one name.
    #[error("{first} and {second} are both called `{name}`")]
    SameName {
        /// The name.
        name: String,
        /// A folder.
        first: String,
        /// Another one.
        second: String,
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

impl Workspace {
    /// The workspace in a folder; `None` when it is none.
    ///
    /// # Errors
    ///
    /// When the folder is a workspace, and its projects cannot be found.
    pub(crate) fn at(root: &Path) -> Result<Option<Self>, WorkspaceError> {
        let path = root.join("mgw.toml");
        // What cannot be read at all is told by whoever takes it for a project.
        let Ok(text) = read_text(&path, MAX_FILE) else {
            return Ok(None);
        };
        if !is_workspace(&text) {
            return Ok(None);
        }
        let file: File = toml::from_str(&text).map_err(|error| located(&text, &path, &error))?;
        if file.format != FORMAT {
            return Err(WorkspaceError::Settings(SettingsError::Format {
                path: shown(&path),
                found: file.format,
            }));
        }
        let members = Finder::new(root)?.members(&file.workspace)?;
        Ok(Some(Self { members }))
    }
}

/// Whether the text of a `mgw.toml` is that of a workspace.
pub(super) fn is_workspace(text: &str) -> bool {
    text.parse::<toml::Table>()
        .is_ok_and(|table| table.contains_key("workspace"))
}

/// Finds the projects that patterns stand for.
struct Finder<'a> {
    root: &'a Path,
    file: String,
    real_root: PathBuf,
    looked_at: usize,
}

impl<'a> Finder<'a> {
    fn new(root: &'a Path) -> Result<Self, WorkspaceError> {
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
            file: shown(&root.join("mgw.toml")),
            real_root,
            looked_at: 0,
        })
    }

    fn members(&mut self, section: &Section) -> Result<Vec<Member>, WorkspaceError> {
        if section.members.len() + section.exclude.len() > MAX_PATTERNS {
            return Err(self.too_many("patterns", MAX_PATTERNS));
        }
        let mut excluded = BTreeSet::new();
        for pattern in &section.exclude {
            excluded.extend(self.folders(pattern)?);
        }
        let mut folders = BTreeSet::new();
        for pattern in &section.members {
            let is_pattern = pattern.contains('*');
            let found = self.folders(pattern)?;
            if !is_pattern && let Some(folder) = found.first() {
                self.check_project(pattern, folder)?;
            }
            let found: Vec<PathBuf> = found
                .into_iter()
                .filter(|folder| !is_pattern || is_project(folder))
                .collect();
            if found.is_empty() {
                let problem = "stands for no project";
                return Err(self.wrong(
                    pattern,
                    problem,
                    "Name folders with an `mgw.toml`, or remove the pattern.",
                ));
            }
            folders.extend(found);
            if folders.len() > MAX_MEMBERS {
                return Err(self.too_many("projects", MAX_MEMBERS));
            }
        }
        let mut members: Vec<Member> = Vec::new();
        for path in folders.difference(&excluded) {
            let member = Member {
                name: crate::compile::project_name_of(&Layout::new(path))?,
                folder: shown(path),
                path: path.clone(),
            };
            if let Some(other) = members.iter().find(|other| other.name == member.name) {
                return Err(WorkspaceError::SameName {
                    first: other.folder.clone(),
                    second: member.folder,
                    name: member.name,
                });
            }
            members.push(member);
        }
        Ok(members)
    }

    fn check_project(&self, pattern: &str, folder: &Path) -> Result<(), WorkspaceError> {
        if let Ok(text) = read_text(&folder.join("mgw.toml"), MAX_FILE)
            && is_workspace(&text)
        {
            let problem = "is a workspace itself";
            return Err(self.wrong(pattern, problem, "Name its projects here, as `teams/*` does."));
        }
        if is_project(folder) {
            return Ok(());
        }
        Err(self.wrong(
            pattern,
            "is not a project folder",
            "Make one there with `mgw init`, or remove the name.",
        ))
    }

    /// The folders that a pattern stands for, inside the workspace.
    fn folders(&mut self, pattern: &str) -> Result<Vec<PathBuf>, WorkspaceError> {
        let inside = "Name folders below the workspace, as `shop` or `teams/*`.";
        let mut found = vec![self.root.to_owned()];
        let parts = Path::new(pattern).components();
        let parts: Vec<Component<'_>> = parts.filter(|part| *part != Component::CurDir).collect();
        if parts.is_empty() || pattern.contains(['\\', '\0']) {
            return Err(self.wrong(pattern, "is no folder", inside));
        }
        for part in parts {
            let Component::Normal(part) = part else {
                return Err(self.wrong(pattern, "leads out of the workspace", inside));
            };
            let part = part.to_string_lossy();
            let mut next = Vec::new();
            for folder in found {
                if part.contains('*') {
                    next.extend(self.matching(&folder, &part)?);
                } else {
                    next.push(folder.join(part.as_ref()));
                }
            }
            found = next;
        }
        let is_pattern = pattern.contains('*');
        let mut folders = Vec::new();
        for folder in found {
            match std::fs::canonicalize(&folder) {
                Ok(real) if !real.starts_with(&self.real_root) || real == self.real_root => {
                    return Err(self.wrong(pattern, "leads out of the workspace by a link", inside));
                }
                Ok(real) if real.is_dir() => folders.push(folder),
                _ if is_pattern => {}
                _ => {
                    let remedy = near(&folder).map_or_else(
                        || "Make it with `mgw init`, or remove the name.".to_owned(),
                        |near| format!("Did you mean `{near}`?"),
                    );
                    return Err(self.wrong(pattern, "is no folder that is there", &remedy));
                }
            }
        }
        Ok(folders)
    }

    /// The folders in `folder` whose names match, sorted. Hidden ones are not meant, nor is what a build makes.
    fn matching(&mut self, folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, WorkspaceError> {
        let Ok(entries) = std::fs::read_dir(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in entries {
            self.looked_at += 1;
            if self.looked_at > MAX_LOOKED_AT {
                return Err(self.too_many("files and folders to look at", MAX_LOOKED_AT));
            }
            let Some(name) = entry.ok().and_then(|entry| entry.file_name().into_string().ok()) else {
                continue;
            };
            if !name.starts_with('.') && name != "target" && matches(pattern, &name) && folder.join(&name).is_dir() {
                found.push(folder.join(name));
            }
        }
        found.sort();
        Ok(found)
    }

    fn wrong(&self, pattern: &str, problem: &str, remedy: &str) -> WorkspaceError {
        WorkspaceError::Pattern {
            file: self.file.clone(),
            pattern: pattern.escape_debug().to_string(),
            problem: problem.to_owned(),
            remedy: remedy.to_owned(),
        }
    }

    fn too_many(&self, what: &'static str, limit: usize) -> WorkspaceError {
        WorkspaceError::TooMany {
            file: self.file.clone(),
            what,
            limit,
        }
    }
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

/// A folder beside one that is not there, with a name like its.
fn near(folder: &Path) -> Option<String> {
    let typed = folder.file_name()?.to_str()?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let names: Vec<String> = std::fs::read_dir(parent.unwrap_or(Path::new(".")))
        .ok()?
        .take(MAX_MEMBERS)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    nearest(typed, names.iter().map(String::as_str)).map(str::to_owned)
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
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn workspace(file: &str, folders: &[&str]) -> TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for folder in folders {
            let path = root.path().join(folder);
            std::fs::create_dir_all(&path).expect("writable");
            let name = folder.replace('/', "-");
            std::fs::write(path.join("mgw.toml"), format!("format = 1\nname = \"{name}\"\n")).expect("writable");
        }
        std::fs::write(root.path().join("mgw.toml"), file).expect("writable");
        root
    }

    fn members(root: &Path) -> Result<Vec<String>, String> {
        let found =
            Workspace::at(root).map_err(|error| error.to_string().replace(&format!("{}/", root.display()), ""))?;
        let members = found.expect("a workspace").members;
        Ok(members.into_iter().map(|member| member.name).collect())
    }

    fn of(members: &str) -> String {
        format!("format = 1\n[workspace]\nmembers = {members}\n")
    }

    const FOLDERS: [&str; 5] = ["shop", "teams/a", "teams/b", "teams/.hidden", "teams/target"];

    #[test]
    fn names_and_patterns_stand_for_projects() {
        for (patterns, expected) in [
            ("[\"shop\"]", &["shop"][..]),
            ("[\"teams/*\", \"shop\", \"./shop/\"]", &["shop", "teams-a", "teams-b"]),
            ("[\"t*s/b\"]", &["teams-b"]),
            ("[\"*\"]", &["shop"]),
            ("[\"*/*\"]\nexclude = [\"teams/a\"]", &["teams-b"]),
        ] {
            let root = workspace(&of(patterns), &FOLDERS);
            std::fs::create_dir(root.path().join("teams/no-project")).expect("writable");
            assert_eq!(members(root.path()).expect(patterns), expected, "{patterns}");
        }
    }

    #[test]
    fn a_project_is_no_workspace() {
        let root = workspace("format = 1\nname = \"x\"\n", &[]);
        assert_eq!(Workspace::at(root.path()).expect("read"), None);
        assert_eq!(Workspace::at(&root.path().join("nowhere")).expect("read"), None);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (file, expected) in [
            (of("[\"../shop\"]"), "mgw.toml: `../shop` leads out of the workspace"),
            (of("[\"/etc\"]"), "mgw.toml: `/etc` leads out of the workspace"),
            (of("[\"\"]"), "mgw.toml: `` is no folder"),
            (of("[\".\"]"), "mgw.toml: `.` is no folder"),
            (of("[\"shpo\"]"), "mgw.toml: `shpo` is no folder that is there"),
            (of("[\"x*\"]"), "mgw.toml: `x*` stands for no project"),
            (
                of("[\"link\"]"),
                "mgw.toml: `link` leads out of the workspace by a link",
            ),
            (of("[\"li*\"]"), "mgw.toml: `li*` leads out of the workspace by a link"),
            (of("[\"inner\"]"), "mgw.toml: `inner` is a workspace itself"),
            (of("[\"empty\"]"), "mgw.toml: `empty` is not a project folder"),
            (of("[\"shop\", \"same\"]"), "same and shop are both called `shop`"),
            (of("[\"shop\"]\nmember = 1"), "mgw.toml:4:1: unknown field `member`"),
            (of("\"shop\""), "mgw.toml:3:11: invalid type"),
            (
                format!("name = \"x\"\n{}", of("[]")),
                "mgw.toml:1:1: unknown field `name`",
            ),
            (of("[]").replace("= 1", "= 2"), "mgw.toml has format version 2"),
            (
                of(&format!("[{}]", "\"shop\",".repeat(257))),
                "mgw.toml: there are more than 256 patterns",
            ),
        ] {
            let root = workspace(&file, &FOLDERS);
            let path = |name: &str| root.path().join(name);
            let outside = tempfile::tempdir().expect("a folder");
            std::fs::write(outside.path().join("mgw.toml"), "format = 1\nname = \"out\"\n").expect("writable");
            std::os::unix::fs::symlink(outside.path(), path("link")).expect("writable");
            for folder in ["inner", "same", "empty"] {
                std::fs::create_dir(path(folder)).expect("writable");
            }
            std::fs::write(path("inner/mgw.toml"), of("[]")).expect("writable");
            std::fs::write(path("same/mgw.toml"), "format = 1\nname = \"shop\"\n").expect("writable");
            let error = members(root.path()).expect_err(&file);
            assert!(error.starts_with(expected), "{error}\n{expected}");
        }
    }

    #[test]
    fn stars_match_any_text() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "a", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("**a", "ba", true),
            ("a", "b", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
        let stars = "*a".repeat(2_000);
        assert!(!matches(&stars, &"a".repeat(1_000)));
    }
}
