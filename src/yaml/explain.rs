//! What the parsers say, in the words of a user, who sets no options and reads no source code.

use super::correction::unquoted;
use super::limits;

/// A message, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explained {
    pub(super) message: String,
    pub(super) remedy: Option<String>,
}

impl Explained {
    fn new(message: impl Into<String>, remedy: &str) -> Self {
        Self {
            message: message.into(),
            remedy: Some(remedy.to_owned()),
        }
    }
}

const QUOTES: &str = "Put the whole text in quotes: '…'.";
const CLOSE: &str = "Look above for a bracket or a quote that is not closed, and for a comma that is missing.";
const LARGE: &str = "Remove examples, or split the file.";
const INDENT: &str = "Indent what belongs together alike, with blanks, and what is inside by two more.";

const LONG_KEY: &str = "a key has to fit into one line of at most 1024 characters";
const SHORTER: &str = "Make it shorter, or write `? key` on a line of its own, and `: value` on the next.";

/// Parts of what the YAML parser says, what is meant, and what to do about it. The first that fits is taken.
const YAML: [(&str, &str, &str); 30] = [
    (
        "tab",
        "a tab stands where only blanks may indent",
        "Replace tabs by blanks.",
    ),
    (
        "mapping values are not allowed",
        "a colon with a blank after it starts a value, and none may start here",
        "Put texts with `: ` in quotes: '…'; otherwise look for a blank that is missing after a colon above, or a line \
         that is indented too far.",
    ),
    (
        "simple key expected",
        "this line is neither a key with a colon nor a value",
        "Write `key: value`, with a blank after the colon.",
    ),
    ("simple key", LONG_KEY, SHORTER),
    ("mapping keys are not allowed", "no key may start here", INDENT),
    (
        "block sequence entries are not allowed",
        "no list may start here",
        INDENT,
    ),
    (
        "did not find expected key",
        "this line is indented unlike the keys above it",
        INDENT,
    ),
    (
        "did not find expected '-'",
        "this line is indented unlike the list above it",
        INDENT,
    ),
    ("indentation", "this line is indented unlike those around it", INDENT),
    (
        "unclosed bracket",
        "this bracket is not closed",
        "Close it, or look for one too many further down.",
    ),
    (
        "mismatched bracket",
        "this bracket is closed by one of another kind",
        "Close it with its own kind first.",
    ),
    (
        "unclosed quote",
        "this quote is not closed",
        "Close it; a quote inside of '…' is written twice.",
    ),
    ("flow mapping", "a comma or a `}` is missing before this", CLOSE),
    ("flow sequence", "a comma or a `]` is missing before this", CLOSE),
    (
        "surrogate",
        "an escape stands for half a character",
        "Write the character itself, or both halves: \\ud83d\\ude00.",
    ),
    (
        "escape",
        "a backslash in double quotes starts an escape, and this is none",
        "Write \\\\ for a backslash, or put the text in single quotes.",
    ),
    (
        "alias references unknown anchor",
        "no anchor of this name stands above",
        "Write `&NAME` where the value stands first; a text that begins with `*` belongs in quotes.",
    ),
    (
        "unknown anchor",
        "no anchor of this name stands above",
        "Write `&NAME` where the value stands first.",
    ),
    (
        "recursive references",
        "this alias stands inside of what it repeats, so it would never end",
        "Write out what is meant.",
    ),
    (
        "merge",
        "`<<` merges maps, and this is none",
        "Name an anchor of a map, or write the members out.",
    ),
    (
        "deserialize null into string",
        "a key is missing before this colon",
        "Write the key.",
    ),
    (
        "tagged scalar into string",
        "a key should be a text without a tag",
        "Remove the tag before it, such as `!!int`; a number or a word that is none belongs in quotes.",
    ),
    (
        "expected string scalar",
        "a key should be a text",
        "Write keys as plain texts.",
    ),
    (
        "document start",
        "the file begins with `%`, and no `---` follows",
        "Remove the line, or put the key in quotes.",
    ),
    (
        "document end",
        "something follows the end of the document",
        "Keep one document in the file.",
    ),
    (
        "non-finite",
        "this number is infinite or none at all",
        "Write a number, or put the text in quotes.",
    ),
    (
        "!!binary",
        "`!!binary` is followed by something that is no base64",
        "Put the text in quotes and leave `!!binary` out.",
    ),
    (
        "not finite",
        "this number is infinite or none at all",
        "Write a number, or put the text in quotes.",
    ),
    ("unexpected end", "the file ends in the middle of something", CLOSE),
    (
        "did not find expected node content",
        "a value is missing here",
        "Write one, or remove what leads to it.",
    ),
];

/// Characters that a key may have without `?` before it.
const LONGEST_KEY: usize = 1024;

