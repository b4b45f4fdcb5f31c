//! What puts mistakes in the syntax of a file right, where only one thing can be meant.

mod blanks;
mod commas;
mod quotes;
mod twice;

pub(super) use commas::{json, json_member};

use super::{Correction, Source, Span};

/// What puts right what the YAML parser `said` of a place.
pub(super) fn yaml(source: &Source, span: Span, said: &str) -> Option<Correction> {
    if said.contains("tab") && !said.contains("duplicate") {
        return blanks::for_tabs(source);
    }
    if said.starts_with("duplicate mapping key") {
        return twice::without_copy(source, span);
    }
    if said.starts_with("unexpected character: `") {
        return quotes::around_what_starts(source, span);
    }
    if said.contains("mapping values are not allowed") {
        return quotes::around_what_has_a_colon(source, span);
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::yaml::{Format, parse};

    /// A text after its correction; `None`: it has none.
    fn mended(text: &str, format: Format) -> Option<String> {
        let error = parse("a", text.into(), format).expect_err("it is wrong");
        let mut after = text.to_owned();
        for edit in error.correction?.edits().iter().rev() {
            after.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        Some(after)
    }

    #[test]
    fn mistakes_in_yaml_are_put_right_where_one_thing_is_meant() {
        for (text, expected) in [
            // Tabs.
            ("a:\n\tb: 1\n\tc:\n\t\td: 2\n", Some("a:\n  b: 1\n  c:\n    d: 2\n")),
            ("a:\r\n\tb: 1\r\n", Some("a:\r\n  b: 1\r\n")),
            ("a:\n  b: 1\n\tc: 2\n", Some("a:\n  b: 1\n  c: 2\n")),
            ("a:\n    b: 1\n\tc: 2\n", Some("a:\n    b: 1\n    c: 2\n")),
            // Below `b`, or beside it.
            ("a:\n  b:\n\tc: 2\n", None),
            // Keys that stand twice.
            ("a: 1\nb: 2\na: 1\n", Some("a: 1\nb: 2\n")),
            ("a: 1\nb: 2\na: 3\n", None),
            (
                "x:\n  a:\n    - 1\n  b: 2\n  a:\n    - 1\n  c: 3\n",
                Some("x:\n  a:\n    - 1\n  b: 2\n  c: 3\n"),
            ),
            ("x:\n  a: 1\ny:\n  b: 1\n  b: 1", Some("x:\n  a: 1\ny:\n  b: 1\n")),
            ("{a: 1, a: 1}\n", None),
            // Texts that need quotes.
            ("a: @b\n", Some("a: '@b'\n")),
            ("- `b` # c\n", Some("- '`b`' # c\n")),
            ("a: @it's\n", Some("a: \"@it's\"\n")),
            ("[@b]\n", None),
            ("a: b: c\n", Some("a: 'b: c'\n")),
            ("a:\n  - b\n  - c: d: e # f\n", Some("a:\n  - b\n  - c: 'd: e' # f\n")),
            ("a: b\n  c: d\n", None),
            ("a: \"b\": c\n", None),
        ] {
            assert_eq!(mended(text, Format::Yaml).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn mistakes_in_json_are_put_right_where_one_thing_is_meant() {
        for (text, expected) in [
            ("{\"a\": 1,}", Some("{\"a\": 1}")),
            ("{\"a\": [1, 2 ,\n ]}", Some("{\"a\": [1, 2 \n ]}")),
            ("{\"a\": [1,, 2]}", None),
            ("{\"a\": True, \"b\": 1}", Some("{\"a\": true, \"b\": 1}")),
            ("{\"a\": None}", Some("{\"a\": null}")),
            ("{\"a\": NaN}", None),
            ("{\"a\": 1, \"b\": 2, \"a\": 1}", Some("{\"a\": 1, \"b\": 2}")),
            ("{\"a\": {\"b\": 1}, \"a\": {\"b\": 1 } }", Some("{\"a\": {\"b\": 1} }")),
            ("{\"a\": 1, \"a\": 2}", None),
            ("{\"a\": 1 \"b\": 2}", None),
        ] {
            assert_eq!(mended(text, Format::Json).as_deref(), expected, "{text}");
        }
    }

    proptest::proptest! {
        /// Whatever the mistake is, what puts it right is a change of this text.
        #[test]
        fn corrections_lie_in_the_text(text in "[ab:@`\\-{}\\[\\],\"' \\t\\r\\n#é1]{0,40}") {
            for format in [Format::Yaml, Format::Json] {
                if let Err(error) = parse("a", text.clone().into_bytes(), format)
                    && let Some(correction) = error.correction
                {
                    let mut end = 0;
                    for edit in correction.edits() {
                        let (from, to) = (edit.span.start as usize, edit.span.end as usize);
                        proptest::prop_assert!(end <= from && text.get(from..to).is_some(), "{correction:?}");
                        end = to;
                    }
                }
            }
        }
    }
}
