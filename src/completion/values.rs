//! What kinds of things are completed, and where those there are come from.

use super::place::Place;
use super::{Completed, Word};
use crate::cloud::session::SessionStore;
use crate::diagnostics::Code;
use crate::doctor::CHECKS;
use crate::help::PAGES;
use crate::lock::LockFile;
use crate::signing::KeyStore;
use clap::{Arg, ValueHint};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is wanted at a place of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Nobody can know it.
    Nothing,
    /// Options, with what they do.
    Options(Vec<(String, String)>),
    /// Some of these.
    Words(Vec<(String, String)>),
    /// Any file.
    File,
    /// A folder, those of projects first.
    Project,
    /// A folder of a project, or a bundle.
    ProjectOrBundle,
    /// Some of these words, or a folder of a project or a bundle.
    WordsOrBundle(Vec<(String, String)>),
    /// A folder.
    Folder,
    /// An API of the project, `NAME:VERSION`.
    Api,
    /// A label that the project pulls, or pulled.
    Label,
    /// The same of tags.
    Tag,
    /// A code of a finding.
    Code,
    /// Some of these words, or a code of a finding.
    WordsOrCode(Vec<(String, String)>),
    /// A command, or a topic of the documentation.
    Topic,
    /// A key that signs bundles, or a PEM file.
    Key,
    /// The name of a key alone.
    KeyName,
    /// A session.
    Profile,
    /// A check of `mgw doctor`.
    Check,
    /// A setting of the gateway, with `=` behind it.
    Setting,
}

impl Wanted {
    /// What an argument of a command takes.
    pub(super) fn of(path: &[String], argument: &Arg) -> Self {
        let possible: Vec<(String, String)> = argument
            .get_possible_values()
            .iter()
            .filter(|value| !value.is_hide_set())
            .map(|value| {
                let help = value.get_help().map(ToString::to_string).unwrap_or_default();
                (value.get_name().to_owned(), help)
            })
            .collect();
        if !possible.is_empty() {
            return Self::Words(possible);
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let name = argument.get_value_names().and_then(|names| names.first());
        let name = name.map_or("", |name| name.as_str());
        match (path.as_slice(), argument.get_id().as_str(), name) {
            (["explain"], ..) => Self::Code,
            (["help"], ..) => Self::Topic,
            (["doctor"], "only", _) => Self::Check,
            (["keys", "new" | "import"], "name", _) => Self::Nothing,
            (["keys", _], "name", _) => Self::KeyName,
            (["usage", ..], "folder" | "data_dir" | "to", _) => Self::Folder,
            (_, "labels", _) => Self::Label,
            (_, "tags", _) => Self::Tag,
            (_, "apis", "NAME:VERSION") => Self::Api,
            (_, "profile", _) => Self::Profile,
            (_, "sets", _) => Self::Setting,
            (["run" | "doctor"], "source" | "project", _) => Self::ProjectOrBundle,
            (_, _, "DIR|BUNDLE" | "BUNDLE" | "BEFORE" | "AFTER") => Self::ProjectOrBundle,
            (_, "project" | "source", _) => Self::Project,
            (_, _, "NAME:VERSION") => Self::Api,
            (_, _, "KEY") if matches!(argument.get_id().as_str(), "sign" | "keys" | "verify_keys" | "key") => Self::Key,
            (_, _, "DIR") => Self::Folder,
            (_, _, "FILE" | "FILE|URL" | "PLAN") => Self::File,
            _ if argument.get_value_hint() == ValueHint::FilePath => Self::File,
            _ => Self::Nothing,
        }
    }
}

/// Those there are, best first.
pub(super) fn of(wanted: &Wanted, typed: &str, place: &Place<'_>) -> Completed {
    let mut words: Vec<Word> = match wanted {
        Wanted::File => return Completed::Files,
        Wanted::Nothing => Vec::new(),
        Wanted::Options(words) | Wanted::Words(words) => {
            return Completed::Words(words.iter().map(|(text, about)| Word::new(text, about)).collect());
        }
        Wanted::Project => return Completed::Words(entries(typed, &|_| false)),
        Wanted::ProjectOrBundle => return Completed::Words(entries(typed, &|path| has_ending(path, "zip"))),
        Wanted::WordsOrBundle(own) => {
            let own = own.iter().map(|(text, about)| Word::new(text, about));
            return Completed::Words(own.chain(entries(typed, &|path| has_ending(path, "zip"))).collect());
        }
        Wanted::Folder => return Completed::Words(entries(typed, &|_| false)),
        Wanted::Api => apis(place),
        Wanted::Label => of_settings(place, |pull| &pull.labels, |lock| &lock.source.labels),
        Wanted::Tag => of_settings(place, |pull| &pull.tags, |lock| &lock.source.tags),
        Wanted::Code => codes(),
        Wanted::WordsOrCode(words) => {
            let own = words.iter().map(|(text, about)| Word::new(text, about));
            own.chain(codes()).collect()
        }
        Wanted::Topic => topics(place),
        Wanted::Key => {
            let mut words = keys(place);
            words.extend(entries(typed, &|path| has_ending(path, "pem")));
            words
        }
        Wanted::KeyName => keys(place),
        Wanted::Profile => profiles(place),
        Wanted::Check => CHECKS.iter().map(|check| Word::new(check.id, check.about)).collect(),
        Wanted::Setting => settings(typed),
    };
    words.sort();
    Completed::Words(words)
}

fn has_ending(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending))
}