/// What the YAML parser says; `rest` is the file from where it says it, `before` what is before that.
pub(super) fn yaml(message: &str, before: &str, rest: &str) -> Explained {
    if message.contains("mapping values are not allowed") && ends_with_long_key(before) {
        return Explained::new(format!("this is not YAML: {LONG_KEY}"), SHORTER);
    }
    if message.contains("deserialize null into string")
        && let Some(written) = ["null", "Null", "NULL", "~"]
            .into_iter()
            .find(|null| rest.starts_with(null))
    {
        return Explained::new(
            format!("this is not YAML: a key should be a text, and `{written}` is none"),
            "Put the key in quotes: '…'.",
        );
    }
    if message.contains("simple key expected")
        && rest
            .lines()
            .next()
            .is_some_and(|line| line.chars().nth(LONGEST_KEY).is_some())
    {
        return Explained::new(format!("this is not YAML: {LONG_KEY}"), SHORTER);
    }
    if let Some(rest) = message.strip_prefix("duplicate mapping key") {
        let key = rest
            .trim_start_matches(':')
            .split(", set ")
            .next()
            .unwrap_or_default()
            .trim();
        return twice(&format!("`{key}`"));
    }
    if message.contains("budget") || message.contains("limit exceeded") || message.contains("exceeded supported limit")
    {
        return bound(message);
    }
    if let Some(rest) = message.strip_prefix("unexpected character: `") {
        return character(rest.trim_end_matches('\''));
    }
    let known = YAML.iter().find(|(part, ..)| message.contains(part));
    match known {
        Some((_, meaning, remedy)) => Explained::new(format!("this is not YAML: {meaning}"), remedy),
        None => Explained {
            message: format!("this is not YAML: {message}"),
            remedy: None,
        },
    }
}

/// A key that is there already.
pub(super) fn twice(key: &str) -> Explained {
    Explained::new(
        format!("the key {key} stands here a second time"),
        "Remove or rename one of the two.",
    )
}

/// Whether a text ends with a key that is too long, for which the colon behind it is taken for one that may not stand there.
fn ends_with_long_key(text: &str) -> bool {
    let line = text.rsplit('\n').next().unwrap_or_default();
    let key = line.trim_start_matches([' ', '-', '{', '[']).trim_end();
    let is_whole = unquoted(key).is_some() || !key.contains(": ") && !key.starts_with(['"', '\'']);
    is_whole && key.chars().nth(LONGEST_KEY).is_some()
}

/// Bounds are named by what the file has too much of.
fn bound(message: &str) -> Explained {
    let has = |word: &str| message.contains(word);
    if has("Documents") {
        return Explained::new(
            "a second document starts here, and one file holds one",
            "Move it to a file of its own, or remove the `---`.",
        );
    }
    let (message, remedy) = if has("Anchors") || has("anchor count") || has("Aliases") {
        (
            format!("the file has more than {} anchors and aliases", limits::MAX_ALIASES),
            "Write out what few repeat.",
        )
    } else if has("Recorded") || has("replay") || has("alias") {
        (
            format!(
                "aliases repeat more than {} values by here; a small file must not grow without bounds",
                limits::MAX_ALIASED_NODES
            ),
            "Write out what is meant, or refer to it with `$ref`.",
        )
    } else if has("recursion") || has("Depth") {
        (
            format!("values are nested more than {} deep", limits::MAX_DEPTH),
            "Name what is inside and refer to it with `$ref`, or look for brackets that are not closed.",
        )
    } else {
        (format!("the file has more than {} values", limits::MAX_NODES), LARGE)
    };
    Explained::new(message, remedy)
}

/// A character that cannot start a value.
fn character(written: &str) -> Explained {
    match written {
        "@" | "`" | "|" | ">" | "%" | "&" | "*" => Explained::new(
            format!("this is not YAML: no text may begin with {written} here"),
            QUOTES,
        ),
        // Written as `\u{7}`.
        hidden if hidden.starts_with("\\u") => control(hidden.trim_matches(|c| "\\u{}".contains(c))),
        other => Explained::new(format!("this is not YAML: `{other}` cannot stand here"), QUOTES),
    }
}

/// A character that no text holds.
pub(super) fn control(hex: &str) -> Explained {
    Explained::new(
        format!(
            "the control character U+{:0>4} stands here, which no text may hold",
            hex.to_uppercase()
        ),
        "Remove it; where there are many, the file was damaged or is no text.",
    )
}

/// Parts of what the JSON parser says, likewise.
const JSON: [(&str, &str, &str); 10] = [
    (
        "EOF while parsing a string",
        "the file ends inside of a text",
        "Close the quote; the file may have been cut off.",
    ),
    (
        "EOF while parsing",
        "the file ends before everything is closed",
        "Add what is missing; the file may have been cut off.",
    ),
    (
        "key must be a string",
        "a key has to stand in double quotes, and nothing but blanks between members",
        "Write \"key\": value. JSON has no comments; YAML has, and reads the rest of JSON too.",
    ),
    (
        "trailing comma",
        "a comma stands before what closes",
        "Remove the comma.",
    ),
    (
        "trailing characters",
        "something follows the end of the document",
        "Keep one document in the file, and look for a bracket too many.",
    ),
    (
        "expected `,` or",
        "a comma is missing before this",
        "Add the comma, or close what is open.",
    ),
    (
        "expected `:`",
        "a colon is missing after the key",
        "Write \"key\": value.",
    ),
    (
        "escape",
        "a backslash starts an escape, and this is none",
        "Write \\\\ for a backslash; \\uXXXX for half a character needs its other half.",
    ),
    (
        "out of range",
        "this number is too large",
        "Write a smaller one, or a text in quotes.",
    ),
    (
        "invalid number",
        "this is no number that JSON knows",
        "Remove zeros and signs before it, or put it in quotes.",
    ),
];

