//! Tries corrections in a copy of the project, until there is nothing left to do.

use super::judge::judge;
use super::plan::{Key, Plan, Step, plan};
use super::revision::{Replacement, Revision};
use super::shadow::{Extent, Shadow, ShadowError};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::project::{Layout, shown};
use crate::yaml::{Position, Source};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Corrections may lead to others; so often they do not.
const MAX_ROUNDS: usize = 50;

/// Most checks of the copy, so that corrections that do not help cost a bounded time.
const MAX_TRIALS: usize = 200;

/// A correction, and the finding that it is for.
#[derive(Debug, Serialize)]
pub(crate) struct Subject {
    pub(crate) code: Code,
    pub(crate) file: String,
    /// Where the mistake is, or was when it was put right.
    #[serde(flatten)]
    pub(crate) position: Option<Position>,
    pub(crate) message: String,
    pub(crate) title: String,
}

/// A correction that was done.
#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    #[serde(flatten)]
    pub(crate) subject: Subject,
    /// What was replaced by what, where that may be shown.
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

/// A correction that is known and was not done.
#[derive(Debug, Serialize)]
pub(crate) struct Left {
    #[serde(flatten)]
    pub(crate) subject: Subject,
    /// Why not.
    pub(crate) reason: String,
}

/// A file that is another one after all corrections.
#[derive(Debug)]
pub(crate) struct RepairedFile {
    /// Its path in the project.
    pub(crate) relative: String,
    pub(crate) revision: Revision,
    /// The text as it was read first, which knows what of it may be shown. `None`: it was no text in UTF-8.
    pub(crate) source: Option<Source>,
    /// Something in it that is changed belongs to a secret.
    pub(crate) is_secret: bool,
}

/// What a project becomes.
#[derive(Debug)]
pub(crate) struct Repaired<T> {
    /// The files that are other ones, by their names.
    pub(crate) files: Vec<RepairedFile>,
    pub(crate) applied: Vec<Applied>,
    pub(crate) refused: Vec<Left>,
    /// What the last check gave, with the findings about the repaired files.
    pub(crate) checked: T,
    pub(crate) findings: Diagnostics,
}

/// Tries all certain corrections of what `check` finds in the folder, in a copy of it as far as `extent` says. Nothing of the
/// folder itself is changed.
///
/// # Errors
///
/// When there can be no copy, or it cannot be checked.
pub(crate) fn repair<T, E: From<ShadowError>>(
    layout: &Layout,
    extent: Extent,
    check: impl Fn(&Layout) -> Result<(T, Diagnostics), E>,
) -> Result<Repaired<T>, E> {
    let shadow = Shadow::of(layout, extent)?;
    let copy = Layout::new(shadow.root());
    let (mut checked, mut found) = check(&copy)?;
    let mut rounds = Rounds {
        shadow: &shadow,
        real: layout.root(),
        check: &|| check(&copy),
        trials: 0,
        files: BTreeMap::new(),
        refused_keys: BTreeSet::new(),
        names: Names::new(&shadow, layout.root()),
        applied: Vec::new(),
        refused: Vec::new(),
    };
    for _ in 0..MAX_ROUNDS {
        match rounds.round(&found)? {
            Some(after) => (checked, found) = after,
            None => break,
        }
    }
    let Rounds {
        files,
        applied,
        refused,
        names,
        ..
    } = rounds;
    let mut findings = Diagnostics::default();
    for finding in found.iter() {
        findings.push(names.real(finding.clone()));
    }
    let is_changed = |file: &RepairedFile| file.revision.current() != file.revision.original();
    Ok(Repaired {
        files: files.into_values().filter(is_changed).collect(),
        applied,
        refused,
        checked,
        findings,
    })
}

/// Files by their paths in the project.
type Revisions = BTreeMap<String, Revision>;

/// A project after some corrections, which is better than before.
struct Trial<T> {
    checked: T,
    found: Diagnostics,
    revisions: Revisions,
    /// Corrections of what the others brought to light.
    followed: Vec<Step>,
}

