//! Text for terminals.

/// Writes out what could fool a terminal or a reader: control characters, and those that change the direction of text or
/// are not seen.
pub(crate) fn visible(text: &str) -> String {
    visible_but(text, &[])
}

/// The same of a text that may have several lines.
pub(crate) fn visible_lines(text: &str) -> String {
    visible_but(text, &['\n', '\t'])
}

fn visible_but(text: &str, kept: &[char]) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        let hidden = matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        if (hidden || character.is_control()) && !kept.contains(&character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Adds a line to a text for people. What is in it is visible, and it stays one line whatever names it holds.
pub(crate) fn push_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(visible(&line.to_string()).trim_end_matches(' '));
    text.push('\n');
}

/// Lines up cells in columns; `right` says which columns end at the same place instead of beginning there.
pub(crate) fn table<const N: usize>(rows: impl IntoIterator<Item = [String; N]>, right: [bool; N]) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let lines = rows.iter().map(|row| {
        let cells = row.iter().zip(widths).zip(right).map(|((cell, width), right)| {
            if right {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_stays() {
        assert_eq!(visible("7:änä b"), "7:änä b");
        assert_eq!(
            visible("a\u{1b}[2J\r\nb\u{202e}c"),
            "a\\u{1b}[2J\\u{d}\\u{a}b\\u{202e}c"
        );
        assert_eq!(visible_lines("a\n\tb\u{1b}[2J\r"), "a\n\tb\\u{1b}[2J\\u{d}");
    }

    #[test]
    fn cells_stand_in_columns() {
        let rows = [["a", "10", "x"], ["bcd", "7", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(rows, [false, true, false]), "a    10  x\nbcd   7");
    }
}
