//! How deep the brackets of a `.proto` file nest. The compiler calls itself for each level of an option's value, so that
//! a small file could use up its stack; this is found before it reads the file, in one pass without recursion.

/// Deepest nesting of brackets. Messages nest at most 32 deep by the compiler's own rule.
pub(super) const MAX_BRACKETS: usize = 64;

/// Where the first bracket stands that is nested deeper than [`MAX_BRACKETS`]; in bytes. Brackets in texts and comments do
/// not count. A closing bracket that fits nothing closes nothing: the compiler reports it.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut open = Vec::with_capacity(MAX_BRACKETS);
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        let rest = bytes.get(position..).unwrap_or_default();
        position += match byte {
            b'"' | b'\'' => quoted(rest),
            b'#' => line(rest),
            b'/' if rest.starts_with(b"//") => line(rest),
            b'/' if rest.starts_with(b"/*") => comment(rest),
            b'{' | b'<' | b'[' | b'(' => {
                if open.len() == MAX_BRACKETS {
                    return Some(position);
                }
                open.push(closing(byte));
                1
            }
            b'}' | b'>' | b']' | b')' => {
                open.pop_if(|expected| *expected == byte);
                1
            }
            _ => 1,
        };
    }
    None
}

fn closing(opening: u8) -> u8 {
    match opening {
        b'{' => b'}',
        b'<' => b'>',
        b'[' => b']',
        _ => b')',
    }
}

/// The length of a text with its quotes. One that is not closed ends with its line.
fn quoted(text: &[u8]) -> usize {
    let quote = text.first().copied();
    let mut escaped = false;
    let end = text.iter().skip(1).position(|&byte| {
        let ends = byte == b'\n' || (!escaped && Some(byte) == quote);
        escaped = !escaped && byte == b'\\';
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

fn line(text: &[u8]) -> usize {
    text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len())
}

fn comment(text: &[u8]) -> usize {
    let inside = text.get(2..).unwrap_or_default();
    let end = inside.windows(2).position(|pair| pair == b"*/");
    end.map_or(text.len(), |end| end + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bracket_too_deep_is_found() {
        let open = |count: usize, bracket: &str| bracket.repeat(count);
        for (text, expected) in [
            (String::new(), None),
            (open(64, "{"), None),
            (open(65, "{"), Some(64)),
            (open(65, "<"), Some(64)),
            (open(65, "["), Some(64)),
            (open(65, "("), Some(64)),
            (open(100, "{}"), None),
            (open(33, "{ m ["), Some(160)),
            // Closing what is not open closes nothing.
            (open(65, "{)"), Some(128)),
            (format!("\"{}\"", open(65, "{")), None),
            (format!("'\"{}'", open(65, "{")), None),
            (format!("\"\\\"{}\"", open(65, "{")), None),
            (format!("\"\\\\\"{}", open(65, "{")), Some(68)),
            (format!("\"\n{}", open(65, "{")), Some(66)),
            (format!("//{}", open(65, "{")), None),
            (format!("# {}", open(65, "{")), None),
            (format!("//\n{}", open(65, "{")), Some(67)),
            (format!("/*{}*/", open(65, "{")), None),
            (format!("/*/{}*/", open(65, "{")), None),
            (format!("/**/{}", open(65, "{")), Some(68)),
            (format!("/* \" */{}", open(65, "{")), Some(71)),
            (format!("é{}", open(65, "{")), Some(66)),
        ] {
            assert_eq!(too_deep(&text), expected, "{text}");
        }
    }
}