/// What the JSON parser says; `rest` is the file from where it says it.
pub(super) fn json(message: &str, rest: &str) -> Explained {
    if message.contains("control character") {
        let remedy = "Write \\n for a line end and \\t for a tab.";
        return match rest.chars().next().filter(|c| !matches!(c, '\n' | '\r' | '\t')) {
            Some(character) if character.is_control() => control(&format!("{:x}", character as u32)),
            _ => Explained::new(
                "this is not JSON: a text goes over the end of its line, or holds a tab",
                remedy,
            ),
        };
    }
    if message.contains("recursion limit") {
        return bound(message);
    }
    if message.contains("expected value") || message.contains("expected ident") {
        return value(rest);
    }
    let known = JSON.iter().find(|(part, ..)| message.contains(part));
    match known {
        Some((_, meaning, remedy)) => Explained::new(format!("this is not JSON: {meaning}"), remedy),
        None => Explained {
            message: format!("this is not JSON: {message}"),
            remedy: None,
        },
    }
}

/// Something stands where a value should.
fn value(rest: &str) -> Explained {
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).take(20).collect();
    let (meaning, remedy) = match (rest.chars().next(), word.as_str()) {
        (Some('/' | '#'), _) => (
            "JSON has no comments".to_owned(),
            "Remove it, or name the file .yaml: YAML has comments, and reads the rest of JSON too.",
        ),
        (Some(']' | '}'), _) => ("a comma stands before what closes".to_owned(), "Remove the comma."),
        (Some('\''), _) => ("texts stand in double quotes".to_owned(), "Replace ' by \"."),
        (_, "None" | "True" | "False" | "undefined" | "NaN" | "Infinity") => (
            format!("`{word}` is no value of JSON"),
            "Write `null`, `true`, `false` or a number.",
        ),
        (None, _) => (
            "the file ends where a value should stand".to_owned(),
            "Add what is missing.",
        ),
        _ => (
            "a value should stand here: a text in double quotes, a number, `true`, `false`, `null`, a list or a map"
                .to_owned(),
            "When the file is YAML, name it .yaml.",
        ),
    };
    Explained::new(format!("this is not JSON: {meaning}"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_parsers_say_is_explained() {
        for (said, meant) in [
            (
                "tabs disallowed within this context (block indentation)",
                "a tab stands",
            ),
            ("budget breached: Documents { documents: 2 }", "a second document"),
            (
                "budget breached: RecordedAnchorEvents { recorded_anchor_events: 1 }",
                "aliases repeat more",
            ),
            ("recursion limit exceeded", "nested more than 96"),
            ("unexpected character: `\\u{0}'", "U+0000"),
            ("unexpected character: `@'", "begin with @"),
            (
                "cannot deserialize null into string; use Option<String>",
                "a key is missing",
            ),
            (
                "duplicate mapping key: a, set X",
                "the key `a` stands here a second time",
            ),
        ] {
            let explained = yaml(said, "", "");
            assert!(explained.message.contains(meant), "{said}: {}", explained.message);
            assert!(explained.remedy.is_some(), "{said}");
        }
        let long = "k".repeat(LONGEST_KEY + 1);
        for (said, rest, meant) in [
            ("cannot deserialize null into string", ": 1", "a key is missing"),
            ("cannot deserialize null into string", "~: 1", "`~` is none"),
            ("simple key expected", "k", "neither a key"),
            ("simple key expected", &long, "at most 1024"),
            (
                "cannot deserialize tagged scalar into string",
                "\"5\": 1",
                "without a tag",
            ),
        ] {
            let explained = yaml(said, "", rest);
            assert!(explained.message.contains(meant), "{said}: {}", explained.message);
            assert!(explained.remedy.is_some(), "{said}");
        }
        let colon = "mapping values are not allowed in this context";
        for (before, meant) in [
            (format!("a:\n  \"/{long}\""), "at most 1024"),
            (format!("a:\n  - {long}"), "at most 1024"),
            (format!("a: {long}"), "none may start here"),
            (format!("a: \"{long}\""), "none may start here"),
            ("a:\n  \"/b\"".to_owned(), "none may start here"),
        ] {
            let explained = yaml(colon, &before, ": c");
            assert!(explained.message.contains(meant), "{before}: {}", explained.message);
        }
        for (said, rest, meant) in [
            ("expected value", "// a", "no comments"),
            ("expected value", "None}", "`None`"),
            ("expected value", "]", "comma"),
            (
                "control character (\\u0000-\\u001F) found while parsing a string",
                "\u{1}",
                "U+0001",
            ),
            ("trailing characters", "{", "follows the end"),
        ] {
            let explained = json(said, rest);
            assert!(explained.message.contains(meant), "{said}: {}", explained.message);
            assert!(explained.remedy.is_some(), "{said}");
        }
    }
}
