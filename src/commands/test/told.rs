//! Tells how a run of tests went.

use crate::commands::report_file::Report;
use crate::exit::ExitCode;
use crate::failure::Failure;
use crate::suite::{Away, Outcome, Run, Verdict, junit};
use crate::ui::count::Counted;
use crate::ui::{Ui, visible};
use std::path::Path;
use url::Url;

/// What there is to tell.
pub(super) struct Told<'a> {
    pub(super) project: &'a str,
    pub(super) run: &'a Run,
    /// Operations that no case was made for, and why.
    pub(super) skipped: &'a [String],
    /// Where the gateway is that is not our own.
    pub(super) endpoint: Option<&'a Url>,
}

/// The same for programs.
#[derive(serde::Serialize)]
struct Tested<'a> {
    project: &'a str,
    passed: usize,
    failed: usize,
    not_run: usize,
    skipped: &'a [String],
    cases: Vec<Verdict<'a>>,
}

impl Told<'_> {
    /// Tells it on the terminal and in `file`, and says how the command ends.
    pub(super) fn tell(&self, file: Option<&Path>, ui: &Ui) -> Result<ExitCode, Failure> {
        let outcomes = &self.run.outcomes;
        for outcome in outcomes {
            if outcome.passed() {
                ui.detail(format_args!("passed: {}", visible(&outcome.name)));
            } else if outcome.is_run() {
                let mut text = format!("failed: {} ({})", visible(&outcome.name), outcome.place);
                for difference in outcome.differences() {
                    text.push_str("\n  ");
                    text.push_str(difference);
                }
                ui.block(text);
            }
        }
        let count = |is_it: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is_it(outcome)).count();
        let tested = Tested {
            project: self.project,
            passed: count(Outcome::passed),
            failed: count(|outcome| outcome.is_run() && !outcome.passed()),
            not_run: count(|outcome| !outcome.is_run()),
            skipped: self.skipped,
            cases: outcomes.iter().map(Outcome::verdict).collect(),
        };
        ui.result("", &tested);
        if let Some(path) = file {
            let bytes = junit(self.project, outcomes).map_err(|error| Failure::file("write", path, error))?;
            Report::Junit.write(path, &bytes)?;
        }
        let without = match self.skipped.len() {
            0 => String::new(),
            count => format!(
                "; {} without a case (-v says why)",
                Counted(count, "operation", "operations")
            ),
        };
        let failure = match &self.run.away {
            _ if self.run.is_interrupted => Failure::new(
                ExitCode::Interrupted,
                format!(
                    "interrupted: {} passed, {} failed, {} not run to the end",
                    Counted(tested.passed, "case", "cases"),
                    tested.failed,
                    tested.not_run
                ),
            ),
            Some(away) => self.nobody(away, &tested),
            None if tested.failed > 0 => {
                let of = Counted(outcomes.len(), "case", "cases");
                Failure::new(ExitCode::Tests, format!("{} of {of} failed{without}", tested.failed))
            }
            None => {
                let passed = Counted(tested.passed, "case", "cases");
                ui.status("Passed", format_args!("{passed}{without}"));
                return Ok(ExitCode::Success);
            }
        };
        Err(Failure {
            reported: true,
            ..failure
        })
    }

    /// The failure of a run in which there was no gateway, or none any more.
    fn nobody(&self, away: &Away, tested: &Tested<'_>) -> Failure {
        let place = self.endpoint.map_or("the address", Url::as_str).trim_end_matches('/');
        let reason = &away.reason;
        let message = match away.has_answered {
            false => format!("no gateway answers at {place}: {reason}"),
            true => format!(
                "the gateway at {place} answers no more: {reason}; {} passed, {} failed, {} not run",
                Counted(tested.passed, "case", "cases"),
                tested.failed,
                tested.not_run
            ),
        };
        let code = match tested.failed {
            0 => ExitCode::Unreachable,
            _ => ExitCode::Tests,
        };
        let failure = Failure::new(code, message);
        match away.has_answered {
            false if reason.contains("certificate") => failure.hint(
                "Let this machine trust whoever signed the gateway's certificate, for example with its PEM file in SSL_CERT_FILE.",
            ),
            false => failure.hint("Check scheme, host and port of --endpoint, and that the gateway runs; no case was run."),
            true => failure.hint("Look why the gateway ended, and test again."),
        }
    }
}