struct Rounds<'a, T, E> {
    shadow: &'a Shadow,
    real: &'a Path,
    check: &'a dyn Fn() -> Result<(T, Diagnostics), E>,
    trials: usize,
    files: BTreeMap<String, RepairedFile>,
    refused_keys: BTreeSet<Key>,
    names: Names,
    applied: Vec<Applied>,
    refused: Vec<Left>,
}

impl<T, E: From<ShadowError>> Rounds<'_, T, E> {
    /// Does what can be done at once, and returns what is found then; `None` when nothing could be done.
    fn round(&mut self, found: &Diagnostics) -> Result<Option<(T, Diagnostics)>, E> {
        let base = self.revisions();
        let Plan { steps, refused } = self.plan(found, &base, |_| false);
        for (finding, reason) in refused {
            self.refuse(&finding, reason);
        }
        for step in &steps {
            self.open(step);
        }
        let base = self.revisions();
        let mut accepted: Vec<Step> = Vec::new();
        let mut last = None;
        // What helps is found by halves: mostly all of it does.
        let mut groups = vec![steps];
        while let Some(mut group) = groups.pop() {
            if group.is_empty() {
                continue;
            }
            let tried: Vec<&Step> = accepted.iter().chain(&group).collect();
            match self.trial(found, &base, &tried)? {
                Ok(trial) => {
                    last = Some(trial);
                    accepted.append(&mut group);
                }
                Err(reason) if group.len() == 1 || self.trials >= MAX_TRIALS => {
                    for step in group {
                        self.refuse(&step.finding, reason.clone());
                    }
                }
                Err(_) => {
                    let behind = group.split_off(group.len() / 2);
                    groups.push(behind);
                    groups.push(group);
                }
            }
        }
        let Some(trial) = last else {
            self.show(&base)?;
            return Ok(None);
        };
        self.show(&trial.revisions)?;
        for (relative, revision) in trial.revisions {
            if let Some(file) = self.files.get_mut(&relative) {
                file.revision = revision;
            }
        }
        accepted.extend(trial.followed);
        accepted.into_iter().for_each(|step| self.record(step));
        Ok(Some((trial.checked, trial.found)))
    }

    fn revisions(&self) -> Revisions {
        let files = self.files.iter();
        files
            .map(|(relative, file)| (relative.clone(), file.revision.clone()))
            .collect()
    }

    fn plan(&self, found: &Diagnostics, revisions: &Revisions, is_known: impl Fn(&Key) -> bool) -> Plan {
        let current = |relative: &str| match revisions.get(relative) {
            Some(revision) => Some(revision.current()),
            None => std::fs::read(self.shadow.root().join(relative)).ok(),
        };
        let passed_over = |key: &Key| self.refused_keys.contains(key) || is_known(key);
        plan(found, self.shadow, self.real, passed_over, current)
    }

    /// Keeps a file as it is before the first change.
    fn open(&mut self, step: &Step) {
        let path = self.shadow.root().join(&step.relative);
        let file = self.files.entry(step.relative.clone()).or_insert_with(|| RepairedFile {
            relative: step.relative.clone(),
            revision: Revision::new(std::fs::read(path).unwrap_or_default()),
            source: own_text(&step.finding),
            is_secret: false,
        });
        file.is_secret |= step.finding.secret || step.is_recoded;
    }

    /// Checks the copy with some corrections done. What they bring to light and has a correction itself is put right as
    /// well, until it is better than before or cannot be. The inner error is why they are not to be done.
    fn trial(&mut self, found: &Diagnostics, base: &Revisions, steps: &[&Step]) -> Result<Result<Trial<T>, String>, E> {
        let before: BTreeSet<Key> = found.iter().map(Key::of).collect();
        let mut revisions = base.clone();
        let mut followed: Vec<Step> = Vec::new();
        let mut next: Vec<Step> = steps.iter().map(|step| (*step).clone()).collect();
        loop {
            if self.trials >= MAX_TRIALS {
                return Ok(Err("too many corrections had to be tried one by one".to_owned()));
            }
            self.trials += 1;
            for (relative, revision) in &mut revisions {
                *revision = with(revision, relative, &next);
            }
            self.show(&revisions)?;
            let Ok((checked, after)) = (self.check)() else {
                return Ok(Err("the project could not be read any more".to_owned()));
            };
            let reason = match judge(found, &after, steps) {
                Ok(()) => {
                    return Ok(Ok(Trial {
                        checked,
                        found: after,
                        revisions,
                        followed,
                    }));
                }
                Err(reason) => self.names.text(&reason),
            };
            let known: BTreeSet<Key> = followed.iter().map(|step| Key::of(&step.finding)).collect();
            next = self
                .plan(&after, &revisions, |key| before.contains(key) || known.contains(key))
                .steps;
            if next.is_empty() {
                return Ok(Err(reason));
            }
            for step in &next {
                self.open(step);
                let file = self.files.get(&step.relative);
                let original = || file.map_or_else(|| Revision::new(Vec::new()), |file| file.revision.clone());
                revisions.entry(step.relative.clone()).or_insert_with(original);
            }
            followed.extend(next.iter().cloned());
        }
    }

    /// Has the copy be what some revisions say.
    fn show(&self, revisions: &Revisions) -> Result<(), ShadowError> {
        for (relative, file) in &self.files {
            let revision = revisions.get(relative).unwrap_or(&file.revision);
            self.shadow.write(relative, &revision.current())?;
        }
        Ok(())
    }

    fn record(&mut self, step: Step) {
        let (before, after) = step.shown.unzip();
        self.applied.push(Applied {
            subject: self.names.subject(step.finding, step.title),
            before,
            after,
        });
    }

    fn refuse(&mut self, finding: &Diagnostic, reason: String) {
        self.refused_keys.insert(Key::of(finding));
        let title = finding.correction.as_ref().map(|correction| correction.title.clone());
        self.refused.push(Left {
            subject: self.names.subject(finding.clone(), title.unwrap_or_default()),
            reason,
        });
    }
}

