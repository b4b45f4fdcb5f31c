//! What the TOML parser says, in the words of whoever wrote the file, and once for each place.

use super::conflict::{conflict, is_marker, merge_conflict, rest_of_conflict};
use super::{Source, Span, SyntaxError};
use crate::words::plain;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use toml::de::DeTable;

/// Parts of what the parser says, what is meant, and what to do about it. The first that fits is taken.
const TOML: [(&str, &str, &str); 26] = [
    (
        "duplicate key",
        "this stands in the file a second time",
        "Keep one of the two. What belongs to one table stands below its first `[…]`.",
    ),
    (
        "cannot extend value",
        "this table is there already, and written in another way",
        "Write all of its keys in one place.",
    ),
    (
        "string values must be quoted",
        "a text stands without quotes",
        "Put it in quotes: \"…\".",
    ),
    (
        "escape",
        "a backslash starts an escape, and this is none",
        "Write \\\\ for a backslash, or put the text in single quotes: '…'.",
    ),
    (
        "unicode value",
        "an escape needs all its digits: \\uXXXX or \\UXXXXXXXX",
        "Write all digits, or the character itself.",
    ),
    (
        "basic string",
        "a text is not closed, or holds a character that it cannot hold",
        "End it with the quotes that it begins with, on the same line.",
    ),
    (
        "literal string",
        "a text is not closed, or holds a character that it cannot hold",
        "End it with the quotes that it begins with, on the same line.",
    ),
    (
        "opening quote",
        "a text ends that does not begin",
        "Put quotes before it too.",
    ),
    (
        "carriage return",
        "a line ends with a carriage return alone",
        "Save the file with the line ends of Unix or of Windows; editors offer that under \"line endings\".",
    ),
    (
        "unclosed array table",
        "the name of a table is not closed",
        "End it with `]]`.",
    ),
    (
        "unclosed table",
        "the name of a table is not closed",
        "End it with `]`.",
    ),
    (
        "unclosed array",
        "a list is not closed",
        "End it with `]`, and look for a comma that is missing.",
    ),
    (
        "unclosed inline table",
        "a table in braces is not closed",
        "End it with `}`.",
    ),
    (
        "key with no value",
        "neither a key with a value nor the name of a table stands here",
        "Write `key = value`, with an equals sign, or `[table]`.",
    ),
    (
        "unquoted key",
        "this character cannot stand in a key",
        "Write `key = value`: letters, digits, `-` and `_`, then an equals sign.",
    ),
    (
        "keys cannot be",
        "a key has more than one line",
        "Write `key = value`, each on a line of its own.",
    ),
    (
        "key-value pair",
        "neither a key with a value nor the name of a table stands here",
        "Write `key = value`, with an equals sign, or `[table]`.",
    ),
    (
        "invalid boolean",
        "truth values are written in lower case",
        "Write `true` or `false`.",
    ),
    (
        "leading zero",
        "a number begins with a zero",
        "Remove the zero, or put the number in quotes where a text is meant.",
    ),
    (
        "unexpected key or value",
        "something follows the end of the value",
        "Write each key on a line of its own, without commas between them.",
    ),
    (
        "comma",
        "a comma is missing here, or is one too many",
        "Put one comma between two values.",
    ),
    (
        "extra `=`",
        "this equals sign is one too many",
        "Write `key = value`, and put texts with `=` in quotes.",
    ),
    (
        "missing value",
        "a value is missing",
        "Write it behind the equals sign.",
    ),
    (
        "recursion",
        "lists and tables are nested too deep",
        "Write less deep ones: no setting needs more than four.",
    ),
    (
        "comment character",
        "a comment holds a control character",
        "Remove it; where there are many, the file was damaged or is no text.",
    ),
    (
        "number",
        "this is no number",
        "Write digits alone, or put it in quotes where a text is meant.",
    ),
];

/// What is wrong with the syntax of a file: at most one thing for each line, since what follows is confused by what came before.
pub(crate) fn syntax_errors(
    source: &Source,
    said: impl IntoIterator<Item = (String, std::ops::Range<usize>)>,
) -> Vec<SyntaxError> {
    let conflict = conflict(source);
    let mut told = Vec::new();
    let mut lines = BTreeSet::new();
    // The parser tells first what it finds first, which is not what stands first.
    let mut said: Vec<_> = said.into_iter().collect();
    said.sort_by_key(|(_, bytes)| bytes.start);
    for (message, bytes) in said {
        let span = Span::new(bytes.start, bytes.end);
        let line = source.position(span).line;
        if lines.contains(&line) || conflict.is_some_and(|at| is_marker(source, span) || at == span.start as usize) {
            continue;
        }
        lines.insert(line);
        told.push(rest_of_conflict(source, span).unwrap_or_else(|| explained(source, span, &message)));
    }
    told.splice(0..0, merge_conflict(source));
    told
}

