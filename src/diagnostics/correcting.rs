//! Adds to findings what puts them right.

use super::{Diagnostic, certain, certain_name, nearest};
use crate::yaml::{Correction, Edit, Node, Source, Span, Value, unquoted};

impl Diagnostic {
    /// Adds a correction, where there is one.
    #[must_use]
    pub(crate) fn corrected(mut self, correction: Option<Correction>) -> Self {
        self.correction = correction.or(self.correction);
        self
    }

    /// Leaves the correction to somebody who looks at it, because it would open or weaken something.
    #[must_use]
    pub(crate) fn only_likely(mut self) -> Self {
        self.correction = self.correction.map(Correction::likely);
        self
    }

    /// The same where it would.
    #[must_use]
    pub(crate) fn only_likely_if(self, opens: bool) -> Self {
        if opens { self.only_likely() } else { self }
    }

    /// Whether the correction writes a text somewhere.
    pub(crate) fn would_write(&self, text: &str) -> bool {
        let edits = self.correction.iter().flat_map(|correction| correction.edits());
        edits.into_iter().any(|edit| edit.text == text)
    }

    /// Adds that the text at `place` has to be another one.
    #[must_use]
    pub(crate) fn replacing(self, place: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        let title = format!("Write `{}`", text.trim_end());
        self.corrected(Some(Correction::certain(title, vec![Edit::new(place, text)])))
    }

    /// Adds that `name` has to stand at `place` for `typed`, in quotes or without as it is.
    #[must_use]
    pub(crate) fn renaming(self, typed: &str, place: Span, name: &str) -> Self {
        let edit = self.source().and_then(|source| source.rewriting(place, typed, name));
        let correction = edit.map(|edit| Correction::certain(format!("Write `{name}`"), vec![edit]));
        self.corrected(correction)
    }

    /// Adds "Did you mean …?" for a word of mgw's own that stands at `place`. Where there is no doubt which one is meant, it
    /// is put right by writing that one.
    #[must_use]
    pub(crate) fn misspelt<'a>(
        self,
        typed: &str,
        place: Span,
        candidates: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let known = certain(typed, candidates.clone());
        self.meant(typed, place, known, nearest(typed, candidates))
    }

    /// As [`Self::misspelt`], for names that people give, of which two can be alike and different.
    #[must_use]
    pub(crate) fn misnamed<'a>(
        self,
        typed: &str,
        place: Span,
        candidates: impl IntoIterator<Item = &'a str> + Clone,
    ) -> Self {
        let known = certain_name(typed, candidates.clone());
        self.meant(typed, place, known, nearest(typed, candidates))
    }

    /// Adds that what is written at the place of the correction is written in others as well.
    #[must_use]
    pub(crate) fn also_in(mut self, places: &[Span]) -> Self {
        let first = self
            .correction
            .as_ref()
            .and_then(|correction| correction.edits().first());
        if let Some(text) = first.map(|edit| edit.text.clone()) {
            let others = places.iter().map(|place| Edit::new(*place, text.clone()));
            self.correction = self
                .correction
                .map(|correction| others.fold(correction, Correction::and));
        }
        self
    }

    fn meant(self, typed: &str, place: Span, known: Option<&str>, near: Option<&str>) -> Self {
        match (known, near) {
            (Some(name), _) => self
                .remedy(format!("Did you mean `{name}`?"))
                .renaming(typed, place, name),
            (None, Some(near)) => self.remedy(format!("Did you mean `{near}`?")),
            (None, None) => self,
        }
    }

    /// Adds the quotes that are too many or missing, or the word for a truth value, where that is all that keeps the value
    /// from being what is expected.
    #[must_use]
    pub(super) fn expecting(self, node: &Node, expected: &str) -> Self {
        if expected.starts_with("`true` or `false`") || expected.starts_with("true or false") {
            return self.expecting_switch(node);
        }
        if expected.starts_with("a whole number") || expected.starts_with("a number") {
            return self.expecting_number(node);
        }
        match (&node.value, expected) {
            (Value::Number(_), "a text") => self.enclosing(node.span, ["\"", "\""], "Put it in quotes"),
            _ => self,
        }
    }

    /// Adds that a text has to be a truth value.
    #[must_use]
    pub(crate) fn expecting_switch(self, node: &Node) -> Self {
        let word = match node.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("true" | "yes" | "on") => "true",
            Some("false" | "no" | "off") => "false",
            _ => return self,
        };
        self.plainly(node, word)
    }

    /// Adds that a text has to be a number.
    #[must_use]
    pub(crate) fn expecting_number(self, node: &Node) -> Self {
        let Some(text) = node.as_str() else { return self };
        // Thousands are often set apart: `1_000`, `1,000`.
        let mut groups = text.trim().split(['_', ',']);
        let first = groups.next().unwrap_or_default();
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_grouped = groups.all(|group| group.len() == 3 && digits(group));
        let number = text.trim().replace(['_', ','], "");
        let is_number = digits(first) && is_grouped && number.parse::<u64>().is_ok();
        let is_plain = number == "0" || !number.starts_with('0');
        match is_number && is_plain {
            true => self.plainly(node, &number),
            false => self,
        }
    }

    fn plainly(self, node: &Node, word: &str) -> Self {
        let is_whole = |source: &Source| {
            let written = source.slice(node.span).trim();
            let text = node.as_str();
            text == Some(written) || unquoted(written) == text
        };
        match self.source().is_some_and(is_whole) {
            true => self.replacing(node.span, word),
            false => self,
        }
    }

    /// Adds that a value has to be the only one of a list; what has a comma in it may be meant as several.
    #[must_use]
    pub(crate) fn expecting_list(self, node: &Node) -> Self {
        let Some(text) = node.as_str() else { return self };
        let written = self.source().map(|source| source.slice(node.span)).unwrap_or_default();
        let is_quoted = unquoted(written) == Some(text);
        let is_plain = written == text && !written.contains(['[', ']', '{', '}', '#', '*', '&', '!']);
        if text.is_empty() || text.contains([',', '\n']) || !(is_quoted || is_plain) {
            // A star starts an alias where there are no quotes, so that nobody writes it so.
            return self;
        }
        self.enclosing(node.span, ["[", "]"], "Make it a list")
    }

    /// Adds that something has to stand before and behind the text at `place`.
    #[must_use]
    pub(crate) fn enclosing(self, place: Span, [before, behind]: [&str; 2], title: &str) -> Self {
        let written = self.source().map(|source| source.slice(place)).unwrap_or_default();
        if written.is_empty() || written != written.trim() || written.contains(['\n', '\r']) {
            return self;
        }
        let edits = vec![Edit::insert(place.start, before), Edit::insert(place.end, behind)];
        self.corrected(Some(Correction::certain(title, edits)))
    }

    fn source(&self) -> Option<&Source> {
        self.place.as_ref().map(|(source, _)| source)
    }
}

