//! Percent-encoding, as templates and the paths of requests are compared without it.

use std::borrow::Cow;

/// Decodes percent-encoding. Bytes that are not UTF-8 become U+FFFD, which no literal of a template contains; a `%` that
/// begins no code stays.
pub fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(&byte) = bytes.get(position) {
        let digits = (bytes.get(position + 1), bytes.get(position + 2));
        let value = match (byte, digits) {
            (b'%', (Some(&high), Some(&low))) => hex(high).zip(hex(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        position += if value.is_some() { 3 } else { 1 };
        decoded.push(value.unwrap_or(byte));
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn codes_become_what_they_stand_for() {
        for (text, expected) in [
            ("pets", "pets"),
            ("p%65ts", "pets"),
            ("%4", "%4"),
            ("50%", "50%"),
            ("%zz", "%zz"),
            ("caf%C3%A9", "café"),
            ("%E9", "\u{fffd}"),
            ("%2541", "%41"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }
}