/// Reads what a program has written, of which the first mistake is told: nobody mends such a file line by line.
///
/// # Errors
///
/// What is no TOML, or not what is expected, at its place.
pub(crate) fn typed_toml<T: DeserializeOwned>(source: &Source) -> Result<T, SyntaxError> {
    toml::from_str(source.text()).map_err(|error| {
        let (_, errors) = DeTable::parse_recoverable(source.text());
        let said = errors
            .iter()
            .map(|error| (error.message().to_owned(), error.span().unwrap_or_default()));
        syntax_errors(source, said).into_iter().next().unwrap_or_else(|| {
            let span = error.span().unwrap_or_default();
            SyntaxError::new(source, Span::new(span.start, span.end), plain(error.message().trim()))
        })
    })
}

/// The version of its format that a file in TOML says it has, and the place of that.
pub(crate) fn format_version(source: &Source) -> Option<(u64, Span)> {
    let (table, _) = DeTable::parse_recoverable(source.text());
    let value = table.get_ref().get("format")?;
    let written = value.get_ref().as_integer()?;
    // Also `-0` and `0x1`, which are numbers to whoever reads all of the file.
    let number = i64::from_str_radix(written.as_str(), written.radix()).ok()?;
    let number = u64::try_from(number).ok()?;
    Some((number, Span::new(value.span().start, value.span().end)))
}

/// The place of a value in the entry at `index` of an array of tables at the top of a file in TOML.
pub(crate) fn toml_entry(source: &Source, array: &str, index: usize, key: &str) -> Option<Span> {
    let (table, _) = DeTable::parse_recoverable(source.text());
    let entries = table.get_ref().get(array)?.get_ref().as_array()?;
    let value = entries.get(index)?.get_ref().as_table()?.get(key)?;
    Some(Span::new(value.span().start, value.span().end))
}

/// What the parser means, where it is the parser that speaks.
pub(crate) fn toml_meaning(message: &str) -> Option<&'static str> {
    let known = TOML.iter().find(|(part, ..)| message.contains(part));
    known.map(|&(_, meaning, _)| meaning)
}

/// Whether a key has no value, and a colon stands where the equals sign should.
fn follows_colon(text: &str, span: Span, message: &str) -> bool {
    let before = text.get(..span.start as usize).unwrap_or_default();
    message.contains("key with no value") && before.trim_end_matches([' ', '\t']).ends_with(':')
}

