//! What puts a mistake in a text right.

use super::{Source, Span};

/// A part of a text, and what is to stand there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; an empty span is where something is put in.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Edit {
    /// Replaces what stands at `span`.
    pub(crate) fn new(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// Puts something in, and takes nothing away.
    pub(crate) fn insert(offset: u32, text: impl Into<String>) -> Self {
        Self::new(Span::at(offset as usize), text)
    }
}

/// How a file is to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// In these places of one file, from the first to the last; no two of them touch.
    Edits(Vec<Edit>),
    /// The file as a whole is text in another encoding, and is to be written in UTF-8.
    Encoding,
}

/// How sure a correction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// Nothing else can be meant, and nothing is opened by it: it may be done without asking anybody.
    Certain,
    /// Somebody has to look at it.
    Likely,
}

/// A change of a file that puts one mistake right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What is done, as an order without a full stop; never a part of the file that may be a secret.
    pub title: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// What is changed.
    pub change: Change,
}

impl Correction {
    /// One that may be done without asking anybody.
    pub(crate) fn certain(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self {
            title: title.into(),
            certainty: Certainty::Certain,
            change: Change::Edits(edits),
        }
    }

    /// The same in one more place, unless something is changed there already.
    #[must_use]
    pub(crate) fn and(mut self, edit: Edit) -> Self {
        if let Change::Edits(edits) = &mut self.change {
            let at = edits.partition_point(|other| other.span.start < edit.span.start);
            let before = at.checked_sub(1).and_then(|before| edits.get(before));
            let is_free = before.is_none_or(|before| before.span.end < edit.span.start)
                && edits.get(at).is_none_or(|behind| edit.span.end < behind.span.start);
            if is_free {
                edits.insert(at, edit);
            }
        }
        self
    }

    /// The same, for somebody to look at.
    #[must_use]
    pub(crate) fn likely(mut self) -> Self {
        self.certainty = Certainty::Likely;
        self
    }

    /// Whether it may be done without asking anybody.
    pub(crate) fn is_certain(&self) -> bool {
        self.certainty == Certainty::Certain
    }

    /// The places that are changed; none where the file is as a whole.
    pub fn edits(&self) -> &[Edit] {
        match &self.change {
            Change::Edits(edits) => edits,
            Change::Encoding => &[],
        }
    }
}

impl Source {
    /// What to change so that `text` stands where `typed` stands at `span`, in quotes or without as it is there. `None`
    /// where it stands in another way: with escapes, over several lines, by an alias.
    pub(crate) fn rewriting(&self, span: Span, typed: &str, text: &str) -> Option<Edit> {
        let slice = self.slice(span);
        let trimmed = slice.trim();
        let start = span.start as usize + (slice.len() - slice.trim_start().len());
        if trimmed == typed {
            let span = Span::new(start, start + trimmed.len());
            let written = if is_plain(text) {
                text.to_owned()
            } else {
                serde_json::Value::from(text).to_string()
            };
            return Some(Edit::new(span, written));
        }
        let inner = unquoted(trimmed)?;
        // Texts are often read without the blanks around them.
        let within = inner.find(typed).filter(|_| inner.trim() == typed)?;
        // What needs an escape, or ends the quotes, is not put between them.
        let fits = text.chars().all(|c| !c.is_control() && !"\"'\\".contains(c));
        let start = start + 1 + within;
        fits.then(|| Edit::new(Span::new(start, start + typed.len()), text))
    }
}

/// What stands between the quotes of a text that has them.
pub(crate) fn unquoted(written: &str) -> Option<&str> {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| written.strip_prefix(quote)?.strip_suffix(quote))
}

/// Whether a text needs no quotes as a key or a value in YAML, nor as a key in TOML, and is read as a text.
fn is_plain(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        // `10kPerMin` is no number in any notation; `1e5` and `0xff` are.
        || text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(|c: char| "ghijklmnpqrstuvwyz".contains(c));
    let words = ["true", "false", "null", "yes", "no", "on", "off"];
    starts
        && !text.ends_with(' ')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./ {}".contains(c))
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stays_in_its_quotes() {
        for (written, typed, text, expected) in [
            ("abc", "abc", "abd", Some("abd")),
            ("\"abc\"", "abc", "abd", Some("\"abd\"")),
            ("'abc'", "abc", "#/abd", Some("'#/abd'")),
            ("abc", "abc", "#/abd", Some("\"#/abd\"")),
            ("abc", "abc", "yes", Some("\"yes\"")),
            ("10kPerMn", "10kPerMn", "10kPerMin", Some("10kPerMin")),
            ("abc", "abc", "1e5", Some("\"1e5\"")),
            ("\" abc \"", "abc", "abd", Some("\" abd \"")),
            // Written with an escape, or with another text in it.
            ("\"a\\u0062c\"", "abc", "abd", None),
            ("'abc'", "abc", "it's", None),
            ("*alias", "abc", "abd", None),
        ] {
            let source = Source::new("a.yaml", written.into()).unwrap();
            let edit = source.rewriting(Span::new(0, written.len()), typed, text);
            let after = edit.map(|Edit { span, text }| {
                let mut after = written.to_owned();
                after.replace_range(span.start as usize..span.end as usize, &text);
                after
            });
            assert_eq!(after.as_deref(), expected, "{written}");
        }
    }
}
