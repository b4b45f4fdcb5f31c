//! What a settings file may hold.

#[cfg(test)]
use std::fmt::Write;

/// A table of a file.
#[derive(Debug)]
pub(crate) struct Block {
    /// Its dotted name; empty: the file itself.
    pub(crate) path: &'static str,
    /// Whether it may stand several times, as `[[…]]`.
    pub(crate) repeated: bool,
    /// What it is for, or why it has no effect: a sentence.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test writes the reference page from it"))]
    pub(crate) about: &'static str,
    /// Its keys.
    pub(crate) keys: &'static [Key],
}

/// A key of a table.
#[derive(Debug)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// Other spellings.
    pub(crate) also: &'static [&'static str],
    /// What its value is.
    pub(crate) kind: Kind,
    /// What it does.
    pub(crate) effect: Effect,
}

impl Key {
    pub(crate) const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            also: &[],
            kind,
            effect: Effect::Used(about),
        }
    }

    /// A key that is known and has no effect, and why.
    pub(crate) const fn inert(name: &'static str, kind: Kind, why: &'static str) -> Self {
        Self {
            name,
            also: &[],
            kind,
            effect: Effect::Inert(why),
        }
    }

    pub(crate) const fn also(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    /// Whether the file calls it so.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name || self.also.contains(&name)
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A text that nobody else should see.
    Secret,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A map from text to text.
    Map,
    /// A list of texts.
    Texts,
    /// Environment variables: texts, or references to where they stand.
    Environment,
}

impl Kind {
    pub(crate) const PORT: Self = Self::Number { min: 1, max: 65_535 };
    pub(crate) const COUNT: Self = Self::Number { min: 1, max: 10_000 };
    pub(crate) const SECONDS: Self = Self::Number { min: 1, max: 86_400 };

    /// What is expected, with its article.
    pub(crate) fn expecting(self) -> String {
        match self {
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::Boolean => "`true` or `false`".to_owned(),
            Self::Number { min, max } => format!("a whole number from {min} to {max}"),
            Self::Choice(words) => format!("one of `{}`", words.join("`, `")),
            Self::Map => "a map of texts".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Environment => "a map of texts and references".to_owned(),
        }
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What it is for: a fragment.
    Used(&'static str),
    /// It has no effect, and why: a fragment.
    Inert(&'static str),
}

/// Tables of every key, in Markdown, for the reference.
#[cfg(test)]
pub(crate) fn tables(blocks: &[Block]) -> String {
    let mut page = String::new();
    for block in blocks {
        let title = match (block.path, block.repeated) {
            ("", _) => "Top level".to_owned(),
            (path, true) => format!("`[[{path}]]`"),
            (path, false) => format!("`[{path}]`"),
        };
        // Writing to a `String` cannot fail.
        let _ = write!(page, "\n### {title}\n\n{}\n", block.about);
        if block.keys.is_empty() {
            continue;
        }
        page.push_str("\n| Key | Value | Meaning |\n|---|---|---|\n");
        for key in block.keys {
            let names: Vec<String> = std::iter::once(&key.name)
                .chain(key.also)
                .map(|name| format!("`{name}`"))
                .collect();
            let about = match key.effect {
                Effect::Used(about) => about.to_owned(),
                Effect::Inert(why) => format!("– ({why})"),
            };
            let _ = writeln!(page, "| {} | {} | {about} |", names.join(", "), key.kind.expecting());
        }
    }
    page
}
