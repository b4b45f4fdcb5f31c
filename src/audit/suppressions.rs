//! Findings that somebody has looked at: with a reason, and only for a time.

use crate::compile::is_same_path;
use crate::diagnostics::{About, Code, Diagnostic, Severity};
use crate::yaml::{Node, Source};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// `[audit]` in `mgw.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuditSettings {
    /// What has been looked at.
    pub suppress: Vec<Suppression>,
}

impl AuditSettings {
    /// Whether nothing is suppressed.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// `[[audit.suppress]]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Suppression {
    /// The code of the findings.
    pub rule: String,
    /// Only of this API, as `NAME:VERSION`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<String>,
    /// Only of this operation, as `METHOD PATH` with the path as it is in the definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Why it is as it should be.
    pub reason: String,
    /// The last day on which it counts, as `YYYY-MM-DD`.
    pub until: String,
}

/// Suppressions, and which of them were of use.
#[derive(Debug)]
pub(super) struct Suppressions<'a> {
    list: Vec<(&'a Suppression, State)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It counts, and nothing was covered by it so far.
    Unused,
    /// It counts.
    Used,
    /// Its last day is over.
    Expired,
}

impl<'a> Suppressions<'a> {
    /// `list` as the settings have it, in which each has a rule, a reason and a day.
    pub(super) fn new(list: &'a [Suppression], today: Date) -> Self {
        let state = |suppression: &Suppression| match suppression.until.parse::<Date>() {
            Ok(until) if until >= today => State::Unused,
            _ => State::Expired,
        };
        Self {
            list: list
                .iter()
                .map(|suppression| (suppression, state(suppression)))
                .collect(),
        }
    }

    /// Whether a finding is covered: for everything that it is about. What is said of an API covers its operations, never the
    /// other way round.
    pub(super) fn cover(&mut self, code: Code, about: &[About]) -> bool {
        if about.is_empty() {
            return self.cover_one(code, None);
        }
        // Each is asked for, so that all are known that are of use.
        let left = about.iter().filter(|about| !self.cover_one(code, Some(about)));
        left.count() == 0
    }

    fn cover_one(&mut self, code: Code, about: Option<&About>) -> bool {
        let is_covered = |suppression: &Suppression| {
            let is_api = |wanted: &String| about.is_some_and(|about| about.api == *wanted);
            let is_operation = |wanted: &String| about.is_some_and(|about| is_operation(wanted, about));
            suppression.rule == code.name()
                && suppression.api.as_ref().is_none_or(is_api)
                && suppression.operation.as_ref().is_none_or(is_operation)
        };
        let mut covered = false;
        for (suppression, state) in &mut self.list {
            if matches!(state, State::Unused | State::Used) && is_covered(suppression) {
                *state = State::Used;
                covered = true;
            }
        }
        covered
    }

    /// What is wrong with the suppressions themselves. `file` is what messages call `mgw.toml`, `document` what stands in it.
    pub(super) fn leftovers(&self, file: &str, document: Option<&(Source, Node)>) -> Vec<Diagnostic> {
        let unused = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, (_, state))| *state != State::Used);
        unused
            .map(|(index, (suppression, state))| {
                let mut finding = leftover(suppression, *state, file);
                let key = if *state == State::Expired { "until" } else { "rule" };
                finding.place = document.and_then(|(source, document)| {
                    let tables = document.at(["audit", "suppress"])?.as_array()?;
                    Some((source.clone(), tables.get(index)?.get(key)?.span))
                });
                finding
            })
            .collect()
    }
}

/// Whether an operation is called `wanted`: as the definition has its path, or as the gateway has it.
fn is_operation(wanted: &str, about: &About) -> bool {
    let Some((method, path)) = &about.operation else {
        return false;
    };
    let of_path = wanted
        .strip_prefix(method.as_str())
        .and_then(|rest| rest.strip_prefix(' '));
    of_path.is_some_and(|wanted| is_same_path(wanted, path))
}

/// The finding about a suppression that is of no use.
fn leftover(suppression: &Suppression, state: State, file: &str) -> Diagnostic {
    let Suppression { rule, until, .. } = suppression;
    let (severity, message, remedy) = match state {
        State::Used | State::Unused => (
            Severity::Note,
            format!("the suppression of `{rule}` covers nothing"),
            "Remove it, so that it does not cover something else one day.",
        ),
        State::Expired => (
            Severity::Warning,
            format!("the suppression of `{rule}` ended on {until}"),
            "Look at what it covered, then mend that or set another day.",
        ),
    };
    let mut diagnostic = Diagnostic::file(Code::Suppression, file, message).remedy(remedy);
    diagnostic.severity = severity;
    diagnostic
}
