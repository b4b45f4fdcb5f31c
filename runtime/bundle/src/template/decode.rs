//! Percent-encoding, as templates and the paths of requests are compared without it.

use std::borrow::Cow;

/// Stands for an encoded slash in the text of a part of a path: it separates nothing. NUL, because no path that is served
/// and no template holds one; any text such as `%2F` could also be what somebody sent as `%252F`.
pub const ENCODED_SLASH: char = '\0';

/// Decodes what stands between two `/` of a path or a template, so that it is still a single part.
pub fn decoded_part(text: &str) -> Cow<'_, str> {
    match decoded(text) {
        part if part.contains('/') => Cow::Owned(part.replace('/', ENCODED_SLASH.encode_utf8(&mut [0; 4]))),
        part => part,
    }
}

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
    use super::{decoded, decoded_part};

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
    #[test]
    fn an_encoded_slash_is_like_no_other_text() {
        for (text, expected) in [
            ("a%2Fb", "a\0b"),
            ("a%2fb", "a\0b"),
            ("a%252Fb", "a%2Fb"),
            ("a%25252Fb", "a%252Fb"),
            ("a%b", "a%b"),
        ] {
            assert_eq!(decoded_part(text), expected, "{text}");
        }
    }
}
