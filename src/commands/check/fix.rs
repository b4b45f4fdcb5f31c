//! `mgw check --fix`

use super::inspect;
use crate::compile::Compiled;
use crate::context::Context;
use crate::diagnostics::{Diagnostic, Diagnostics, Summary};
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::project::{Layout, shown};
use crate::repair::{Applied, Extent, Left, Repaired, Subject, patch, proven, repair, write};
use crate::shell;
use crate::ui::count::Counted;
use crate::ui::{Ui, visible};
use crate::yaml::{Correction, Position};
use indexmap::IndexMap;
use std::path::{Component, Path, PathBuf};

/// So many corrections are named that are not made for one reason; the others are counted.
const MOST_OF_A_REASON: usize = 5;

/// Whether files are put right.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct FixArgs {
    /// Put right in the project's files whatever has one certain correction; everything else in them stays as it is
    #[arg(long)]
    pub fix: bool,
    /// With --fix: change no file, and print the difference as `patch -p1` and `git apply` take it
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
}

impl FixArgs {
    pub(super) fn is_wanted(self) -> bool {
        self.fix
    }
}

/// What became of the corrections.
#[derive(Debug, serde::Serialize)]
pub(super) struct Fixed {
    /// Nothing was written.
    dry_run: bool,
    /// The files that are other ones, or would be.
    files: Vec<String>,
    applied: Vec<Applied>,
    /// Corrections that were not made, and why.
    refused: Vec<Left>,
    /// What is left of findings.
    left: Summary,
    /// What would be changed; `None` where files are changed.
    patch: Option<String>,
    /// Files whose changes are not in `patch`: a line of them may hold a secret, they were no text in UTF-8, or no difference
    /// can name them.
    not_shown: Vec<String>,
    /// Why not, of each.
    #[serde(skip)]
    not_shown_why: Vec<&'static str>,
}

impl Fixed {
    /// Nothing was done yet.
    pub(super) fn nothing(args: &FixArgs, found: &Diagnostics) -> Self {
        Self {
            dry_run: args.dry_run,
            files: Vec::new(),
            applied: Vec::new(),
            refused: Vec::new(),
            left: found.summary(),
            patch: args.dry_run.then(String::new),
            not_shown: Vec::new(),
            not_shown_why: Vec::new(),
        }
    }

    /// Puts the repaired files in their places below `root`, or says what they would be. Returns it with what the last check
    /// gave.
    pub(super) fn of<T>(repaired: Repaired<T>, root: &Path, args: &FixArgs) -> Result<(Self, T, Diagnostics), Failure> {
        let mut fixed = Self::nothing(args, &repaired.findings);
        let name_of = |relative: &str| shown(&root.join(relative));
        let files = &repaired.files;
        fixed.files = files.iter().map(|file| name_of(&file.relative)).collect();
        if args.dry_run {
            let mut difference = Vec::new();
            for file in files {
                let name = name_of(&file.relative);
                match patch(file, &in_patch(&name, &file.relative)) {
                    Ok(part) => difference.extend(part),
                    Err(why) => {
                        fixed.not_shown.push(name);
                        fixed.not_shown_why.push(why);
                    }
                }
            }
            fixed.patch = Some(String::from_utf8_lossy(&difference).into_owned());
        } else if !files.is_empty() {
            write(root, files)?;
        }
        (fixed.applied, fixed.refused) = (repaired.applied, repaired.refused);
        Ok((fixed, repaired.checked, repaired.findings))
    }

    /// How the command ends where no errors are left: with changes, when files would be changed.
    pub(super) fn code(&self) -> ExitCode {
        match self.dry_run && !self.files.is_empty() {
            true => ExitCode::Changes,
            false => ExitCode::Success,
        }
    }
}

/// Puts right what has a certain correction, and leaves in `compiled` what there is then.
pub(super) fn fix(
    layout: &Layout,
    config: Option<&Path>,
    args: &FixArgs,
    compiled: &mut Compiled,
    context: &Context,
) -> Result<Fixed, Failure> {
    if certain(&compiled.diagnostics).next().is_none() {
        return Ok(Fixed::nothing(args, &compiled.diagnostics));
    }
    let (mut fixed, checked, findings) = Fixed::of(tried(layout, config, context)?, layout.root(), args)?;
    if args.dry_run {
        *compiled = checked;
        compiled.diagnostics = findings;
    } else if !fixed.files.is_empty() {
        *compiled = inspect(layout, config, context)?;
    }
    // What could be done is done.
    compiled.diagnostics = proven(std::mem::take(&mut compiled.diagnostics), &[]);
    fixed.left = compiled.diagnostics.summary();
    Ok(fixed)
}