/// Folders below what is typed, those of projects first, and files of a kind. Nobody looks through more than a thousand.
fn entries(typed: &str, is_wanted: &dyn Fn(&Path) -> bool) -> Vec<Word> {
    const MOST: usize = 1000;
    let folder = typed.rfind('/').map_or("", |slash| &typed[..=slash]);
    let looked_at = if folder.is_empty() {
        Path::new(".")
    } else {
        Path::new(folder)
    };
    let shows_hidden = typed[folder.len()..].starts_with('.');
    let entries = fs::read_dir(looked_at).into_iter().flatten().flatten().take(MOST);
    let mut found: Vec<(u8, Word)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let path: PathBuf = entry.path();
            if name.starts_with('.') && !shows_hidden {
                None
            } else if path.is_dir() {
                let is_project = path.join("mgw.toml").is_file() || path.join("api_definitions").is_dir();
                let about = if is_project { "project" } else { "" };
                Some((
                    if is_project { 0 } else { 2 },
                    Word::new(format!("{folder}{name}/"), about),
                ))
            } else {
                is_wanted(&path).then(|| (1, Word::new(format!("{folder}{name}"), "")))
            }
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, word)| word).collect()
}

/// APIs that were pulled, and those that the project names.
fn apis(place: &Place<'_>) -> Vec<Word> {
    let mut names = BTreeSet::new();
    if let Ok(Some(lock)) = LockFile::load(&place.layout.lock()) {
        names.extend(lock.apis.iter().map(|api| format!("{}:{}", api.name, api.version)));
    }
    if let Some(settings) = place.settings() {
        names.extend(settings.pull.apis);
    }
    names.into_iter().map(|name| Word::new(name, "")).collect()
}

fn of_settings(
    place: &Place<'_>,
    named: impl Fn(&crate::project::PullSettings) -> &Vec<String>,
    pulled: impl Fn(&LockFile) -> &Vec<String>,
) -> Vec<Word> {
    let mut names = BTreeSet::new();
    if let Some(settings) = place.settings() {
        names.extend(named(&settings.pull).iter().cloned());
    }
    if let Ok(Some(lock)) = LockFile::load(&place.layout.lock()) {
        names.extend(pulled(&lock).iter().cloned());
    }
    names.into_iter().map(|name| Word::new(name, "")).collect()
}

fn codes() -> Vec<Word> {
    Code::ALL
        .iter()
        .map(|code| Word::new(code.name(), code.title()))
        .collect()
}

/// Behind `help` stand commands, those below them, or one topic.
fn topics(place: &Place<'_>) -> Vec<Word> {
    use clap::CommandFactory;
    let words = place.arguments.get("words").map(Vec::as_slice).unwrap_or_default();
    let mut command = crate::cli::Cli::command();
    for word in words {
        match command.find_subcommand(word) {
            Some(below) => command = below.clone(),
            None => return Vec::new(),
        }
    }
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    let mut found: Vec<Word> = below
        .map(|command| {
            Word::new(
                command.get_name(),
                command.get_about().map(ToString::to_string).unwrap_or_default(),
            )
        })
        .collect();
    if words.is_empty() {
        let is_command = |topic: &str| found.iter().any(|word| word.text == topic);
        let pages: Vec<Word> = PAGES
            .iter()
            .map(|page| match is_command(page.topic) {
                true => Word::new(format!("{}-page", page.topic), page.title()),
                false => Word::new(page.topic, page.title()),
            })
            .collect();
        found.extend(pages);
        found.push(Word::new("topics", "the pages of the documentation"));
    }
    found
}

fn keys(place: &Place<'_>) -> Vec<Word> {
    let folder = place.environment.config_dir().ok();
    let keys = folder
        .and_then(|folder| KeyStore::new(&folder).list().ok())
        .unwrap_or_default()
        .keys;
    keys.into_iter()
        .map(|key| Word::new(key.name.to_string(), key.public.id().to_string()))
        .collect()
}

fn profiles(place: &Place<'_>) -> Vec<Word> {
    let folder = place.environment.config_dir().ok();
    let profiles = folder
        .and_then(|folder| SessionStore::profiles(&folder).ok())
        .unwrap_or_default();
    profiles
        .into_iter()
        .map(|profile| Word::new(profile.to_string(), ""))
        .collect()
}

/// Keys of single settings, by their parts: hundreds at once help nobody.
fn settings(typed: &str) -> Vec<Word> {
    if typed.contains('=') {
        return Vec::new();
    }
    let keys = mgw_runtime::config::keys();
    let single = keys
        .iter()
        .filter(|key| key.effective && !key.name.contains(['[', '<']));
    single
        .filter(|key| key.name.starts_with(typed))
        .map(|key| Word::new(format!("{}=", key.name), key.meaning))
        .collect()
}
