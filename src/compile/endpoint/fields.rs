//! Reads maps whose keys are known; everything that is wrong with one is reported, not only the first mistake.

use crate::diagnostics::{Code, Diagnostic, Diagnostics};
use crate::yaml::{Node, Source, Span};
use std::ops::RangeInclusive;

/// Most entries of a list of statuses.
const MAX_STATUSES: usize = 500;

/// A map being read.
pub(super) struct Fields<'a> {
    source: &'a Source,
    node: &'a Node,
    diagnostics: &'a mut Diagnostics,
    sound: bool,
}

impl<'a> Fields<'a> {
    /// Begins with the map that `key` of `owner` holds. `None`: there is none; `Some(None)`: a mistake has been reported.
    pub(super) fn of(
        source: &'a Source,
        owner: &'a Node,
        key: &str,
        known: &[&str],
        diagnostics: &'a mut Diagnostics,
    ) -> Option<Option<Self>> {
        let node = owner.get(key).filter(|node| !node.is_null())?;
        let Some(members) = node.as_object() else {
            let what = format!("`{key}`");
            diagnostics.push(Diagnostic::expected(Code::Endpoint, source, node, &what, "a map"));
            return Some(None);
        };
        let mut sound = true;
        for (written, member) in members {
            if !known.contains(&written.as_str()) {
                sound = false;
                let message = format!("`{key}` has no `{written}`");
                let diagnostic = Diagnostic::error(Code::Endpoint, source, member.key, message);
                let remedy = format!("Remove it; there are `{}`.", known.join("`, `"));
                let diagnostic = diagnostic.remedy(remedy);
                diagnostics.push(diagnostic.misspelt(written, member.key, known.iter().copied()));
            }
        }
        Some(Some(Self {
            source,
            node,
            diagnostics,
            sound,
        }))
    }

    /// The map itself.
    pub(super) fn node(&self) -> &'a Node {
        self.node
    }

    /// The value of a key that is written.
    pub(super) fn value(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key).filter(|node| !node.is_null())
    }

    /// A map below this one.
    pub(super) fn below(&mut self, key: &str, known: &[&str]) -> Option<Option<Fields<'_>>> {
        let fields = Fields::of(self.source, self.node, key, known, self.diagnostics)?;
        if fields.is_none() {
            self.sound = false;
        }
        Some(fields)
    }

    /// A whole number.
    pub(super) fn whole(&mut self, key: &str, allowed: RangeInclusive<u64>, default: u64) -> u64 {
        let Some(node) = self.value(key) else {
            return default;
        };
        match node.as_u64().filter(|value| allowed.contains(value)) {
            Some(value) => value,
            None => {
                let (from, to) = (allowed.start(), allowed.end());
                let message = format!("`{key}` should be a whole number from {from} to {to}");
                self.push(self.finding(node.span, message).expecting_number(node));
                default
            }
        }
    }

    /// A whole number, where `unset` stands for none.
    pub(super) fn optional(&mut self, key: &str, allowed: RangeInclusive<i64>, unset: i64) -> Option<i64> {
        let node = self.value(key)?;
        let value = match &node.value {
            crate::yaml::Value::Number(number) => number.as_i64(),
            _ => None,
        };
        match value {
            Some(value) if value == unset => None,
            Some(value) if allowed.contains(&value) => Some(value),
            _ => {
                let (from, to) = (allowed.start(), allowed.end());
                let message = format!(
                    "`{key}` should be a whole number from {from} to {to}, or {unset} to leave it to the gateway"
                );
                self.push(self.finding(node.span, message).expecting_number(node));
                None
            }
        }
    }

    /// A number.
    pub(super) fn number(&mut self, key: &str, allowed: RangeInclusive<f64>, expected: &str, default: f64) -> f64 {
        let Some(node) = self.value(key) else {
            return default;
        };
        let value = match &node.value {
            crate::yaml::Value::Number(number) => number.as_f64(),
            _ => None,
        };
        match value.filter(|value| allowed.contains(value)) {
            Some(value) => value,
            None => {
                let finding = self.finding(node.span, format!("`{key}` should be {expected}"));
                self.push(finding.expecting_number(node));
                default
            }
        }
    }

    /// `true` or `false`; absent: `false`.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        let Some(node) = self.value(key) else {
            return false;
        };
        node.as_bool().unwrap_or_else(|| {
            let message = format!("`{key}` should be `true` or `false`, found {}", node.kind());
            self.push(self.finding(node.span, message).expecting_switch(node));
            false
        })
    }

    /// A list of statuses; absent: none.
    pub(super) fn statuses(&mut self, key: &str) -> Vec<u16> {
        let Some(node) = self.value(key) else {
            return Vec::new();
        };
        let Some(elements) = node.as_array().filter(|elements| elements.len() <= MAX_STATUSES) else {
            self.fail(
                node.span,
                format!("`{key}` should be a list of at most {MAX_STATUSES} statuses"),
            );
            return Vec::new();
        };
        let mut statuses = Vec::with_capacity(elements.len());
        for element in elements {
            match element.as_u64().and_then(|status| u16::try_from(status).ok()) {
                Some(status @ 100..=599) => statuses.push(status),
                _ => {
                    let message = "a status is a whole number from 100 to 599".to_owned();
                    self.push(self.finding(element.span, message).expecting_number(element));
                }
            }
        }
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    /// Reports a mistake.
    pub(super) fn fail(&mut self, span: Span, message: String) {
        let finding = self.finding(span, message);
        self.push(finding);
    }

    /// Reports a mistake with what to do about it.
    pub(super) fn fail_with(&mut self, span: Span, message: String, remedy: Option<&str>) {
        let mut finding = self.finding(span, message);
        finding.remedy = remedy.map(str::to_owned);
        self.push(finding);
    }

    fn finding(&self, span: Span, message: String) -> Diagnostic {
        Diagnostic::error(Code::Endpoint, self.source, span, message)
            .remedy("Write such a value, or leave the key out: then the gateway's own counts.")
    }

    fn push(&mut self, finding: Diagnostic) {
        self.sound = false;
        self.diagnostics.push(finding);
    }

    /// Reports what has no effect.
    pub(super) fn warn(&mut self, span: Span, message: &str, remedy: &str) {
        let diagnostic = Diagnostic::warning(Code::Endpoint, self.source, span, message);
        self.diagnostics.push(diagnostic.remedy(remedy));
    }

    /// Returns what was read, unless something was wrong with it.
    pub(super) fn finish<T>(self, value: T) -> Option<T> {
        self.sound.then_some(value)
    }
}