/// The text of the file that a finding is in, without the files that refer to it.
fn own_text(finding: &Diagnostic) -> Option<Source> {
    let (source, span) = finding.place.as_ref()?;
    if source.name_of(*span) == source.name() {
        return Some(source.clone());
    }
    let (name, text, _) = source.within(*span)?;
    Source::new(name, text.as_bytes().to_vec()).ok()
}

/// A file with those of the corrections that are its own.
fn with(revision: &Revision, relative: &str, steps: &[Step]) -> Revision {
    let own = steps.iter().filter(|step| step.relative == relative);
    let mut edits: Vec<Replacement> = own.flat_map(|step| step.edits.clone()).collect();
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    revision.clone().with(&edits)
}

/// What the files of the copy are called in the project.
struct Names {
    copy: String,
    real: String,
}

impl Names {
    fn new(shadow: &Shadow, root: &Path) -> Self {
        let real = shown(&root.join("x"));
        Self {
            copy: format!("{}/", shadow.root().display()),
            real: real.strip_suffix('x').unwrap_or_default().to_owned(),
        }
    }

    fn text(&self, text: &str) -> String {
        text.replace(&self.copy, &self.real)
    }

    fn subject(&self, finding: Diagnostic, title: String) -> Subject {
        let finding = self.real(finding);
        Subject {
            code: finding.code,
            position: finding.position(),
            file: finding.file,
            message: finding.message,
            title,
        }
    }

    fn real(&self, mut finding: Diagnostic) -> Diagnostic {
        finding.file = self.text(&finding.file);
        finding.message = self.text(&finding.message);
        finding.remedy = finding.remedy.map(|remedy| self.text(&remedy));
        finding.place = finding
            .place
            .map(|(source, span)| (source.renamed(|name| self.text(name)), span));
        finding
    }
}
