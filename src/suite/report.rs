//! How the cases of a run went.

use crate::junit::{JunitCase, JunitFailure, write};
use serde::Serialize;
use std::time::Duration;

/// How a case went.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// Where it is from.
    pub(crate) place: String,
    /// Everything in which the answer differs from what was expected.
    pub(crate) differences: Vec<String>,
    pub(crate) took: Duration,
}

/// How a case went, for programs.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict<'a> {
    name: &'a str,
    place: &'a str,
    passed: bool,
    differences: &'a [String],
    milliseconds: u64,
}

impl Outcome {
    /// Whether everything was as expected.
    pub(crate) fn passed(&self) -> bool {
        self.differences.is_empty()
    }

    /// The same for programs.
    pub(crate) fn verdict(&self) -> Verdict<'_> {
        Verdict {
            name: &self.name,
            place: &self.place,
            passed: self.passed(),
            differences: &self.differences,
            milliseconds: u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
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
        took: Some(outcome.took),
        failure: outcome.differences.first().map(|first| JunitFailure {
            kind: "difference".to_owned(),
            message: first.clone(),
            text: outcome.differences.join("\n"),
        }),
        output: String::new(),
    };
    write(project, &outcomes.iter().map(case).collect::<Vec<_>>())
}
