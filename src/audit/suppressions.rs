//! Findings that somebody has looked at: with a reason, and only for a time.

use crate::diagnostics::{Code, Diagnostic, Severity};
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
    Expired,
    /// `rule` is no code.
    UnknownRule,
    /// `until` is no day.
    NoDay,
    /// `reason` is empty.
    NoReason,
}

impl<'a> Suppressions<'a> {
    pub(super) fn new(list: &'a [Suppression], today: Date) -> Self {
        let state = |suppression: &Suppression| {
            if Code::named(&suppression.rule).is_none() {
                return State::UnknownRule;
            }
            if suppression.reason.trim().is_empty() {
                return State::NoReason;
            }
            match suppression.until.parse::<Date>() {
                Err(_) => State::NoDay,
                Ok(until) if until < today => State::Expired,
                Ok(_) => State::Unused,
            }
        };
        Self {
            list: list
                .iter()
                .map(|suppression| (suppression, state(suppression)))
                .collect(),
        }
    }

    /// Whether a finding is covered. What is said of an API covers its operations, never the other way round.
    pub(super) fn cover(&mut self, code: Code, api: Option<&str>, operation: Option<&str>) -> bool {
        let is_covered = |suppression: &Suppression| {
            let fits = |wanted: &Option<String>, found: Option<&str>| {
                wanted.as_deref().is_none_or(|wanted| Some(wanted) == found)
            };
            suppression.rule == code.name() && fits(&suppression.api, api) && fits(&suppression.operation, operation)
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

    /// What is wrong with the suppressions themselves.
    pub(super) fn leftovers(&self) -> impl Iterator<Item = Leftover<'a>> {
        self.list
            .iter()
            .filter(|(_, state)| *state != State::Used)
            .map(|(suppression, state)| Leftover {
                suppression,
                state: *state,
            })
    }
}

/// A suppression that is of no use.
pub(super) struct Leftover<'a> {
    suppression: &'a Suppression,
    state: State,
}

impl Leftover<'_> {
    /// The finding about it.
    pub(super) fn file(&self, file: &str) -> Diagnostic {
        let Suppression { rule, until, .. } = self.suppression;
        let (severity, message, remedy) = match self.state {
            State::Used | State::Unused => (
                Severity::Note,
                format!("the suppression of `{rule}` covers nothing"),
                "Remove it, so that it does not cover something else one day.".to_owned(),
            ),
            State::Expired => (
                Severity::Warning,
                format!("the suppression of `{rule}` ended on {until}"),
                "Look at what it covered, then mend that or set another day.".to_owned(),
            ),
            State::UnknownRule => (
                Severity::Error,
                format!("there is no rule `{rule}` to suppress"),
                crate::diagnostics::nearest(rule, Code::ALL.iter().map(|code| code.name())).map_or_else(
                    || "`mgw explain` lists them.".to_owned(),
                    |near| format!("Did you mean `{near}`?"),
                ),
            ),
            State::NoDay => (
                Severity::Error,
                format!("the suppression of `{rule}` has `until = {until:?}`, which is no day"),
                "Write it like 2027-03-31.".to_owned(),
            ),
            State::NoReason => (
                Severity::Error,
                format!("the suppression of `{rule}` has no reason"),
                "Say in `reason` why it is as it should be, for whoever looks at it next.".to_owned(),
            ),
        };
        let mut diagnostic = Diagnostic::file(Code::Suppression, file, message).remedy(remedy);
        diagnostic.severity = severity;
        diagnostic
    }
}
