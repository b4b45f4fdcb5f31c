//! The keys of one policy, one at a time.

use super::data;
use crate::compile::time_unit::{self, MAX_WINDOW_MS};
use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Member, Node, Source, Span, Value};

/// Largest limit that the gateway counts exactly.
pub(super) const MAX_COUNT: u64 = (1 << 41) - 1;

/// A map in `policies.yaml` while it is read: a policy, or the burst limit of one.
pub(super) struct Entry<'a> {
    pub(super) source: &'a Source,
    /// What it is called in messages.
    pub(super) what: String,
    pub(super) member: &'a Member,
}

/// A limit as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Count {
    /// Zero or less, which micro-gw takes for no limit.
    None,
    /// At least 1.
    AtMost(u64),
}

impl<'a> Entry<'a> {
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::Policies, self.source, span, message)
    }

    pub(super) fn warning(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(Code::Policies, self.source, span, message)
    }

    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        self.member.node.get(key)
    }

    /// Reports keys that mean nothing.
    pub(super) fn check_keys(&self, known: &[&str], diagnostics: &mut Diagnostics) {
        let members = self.member.node.as_object().into_iter().flatten();
        for (key, member) in members.filter(|(key, _)| !known.contains(&key.as_str())) {
            let message = format!("{} has no `{key}`", self.what);
            let finding = self
                .error(member.key, message)
                .remedy(format!("Remove it; there are `{}`.", known.join("`, `")));
            diagnostics.push(finding.misspelt(key, member.key, known.iter().copied()));
        }
    }

    /// The count, which has to be there.
    pub(super) fn count(&self, diagnostics: &mut Diagnostics) -> Option<Count> {
        let node = self.required("count", diagnostics)?;
        let count = match whole(node) {
            Some(number) if number <= 0 => Some(Count::None),
            Some(number) => u64::try_from(number)
                .ok()
                .filter(|number| *number <= MAX_COUNT)
                .map(Count::AtMost),
            None => None,
        };
        if count.is_none() {
            let message = format!(
                "`count` of {} should be a whole number of at most {MAX_COUNT}",
                self.what
            );
            let remedy = "Write a whole number; name `Unlimited` where no limit is meant.";
            let finding = self.error(node.span, message).remedy(remedy);
            diagnostics.push(finding.expecting_number(node));
        }
        count
    }

    /// The amount of data, which has to be there: bytes.
    pub(super) fn bandwidth(&self, diagnostics: &mut Diagnostics) -> Option<u64> {
        let node = self.required("bandwidth", diagnostics)?;
        let bytes = node
            .as_str()
            .and_then(data::bytes)
            .filter(|bytes| (1..=MAX_COUNT).contains(bytes));
        if bytes.is_none() {
            let message = format!("`bandwidth` of {} should be an amount of data with its unit", self.what);
            diagnostics.push(
                self.error(node.span, message)
                    .remedy("Write a whole number with `B`, `KB`, `MB` or `GB`, up to 2047 GB: `10MB`."),
            );
        }
        bytes
    }

    /// The window in milliseconds, from `unitTime` and `timeUnit`, which have to be there.
    pub(super) fn window(&self, diagnostics: &mut Diagnostics) -> Option<u64> {
        let units = self.units(diagnostics);
        let unit = self.unit(diagnostics);
        let (units, unit) = (units?, unit?);
        let window = units.checked_mul(unit).filter(|window| *window <= MAX_WINDOW_MS);
        if window.is_none() {
            let message = format!("the window of {} is longer than 100 years", self.what);
            let finding = self.error(self.member.key, message);
            diagnostics.push(finding.remedy("Write a shorter one; name `Unlimited` where no limit is meant."));
        }
        window
    }

    fn units(&self, diagnostics: &mut Diagnostics) -> Option<u64> {
        let node = self.required("unitTime", diagnostics)?;
        let units = whole(node)
            .and_then(|number| u64::try_from(number).ok())
            .filter(|units| *units > 0);
        if units.is_none() {
            let message = format!("`unitTime` of {} should be a whole number of at least 1", self.what);
            let remedy = "Write 1, or how many of `timeUnit` the window has.";
            let finding = self.error(node.span, message).remedy(remedy);
            diagnostics.push(finding.expecting_number(node));
        }
        units
    }

    fn unit(&self, diagnostics: &mut Diagnostics) -> Option<u64> {
        let node = self.required("timeUnit", diagnostics)?;
        let text = node.as_str().unwrap_or_default();
        let unit = time_unit::milliseconds(text);
        if unit.is_none() {
            let message = format!(
                "`timeUnit` of {} should be `sec`, `min`, `hour`, `day`, `week`, `month` or `year`",
                self.what
            );
            let finding = self
                .error(node.span, message)
                .remedy("Write one of them, such as `min`.");
            diagnostics.push(match time_unit::abbreviated(text) {
                Some(unit) => finding
                    .remedy(format!("Did you mean `{unit}`?"))
                    .renaming(text, node.span, unit),
                None => finding.misspelt(text, node.span, time_unit::NAMES),
            });
        }
        unit
    }

    /// A switch; `None` when it is no truth value.
    pub(super) fn flag(&self, key: &str, default: bool, diagnostics: &mut Diagnostics) -> Option<bool> {
        let Some(node) = self.node(key) else {
            return Some(default);
        };
        let flag = match &node.value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        if flag.is_none() {
            let what = format!("`{key}` of {}", self.what);
            diagnostics.push(Diagnostic::expected(
                Code::Policies,
                self.source,
                node,
                &what,
                "`true` or `false`",
            ));
        }
        flag
    }

    pub(super) fn required(&self, key: &str, diagnostics: &mut Diagnostics) -> Option<&'a Node> {
        let node = self.node(key);
        if node.is_none() {
            let message = format!("{} has no `{key}`", self.what);
            let example = match key {
                "unitTime" => "1",
                "timeUnit" => "min",
                "bandwidth" => "10MB",
                "keyTemplate" => "\"$userId\"",
                _ => "10",
            };
            diagnostics.push(
                self.error(self.member.key, message)
                    .remedy(format!("Add `{key}: {example}` below the name.")),
            );
        }
        node
    }
}

/// A whole number, in quotes or without, as micro-gw reads it.
fn whole(node: &Node) -> Option<i64> {
    match &node.value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