/// Whether a word stands at a place that is none of TOML's. Of its first letter the parser makes out a truth value or a number.
fn is_bare_text(text: &str, span: Span) -> bool {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let (before, behind) = text.split_at_checked(span.start as usize).unwrap_or((text, ""));
    let start = before.trim_end_matches(is_of_word).len();
    let end = before.len() + (behind.len() - behind.trim_start_matches(is_of_word).len());
    let word = text.get(start..end).unwrap_or_default();
    let known = ["true", "false"];
    word.starts_with(|c: char| c.is_ascii_alphabetic()) && !known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn explained(source: &Source, span: Span, message: &str) -> SyntaxError {
    let text = source.text();
    let rest = text.get(span.start as usize..).unwrap_or_default();
    let (meaning, remedy) = match rest.chars().next() {
        Some('“' | '”' | '„' | '‘' | '’' | '«' | '»') => {
            ("curly quotes stand here, and TOML has straight ones", "Write \"…\".")
        }
        Some('{') if span.start == 0 => (
            "this file seems to be JSON",
            "Write `key = value`, each on a line of its own, and `[table]` where braces are.",
        ),
        Some('<') if span.start == 0 => (
            "this file seems to be XML or a page for browsers",
            "Write `key = value`, each on a line of its own, and `[table]` above what belongs together.",
        ),
        _ if follows_colon(text, span, message) => (
            "a colon stands where an equals sign belongs",
            "Write `key = value`. YAML is not read here.",
        ),
        Some(':') => (
            "a colon stands where an equals sign belongs",
            "Write `key = value`. YAML is not read here.",
        ),
        None | Some('\n' | '\r') if message.contains("must be quoted") => {
            ("a value is missing", "Write it behind the equals sign.")
        }
        _ if ["boolean", "`inf`", "`nan`"].iter().any(|part| message.contains(part)) && is_bare_text(text, span) => {
            ("a text stands without quotes", "Put it in quotes: \"…\".")
        }
        _ => match TOML.iter().find(|(part, ..)| message.contains(part)) {
            Some(&(_, meaning, remedy)) => (meaning, remedy),
            None => {
                let message = message.trim().replace('\n', ", ");
                let error = SyntaxError::new(source, span, format!("this is not TOML: {message}"));
                return error.remedy(
                    "Write `key = value`, each on a line of its own, and `[table]` above what belongs together.",
                );
            }
        },
    };
    SyntaxError::new(source, span, format!("this is not TOML: {meaning}")).remedy(remedy)
}

#[cfg(test)]
mod tests {
    use super::format_version;
    use crate::yaml::{Source, read_toml};

    #[test]
    fn versions_are_read_however_they_are_written() {
        for (written, number) in [
            ("1", Some(1)),
            ("+1", Some(1)),
            ("-0", Some(0)),
            ("0x1f", Some(31)),
            ("0b1_0", Some(2)),
            ("1_000", Some(1000)),
            ("-1", None),
            ("1.0", None),
            ("\"1\"", None),
            ("99999999999999999999", None),
        ] {
            let source = Source::new("a", format!("format = {written}\n").into_bytes()).unwrap();
            assert_eq!(format_version(&source).map(|(number, _)| number), number, "{written}");
        }
    }

    fn told(text: &str) -> Vec<(u32, String)> {
        let (_, _, errors) = read_toml("a.toml", text.into()).unwrap();
        let told = errors.into_iter().map(|error| {
            assert!(error.remedy.is_some(), "{text}: {}", error.message);
            (error.position().unwrap().line, error.message)
        });
        told.collect()
    }

    #[test]
    fn every_mistake_is_explained_once() {
        for (text, lines, meant) in [
            ("a = b\n", &[1][..], "without quotes"),
            ("a =\n", &[1], "a value is missing"),
            ("a = “b”\n", &[1], "curly quotes"),
            ("a = \"\\q\"\n", &[1], "a backslash"),
            ("a = \"b\nc = 1\n", &[1], "not closed"),
            ("a = 'b\n", &[1], "not closed"),
            ("a = True\n", &[1], "lower case"),
            ("a = FALSE\n", &[1], "lower case"),
            ("a = test\n", &[1], "without quotes"),
            ("a = finance\n", &[1], "without quotes"),
            ("a = info\n", &[1], "without quotes"),
            ("a = nobody\n", &[1], "without quotes"),
            ("a = [\"b\", none]\n", &[1], "without quotes"),
            ("a = i-1.b # c\n", &[1], "without quotes"),
            ("a = 01\n", &[1], "begins with a zero"),
            ("a = 1\na = 2\n", &[2], "a second time"),
            ("[a]\n[a]\n", &[2], "a second time"),
            ("[a\nb = 1\n", &[1], "the name of a table is not closed"),
            ("[[a]\nb = 1\n", &[1], "the name of a table is not closed"),
            ("a = [1\n", &[1], "a list is not closed"),
            ("a: 1\n", &[1], "a colon stands"),
            ("a b\n", &[1], "neither a key"),
            ("{\"a\": 1}\n", &[1], "seems to be JSON"),
            ("<a>\n", &[1], "seems to be XML"),
            ("a = 1, b = 2\n", &[1], "follows the end"),
            (
                "a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> other\n",
                &[2],
                "this conflict is left",
            ),
            ("<<<<<<< HEAD\na = 1\n", &[1], "this conflict is left"),
            ("a = 1\n<<<<<<< HEAD\nb = 2\n", &[2], "this conflict is left"),
            ("a = 1\n=======\nb = 2\n", &[2], "this conflict is left"),
            ("a = 1\n>>>>>>> other\n", &[2], "this conflict is left"),
        ] {
            let told = told(text);
            assert!(told[0].1.contains(meant), "{text}: {told:?}");
            let found: Vec<u32> = told.iter().map(|(line, _)| *line).collect();
            assert_eq!(found, lines, "{text}: {told:?}");
        }
    }
}
