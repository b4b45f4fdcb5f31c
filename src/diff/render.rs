//! Changes for people.

use super::{Change, Class, Counts};
use crate::ui::visible;
use std::fmt::Write;

/// One line a change under a headline for each class, whatever is in the names: they come from elsewhere. Writing to a
/// `String` cannot fail.
pub(crate) fn text(changes: &[Change]) -> String {
    let mut out = String::new();
    for (class, changes) in by_class(changes) {
        let _ = writeln!(out, "{}", class.name());
        for change in changes {
            let (subject, what) = (visible(&subject(change)), visible(&change.what));
            let _ = writeln!(out, "  {subject}: {what}");
        }
    }
    let _ = write!(out, "{}", summary(Counts::of(changes)));
    out
}

/// A table for each class, for a comment under a change that is reviewed.
pub(crate) fn markdown(changes: &[Change]) -> String {
    let mut out = format!("**{}**\n", summary(Counts::of(changes)));
    for (class, changes) in by_class(changes) {
        let _ = write!(out, "\n### {}\n\n| What | Change |\n|---|---|\n", class.name());
        for change in changes {
            let _ = writeln!(out, "| {} | {} |", cell(&subject(change)), cell(&change.what));
        }
    }
    out.trim_end().to_owned()
}

/// The counts in a sentence.
pub(crate) fn summary(counts: Counts) -> String {
    let Counts {
        breaking,
        weakening,
        compatible,
        cosmetic,
    } = counts;
    match breaking + weakening + compatible + cosmetic {
        0 => "Nothing changes.".to_owned(),
        _ => format!("{breaking} breaking, {weakening} weakening, {compatible} compatible, {cosmetic} cosmetic"),
    }
}

fn by_class(changes: &[Change]) -> impl Iterator<Item = (Class, Vec<&Change>)> {
    Class::ALL.into_iter().filter_map(|class| {
        let of: Vec<&Change> = changes.iter().filter(|change| change.class == class).collect();
        (!of.is_empty()).then_some((class, of))
    })
}

fn subject(change: &Change) -> String {
    match &change.place {
        Some(place) => format!("{} {place}", change.subject),
        None => change.subject.clone(),
    }
}

/// A cell that reads as the text, whatever is in it: names come from elsewhere, and in code there are no links, mentions,
/// pictures, tags or emphasis. A bar would end the cell even there, and stands escaped between two pieces of code.
fn cell(text: &str) -> String {
    let text = visible(text);
    let pieces: Vec<String> = text.split('|').map(code).collect();
    pieces.join("\\|")
}

/// A code span: between more backticks than the text has in a row. A blank at each end is taken away by the reader.
fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let is_blank = text.bytes().all(|byte| byte == b' ');
    let needs_padding = !is_blank && (text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']));
    let padding = if needs_padding { " " } else { "" };
    format!("{fence}{padding}{text}{padding}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The cells of a row, by the rules of GitHub's tables: a bar ends a cell unless a backslash stands before it, in code
    /// too, and that backslash goes.
    fn cells(row: &str) -> Vec<String> {
        let mut cells = vec![String::new()];
        let mut rest = row.chars().peekable();
        while let Some(c) = rest.next() {
            match (c, rest.peek()) {
                ('\\', Some('|')) => {
                    rest.next();
                    cells.last_mut().unwrap().push('|');
                }
                ('|', _) => cells.push(String::new()),
                (c, _) => cells.last_mut().unwrap().push(c),
            }
        }
        cells.iter().map(|cell| cell.trim().to_owned()).collect()
    }

    /// What is shown of a cell, by CommonMark's rules for code spans; `None` where anything but a bar stands outside of one.
    fn shown(cell: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = cell;
        while let Some(first) = rest.chars().next() {
            if first == '|' {
                out.push('|');
                rest = &rest[1..];
                continue;
            }
            let fence = rest.len() - rest.trim_start_matches('`').len();
            if fence == 0 {
                return None;
            }
            let body = &rest[fence..];
            let mut at = 0;
            let end = loop {
                let start = at + body[at..].find('`')?;
                let run = body[start..].len() - body[start..].trim_start_matches('`').len();
                if run == fence {
                    break start;
                }
                at = start + run;
            };
            let text = &body[..end];
            let inner = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
            out.push_str(match inner {
                Some(inner) if text.bytes().any(|byte| byte != b' ') => inner,
                _ => text,
            });
            rest = &body[end + fence..];
        }
        Some(out)
    }

    fn read_back(subject: &str, what: &str) -> Vec<Option<String>> {
        let change = Change {
            class: Class::Breaking,
            subject: subject.to_owned(),
            place: None,
            what: what.to_owned(),
        };
        let out = markdown(&[change]);
        let row = out.lines().last().unwrap().to_owned();
        assert_eq!(out.lines().count(), 7, "{out}");
        let cells = cells(row.strip_prefix('|').unwrap());
        assert_eq!(cells.len(), 3, "{row}");
        assert_eq!(cells[2], "");
        cells[..2].iter().map(|cell| shown(cell)).collect()
    }

    #[test]
    fn markup_in_names_is_text() {
        for text in [
            "https://evil.example/?a=b",
            "www.evil.example",
            "dev@meridian.example@meridian",
            "@all #1 !1 :+1: $x$",
            "~~gone~~ **bold** [x](y) ![x](y)",
            "<img src=x onerror=alert(1)> &lt; <!--",
            "a`b``c`",
            "`",
            "``",
            " ` ",
            "a|b||c\\|d\\",
            "\\`a\\|",
        ] {
            let expected = Some(text.to_owned());
            assert_eq!(read_back(text, text), [expected.clone(), expected], "{text}");
        }
        // Lines and what is not seen are written out before.
        assert_eq!(
            read_back("a\nb", "\u{202e}c"),
            [Some("a\\u{a}b".to_owned()), Some("\\u{202e}c".to_owned())]
        );
    }

    proptest! {
        #[test]
        fn any_name_reads_as_itself(subject in "[a`|\\\\ ~*<>@:/\\[\\]&#!._-]{1,24}", what in "\\PC{1,40}") {
            let expected = [&subject, &what].map(|text| Some(visible(text)));
            prop_assert_eq!(read_back(&subject, &what), expected);
        }
    }
}
