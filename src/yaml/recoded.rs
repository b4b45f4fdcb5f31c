//! Texts in other encodings.

/// A text in UTF-16 or UTF-32, as its first bytes tell, in UTF-8. `None` where any part of it is none.
pub(crate) fn recoded(bytes: &[u8]) -> Option<String> {
    let units = |size: usize, is_big: bool| {
        let whole = bytes.len().is_multiple_of(size).then(|| bytes.chunks_exact(size))?;
        Some(whole.map(move |chunk| {
            let fold = |value: u32, byte: &u8| value << 8 | u32::from(*byte);
            match is_big {
                true => chunk.iter().fold(0, fold),
                false => chunk.iter().rev().fold(0, fold),
            }
        }))
    };
    let zeros = bytes.first_chunk::<4>()?.map(|byte| byte == 0);
    let (size, is_big) = match (bytes, zeros) {
        ([0xff, 0xfe, 0, 0, ..], _) | (_, [false, true, true, true]) => (4, false),
        ([0, 0, 0xfe, 0xff, ..], _) | (_, [true, true, true, false]) => (4, true),
        ([0xff, 0xfe, ..], _) | (_, [false, true, false, true]) => (2, false),
        ([0xfe, 0xff, ..], _) | (_, [true, false, true, false]) => (2, true),
        _ => return None,
    };
    let units = units(size, is_big)?;
    let text: String = match size {
        2 => char::decode_utf16(units.filter_map(|unit| u16::try_from(unit).ok()))
            .collect::<Result<_, _>>()
            .ok()?,
        _ => units.map(char::from_u32).collect::<Option<_>>()?,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    (!text.contains('\0')).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_other_encodings_are_read_whole_or_not_at_all() {
        for text in ["openapi: 3.0.0\n# ü 😀\n", "\u{feff}{\"openapi\": 1}"] {
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let le32: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
            let be32: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect();
            for bytes in [le, be, le32, be32] {
                let expected = text.trim_start_matches('\u{feff}');
                assert_eq!(recoded(&bytes).as_deref(), Some(expected));
                assert_eq!(recoded(&bytes[..bytes.len() - 1]), None);
            }
        }
        // Half a character, no character, no text.
        assert_eq!(recoded(b"\xff\xfe\x00\xd8a\0"), None);
        assert_eq!(recoded(b"\xff\xfe\0\0\xff\xff\xff\xff"), None);
        assert_eq!(recoded(b"openapi"), None);
    }

    #[test]
    fn no_bytes_make_it_fail() {
        for length in 0..9 {
            for byte in [0, 1, 0x41, 0xd8, 0xfe, 0xff] {
                let _ = recoded(&vec![byte; length]);
            }
        }
    }
}
