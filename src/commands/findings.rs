//! Shows what was found in a project's files.

use super::members::report_of;
use super::report_file::{self, Report};
use crate::diagnostics::{Code, Diagnostic, Diagnostics, Severity, render, report};
use crate::exit::ExitCode;
use crate::failure::{Detail, Failure};
use crate::project::{Layout, Member};
use crate::ui::Ui;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// Where findings are written besides.
#[derive(Debug, Clone, clap::Args)]
pub struct ReportArgs {
    /// Also write the findings in SARIF 2.1.0, for code hosts and editors.
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Also write the findings in JUnit's XML, for build servers.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

impl ReportArgs {
    /// The same for a project of a workspace: each has files of its own.
    pub(super) fn of_member(&self, member: &Member) -> Self {
        let of = |path: &Option<PathBuf>| path.as_ref().map(|path| report_of(path, member));
        Self {
            sarif: of(&self.sarif),
            junit: of(&self.junit),
        }
    }

    /// Refuses reports that would take the place of something else, before anything is done.
    pub(super) fn refuse(&self, layout: &Layout) -> Result<(), Failure> {
        let reports = [
            (Report::Sarif, self.sarif.as_deref()),
            (Report::Junit, self.junit.as_deref()),
        ];
        report_file::refuse(&reports, layout)
    }

    /// Reports are written whatever was found: without one, a pipeline would show that of the run before. `failing`: the
    /// least bad findings with which the command fails. `root`: the folder of the project.
    pub(super) fn write(
        &self,
        command: &str,
        (project, root): (&str, &Path),
        diagnostics: &Diagnostics,
        failing: Severity,
    ) -> Result<(), Failure> {
        if let Some(path) = &self.sarif {
            let log = report::sarif(diagnostics, env!("CARGO_PKG_VERSION"), &report::Base::of(root));
            Report::Sarif.write(path, format!("{log:#}\n").as_bytes())?;
        }
        match &self.junit {
            Some(path) => write_junit(path, command, project, diagnostics, failing),
            None => Ok(()),
        }
    }
}

/// Writes findings as a test suite.
pub(super) fn write_junit(
    path: &Path,
    command: &str,
    project: &str,
    diagnostics: &Diagnostics,
    failing: Severity,
) -> Result<(), Failure> {
    let bytes = report::junit(command, project, diagnostics, failing);
    Report::Junit.write(path, &bytes.map_err(|error| Failure::file("write", path, error))?)
}

/// Where `pull` puts definitions.
const PULLED: &str = "gen/api_definitions";

/// Of one kind in one file, that many findings are shown that are no errors; the others are counted.
const MOST_OF_A_KIND: usize = 5;

/// What is shown of the findings of a kind in a file, and how many are not.
#[derive(Default)]
struct Shown<'a> {
    messages: HashSet<&'a str>,
    more: usize,
}

impl<'a> Shown<'a> {
    /// Whether a finding is to be shown: nothing that has been said, and not too much.
    fn takes(&mut self, message: &'a str) -> bool {
        let takes = self.messages.len() < MOST_OF_A_KIND && self.messages.insert(message);
        self.more += usize::from(!takes);
        takes
    }
}

/// Writes the findings to standard error; `--quiet` leaves the errors. Nobody reads a hundred findings of one kind, and
/// nobody edits pulled files, which count as one file for that. `-v` shows all.
pub(crate) fn show(ui: &Ui, diagnostics: &Diagnostics) {
    let mut kinds: BTreeMap<(&str, Code, Severity), Shown<'_>> = BTreeMap::new();
    for diagnostic in diagnostics.iter() {
        if diagnostic.severity == Severity::Error {
            ui.block(render(diagnostic, ui.has_color()));
            continue;
        }
        let place = if is_pulled(diagnostic) {
            PULLED
        } else {
            &diagnostic.file
        };
        let kind = (place, diagnostic.code, diagnostic.severity);
        if ui.is_verbose() || kinds.entry(kind).or_default().takes(&diagnostic.message) {
            ui.line(render(diagnostic, ui.has_color()));
        }
    }
    for ((place, code, severity), shown) in kinds {
        if shown.more > 0 {
            let more = shown.more;
            let text = format!("and {more} more [{code}] in {place} (-v shows them)");
            match severity {
                Severity::Warning => ui.warn(text),
                _ => ui.line(format_args!("note: {text}")),
            }
        }
    }
}

fn is_pulled(diagnostic: &Diagnostic) -> bool {
    Path::new(&diagnostic.file)
        .parent()
        .is_some_and(|folder| folder.ends_with(PULLED))
}

/// Findings as the details of a failure.
pub(crate) fn details(ui: &Ui, diagnostics: &Diagnostics) -> Vec<Detail> {
    diagnostics
        .iter()
        .map(|diagnostic| Detail {
            text: render(diagnostic, ui.has_color()),
            json: serde_json::json!(diagnostic),
        })
        .collect()
}

/// The end of a command whose result would be something else than findings: they are shown, and stand in the document of
/// the error for programs.
pub(crate) fn refused(ui: &Ui, name: &str, diagnostics: &Diagnostics) -> Failure {
    show(ui, diagnostics);
    let mut failure = invalid(name, diagnostics);
    failure.reported = false;
    failure.details = details(ui, diagnostics);
    // People have seen them.
    failure.details.iter_mut().for_each(|detail| detail.text.clear());
    failure
}

/// The failure of a command that has printed these findings.
pub(crate) fn invalid(name: &str, diagnostics: &Diagnostics) -> Failure {
    let mut failure = Failure::new(ExitCode::Invalid, format!("{name} has {}", diagnostics.summary()));
    failure.reported = true;
    failure.hint("`mgw explain CODE` says more about a finding; its code stands in brackets.")
}
