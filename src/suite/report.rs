//! How the cases of a run went.

use super::case::Case;
use super::client::Unanswered;
use crate::junit::{JunitCase, JunitResult, JunitText, write};
use serde::Serialize;
use std::time::Duration;

/// How a case went.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// Where it is from.
    pub(crate) place: String,
    /// How many of its requests were answered.
    pub(crate) answers: u32,
    pub(crate) ended: Ended,
    pub(crate) took: Duration,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With everything in which the answer differs from what was expected, or why there was nothing to ask.
    Judged(Vec<String>),
    /// Without an answer of a gateway that is there.
    Unanswered(Unanswered),
    /// Not at all: there was no gateway. With what came of it where it was tried.
    NotRun(Option<Unanswered>),
    /// Not at all, or not to its end: the run was interrupted.
    Interrupted,
}

/// How a case went, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict<'a> {
    name: &'a str,
    place: &'a str,
    /// Whether there was a gateway to ask, and time to do so.
    run: bool,
    passed: bool,
    differences: Vec<&'a str>,
    milliseconds: u64,
}

impl Outcome {
    /// Of a case that was not run, or not to its end.
    pub(super) fn not_run(case: &Case, ended: Ended) -> Self {
        Self {
            name: case.name.clone(),
            place: case.place.clone(),
            answers: 0,
            ended,
            took: Duration::ZERO,
        }
    }

    /// Turns a case without an answer into one that was not run: there was nobody to answer.
    pub(super) fn forgive(&mut self) {
        if let Ended::Unanswered(why) = &self.ended {
            self.ended = Ended::NotRun(Some(why.clone()));
        }
    }

    /// Whether everything was as expected.
    pub(crate) fn passed(&self) -> bool {
        matches!(&self.ended, Ended::Judged(differences) if differences.is_empty())
    }

    /// Whether there was a gateway to ask, and time to do so.
    pub(crate) fn is_run(&self) -> bool {
        !matches!(self.ended, Ended::NotRun(_) | Ended::Interrupted)
    }

    /// Everything that was not as expected.
    pub(crate) fn differences(&self) -> Vec<&str> {
        match &self.ended {
            Ended::Judged(differences) => differences.iter().map(String::as_str).collect(),
            Ended::Unanswered(why) | Ended::NotRun(Some(why)) => vec![why.reason()],
            Ended::NotRun(None) | Ended::Interrupted => Vec::new(),
        }
    }

    /// The same for programs.
    pub(crate) fn verdict(&self) -> Verdict<'_> {
        Verdict {
            name: &self.name,
            place: &self.place,
            run: self.is_run(),
            passed: self.passed(),
            differences: self.differences(),
            milliseconds: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn junit(&self) -> JunitResult {
        let unanswered = |why: &Unanswered| JunitResult::Error(JunitText::of("no-answer", why.reason()));
        match &self.ended {
            Ended::Judged(differences) => match differences.first() {
                None => JunitResult::Passed,
                Some(first) => JunitResult::Failure(JunitText {
                    text: differences.join("\n"),
                    ..JunitText::of("difference", first)
                }),
            },
            Ended::Unanswered(why) | Ended::NotRun(Some(why)) => unanswered(why),
            Ended::NotRun(None) => JunitResult::Skipped("not run: there was no gateway".to_owned()),
            Ended::Interrupted => JunitResult::Skipped("not run to its end: the tests were interrupted".to_owned()),
        }
    }
}

/// Outcomes as a test suite of JUnit.
///
/// # Errors
///
/// None in practice: the document is written to memory.
pub(crate) fn junit(project: &str, outcomes: &[Outcome]) -> std::io::Result<Vec<u8>> {
    let case = |outcome: &Outcome| JunitCase {
        class: outcome.place.clone(),
        name: outcome.name.clone(),
        file: None,
        took: outcome.is_run().then_some(outcome.took),
        result: outcome.junit(),
        output: String::new(),
    };
    write(project, &outcomes.iter().map(case).collect::<Vec<_>>())
}
