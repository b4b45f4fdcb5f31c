//! Values in a line, so that nothing from outside can end a value, an element or the line.

use std::fmt::{self, Write};

/// Longest value in bytes; what is longer is cut.
pub(super) const MAX_VALUE: usize = 1024;

/// Appends a text from outside. Control characters become blanks. Three marks separate the parts of a line: `-ES-`, `-KS-`
/// and `-OS-`. The `S` of whatever could be read as one, also together with a mark before or after the value, becomes `s`.
pub(super) fn push(line: &mut String, text: &str) {
    let text = bounded(text);
    let bytes = text.as_bytes();
    let is_plain = |byte: &u8| (b' '..0x7f).contains(byte) && *byte != b'S';
    // Nearly everything is plain.
    if bytes.iter().all(is_plain) {
        line.push_str(text);
        return;
    }
    for (position, character) in text.char_indices() {
        match character {
            'S' if is_mark(bytes, position) => line.push('s'),
            character if character.is_control() => line.push(' '),
            // Some readers take these for ends of lines.
            '\u{2028}' | '\u{2029}' => line.push(' '),
            character => line.push(character),
        }
    }
}

/// Appends a number.
pub(super) fn push_number(line: &mut String, number: impl fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(line, "{number}");
}

/// Whether the `S` at `position` is the second letter of a mark, where the ends of the value stand for a hyphen.
fn is_mark(bytes: &[u8], position: usize) -> bool {
    let Some(letter) = position.checked_sub(1) else {
        return false;
    };
    let opens = letter
        .checked_sub(1)
        .is_none_or(|before| bytes.get(before) == Some(&b'-'));
    let closes = bytes.get(position + 1).is_none_or(|after| *after == b'-');
    opens && closes && matches!(bytes.get(letter), Some(b'E' | b'K' | b'O'))
}

fn bounded(text: &str) -> &str {
    if text.len() <= MAX_VALUE {
        return text;
    }
    let end = (0..=MAX_VALUE).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pushed(text: &str) -> String {
        let mut line = String::new();
        push(&mut line, text);
        line
    }

    #[test]
    fn separators_and_line_breaks_are_taken_out() {
        for (text, expected) in [
            ("plain", "plain"),
            ("SOS", "SOS"),
            ("a-OS-b", "a-Os-b"),
            ("-O-OS-S-", "-O-Os-S-"),
            ("OS", "Os"),
            ("ES-x", "Es-x"),
            ("x-KS", "x-Ks"),
            ("a\r\nb\u{2028}c\u{7f}", "a  b c "),
            ("naïve", "naïve"),
            // Each alone: nothing else takes them out of what is plain.
            ("a\u{2028}b", "a b"),
            ("a\u{2029}b", "a b"),
            ("a\u{85}b", "a b"),
            ("a\nb", "a b"),
            ("a\u{7f}b", "a b"),
        ] {
            assert_eq!(pushed(text), expected);
        }
        assert_eq!(pushed(&"é".repeat(1000)).len(), MAX_VALUE);
    }

    proptest! {
        #[test]
        fn a_line_has_as_many_values_as_were_written(
            values in proptest::collection::vec("[-EKOSx\n]{0,8}", 1..8)
        ) {
            let mut line = "payLoadData-KS-".to_owned();
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    line.push_str("-OS-");
                }
                push(&mut line, value);
            }
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(line.split("-ES-").count(), 1);
            prop_assert_eq!(line.split("-KS-").count(), 2);
            let payload = line.split_once("-KS-").expect("a key").1;
            let read: Vec<_> = payload.split("-OS-").collect();
            let written: Vec<_> = values.iter().map(|value| pushed(value)).collect();
            prop_assert_eq!(read, written);
        }
    }
}