#[cfg(test)]
mod tests {
    use crate::diagnostics::{Code, Diagnostic};
    use crate::yaml::{Format, parse};

    /// What the value of `a` becomes.
    fn corrected(written: &str, correct: impl Fn(Diagnostic, &crate::yaml::Node) -> Diagnostic) -> Option<String> {
        let text = format!("a: {written}\n");
        let (source, document) = parse("a.yaml", text.clone().into(), Format::Yaml).unwrap();
        let node = document.get("a").unwrap();
        let finding = correct(Diagnostic::error(Code::Model, &source, node.span, "wrong"), node);
        let mut after = text;
        for edit in finding.correction?.edits().iter().rev() {
            after.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        Some(after.trim_start_matches("a: ").trim_end().to_owned())
    }

    #[test]
    fn quotes_are_taken_away_and_put_on() {
        for (written, expected, after) in [
            ("\"true\"", "`true` or `false`", Some("true")),
            ("'False'", "`true` or `false`", Some("false")),
            ("yes", "`true` or `false` without quotes", Some("true")),
            ("maybe", "`true` or `false`", None),
            ("1", "`true` or `false`", None),
            ("\"10\"", "a whole number from 1 to 20", Some("10")),
            ("1_000", "a whole number", Some("1000")),
            ("\"1,000\"", "a whole number", Some("1000")),
            ("\"1,00\"", "a whole number", None),
            ("\"010\"", "a whole number", None),
            ("\"1.5\"", "a whole number", None),
            ("10", "a text", Some("\"10\"")),
            ("1.0", "a text", Some("\"1.0\"")),
            ("[1]", "a text", None),
            ("\"tr\\u0075e\"", "`true` or `false`", None),
        ] {
            assert_eq!(
                corrected(written, |finding, node| finding.expecting(node, expected)).as_deref(),
                after,
                "{written}"
            );
        }
    }

    #[test]
    fn a_single_value_becomes_a_list() {
        for (written, after) in [
            ("https", Some("[https]")),
            ("\"*\"", Some("[\"*\"]")),
            ("'https://a.example/b'", Some("['https://a.example/b']")),
            ("a, b", None),
            ("\"\"", None),
            ("a # b", Some("[a] # b")),
        ] {
            let list = corrected(written, |finding, node| finding.expecting_list(node));
            assert_eq!(list.as_deref(), after, "{written}");
        }
    }

    #[test]
    fn names_that_people_give_are_taken_more_narrowly() {
        for (typed, own, given) in [
            ("gold", Some("Gold"), Some("Gold")),
            ("Golds", Some("Gold"), None),
            ("premiun", Some("Premium"), None),
            ("premum", Some("Premium"), Some("Premium")),
            ("10PerMin", None, None),
        ] {
            let known = ["Gold", "Premium", "50PerMin"];
            let own_word = |finding: Diagnostic, node: &crate::yaml::Node| finding.misspelt(typed, node.span, known);
            let given_name = |finding: Diagnostic, node: &crate::yaml::Node| finding.misnamed(typed, node.span, known);
            assert_eq!(corrected(typed, own_word).as_deref(), own, "{typed}");
            assert_eq!(corrected(typed, given_name).as_deref(), given, "{typed}");
        }
    }
}