/// Leaves only the corrections certain that `--fix` would make.
pub(super) fn prove(layout: &Layout, config: Option<&Path>, compiled: &mut Compiled, context: &Context) {
    if certain(&compiled.diagnostics).next().is_none() {
        return;
    }
    // Where nothing can be tried, nothing is offered.
    let applied = tried(layout, config, context).map_or_else(|_| Vec::new(), |repaired| repaired.applied);
    compiled.diagnostics = proven(std::mem::take(&mut compiled.diagnostics), &applied);
}

/// What the project would become.
fn tried(layout: &Layout, config: Option<&Path>, context: &Context) -> Result<Repaired<Compiled>, Failure> {
    repair(layout, Extent::Project, |copy| {
        let config = config.map(|config| in_copy(config, layout, copy));
        let mut compiled = inspect(copy, config.as_deref(), context)?;
        let found = std::mem::take(&mut compiled.diagnostics);
        Ok((compiled, found))
    })
}

/// What somebody gives who means a file of the project is a file of the copy.
fn in_copy(config: &Path, layout: &Layout, copy: &Layout) -> PathBuf {
    let inside = || {
        let (file, root) = (config.canonicalize().ok()?, layout.root().canonicalize().ok()?);
        Some(copy.root().join(file.strip_prefix(root).ok()?))
    };
    inside().unwrap_or_else(|| config.to_owned())
}

/// A name as a difference may have it: below the current folder, else below the project.
fn in_patch(name: &str, relative: &str) -> String {
    let is_below = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if is_below { name } else { relative }.to_owned()
}

pub(super) fn certain(diagnostics: &Diagnostics) -> impl Iterator<Item = &Diagnostic> {
    let is_certain =
        |finding: &&Diagnostic| !finding.outside && finding.correction.as_ref().is_some_and(Correction::is_certain);
    diagnostics.iter().filter(is_certain)
}

/// Says that there are corrections that were [proven], and how many; `None` where there are none.
pub(super) fn offer(layout: &Layout, diagnostics: &Diagnostics) -> Option<String> {
    let folder = match shell::path(layout.root()).as_str() {
        "." => String::new(),
        folder => format!(" {folder}"),
    };
    match certain(diagnostics).count() {
        0 => None,
        count => Some(format!("{count} of them can be repaired: `mgw check --fix{folder}`")),
    }
}

/// Says what was put right, and what was not.
pub(super) fn tell(fixed: &Fixed, ui: &Ui) {
    if let Some(patch) = fixed.patch.as_ref().filter(|_| !ui.is_json()) {
        ui.bytes(patch.as_bytes());
    }
    let verb = if fixed.dry_run { "Would repair" } else { "Repaired" };
    for applied in &fixed.applied {
        let what = match (&applied.before, &applied.after) {
            (Some(before), Some(after)) => format!("`{before}` → `{after}`"),
            _ => applied.subject.title.clone(),
        };
        let place = place(&applied.subject);
        ui.status(verb, format_args!("{place}: {what} [{}]", applied.subject.code));
    }
    let mut by_reason: IndexMap<&str, Vec<&Left>> = IndexMap::new();
    for left in &fixed.refused {
        by_reason.entry(&left.reason).or_default().push(left);
    }
    for (reason, lefts) in by_reason {
        let shown = match ui.is_verbose() {
            true => lefts.len(),
            false => MOST_OF_A_REASON.min(lefts.len()),
        };
        for left in lefts.iter().take(shown) {
            let place = place(&left.subject);
            ui.warn(format_args!(
                "{place} is not repaired [{}]: {reason}",
                left.subject.code
            ));
        }
        if lefts.len() > shown {
            let more = lefts.len() - shown;
            ui.warn(format_args!(
                "and {more} more are not repaired: {reason} (-v shows them)"
            ));
        }
    }
    for (file, why) in fixed.not_shown.iter().zip(&fixed.not_shown_why) {
        let file = visible(file);
        ui.line(format_args!(
            "note: what would be changed in {file} is not shown: {why}"
        ));
    }
    let findings = Counted(fixed.applied.len(), "finding", "findings");
    let files = Counted(fixed.files.len(), "file", "files");
    match fixed.applied.len() {
        0 => ui.status("Repaired", "nothing: no finding has a correction that is certain"),
        _ => ui.status(verb, format_args!("{findings} in {files}; left: {}", fixed.left)),
    }
}

fn place(Subject { file, position, .. }: &Subject) -> String {
    match position {
        Some(Position { line, column }) => format!("{file}:{line}:{column}"),
        None => file.clone(),
    }
}
