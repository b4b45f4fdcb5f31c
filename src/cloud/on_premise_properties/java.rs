//! The format of Java properties: lines, escapes, separators.

/// Lines without comments, with those joined that end with a backslash, and the number of the first of each.
pub(super) fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut natural = text.lines().zip(1..);
    while let Some((line, number)) = natural.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = line.to_owned();
        while is_continued(&whole) {
            whole.pop();
            match natural.next() {
                Some((next, _)) => whole.push_str(next.trim_start()),
                None => break,
            }
        }
        lines.push((number, whole));
    }
    lines
}

/// A line ends with an odd number of backslashes.
fn is_continued(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// Splits at the first `=`, `:` or blank that is not escaped, and takes escapes apart.
pub(super) fn key_and_value(line: &str) -> Result<(String, String), String> {
    let mut is_escaped = false;
    let end = line.find(|character: char| {
        let is_end = !is_escaped && (matches!(character, '=' | ':') || character.is_whitespace());
        is_escaped = character == '\\' && !is_escaped;
        is_end
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    Ok((unescaped(key)?, unescaped(value)?))
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            plain.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = characters.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                let unicode = code.and_then(char::from_u32);
                plain.push(unicode.ok_or_else(|| "`\\u` without the four digits of a character".to_owned())?);
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    Ok(plain)
}
