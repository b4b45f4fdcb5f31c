//! Tells files that hold no UTF-8 text by their first bytes, so that they are refused for what they are.

/// What a file is instead of a text, and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    pub(super) message: &'static str,
    pub(super) remedy: &'static str,
}

impl Foreign {
    /// Whether it is a text, in another encoding.
    pub(super) fn is_text(self) -> bool {
        self.remedy == UTF_8
    }
}

const UTF_8: &str = "Save it as UTF-8; editors offer that under \"encoding\", and `iconv -t UTF-8` does it.";
const UNPACK: &str = "Unpack it, and name what is inside.";
const EXPORT: &str = "Export the text that it was made from, as YAML or JSON.";

/// Heads of files, longest first where one begins with another.
const HEADS: [(&[u8], &str, &str); 16] = [
    (b"\xff\xfe\0\0", "this file is UTF-32, and UTF-8 is read", UTF_8),
    (b"\0\0\xfe\xff", "this file is UTF-32, and UTF-8 is read", UTF_8),
    (b"\xff\xfe", "this file is UTF-16, and UTF-8 is read", UTF_8),
    (b"\xfe\xff", "this file is UTF-16, and UTF-8 is read", UTF_8),
    (b"\x1f\x8b", "this file is packed with gzip", UNPACK),
    (b"PK\x03\x04", "this file is a zip archive", UNPACK),
    (b"BZh", "this file is packed with bzip2", UNPACK),
    (b"\xfd7zXZ\0", "this file is packed with xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "this file is packed with zstd", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "this file is a 7-Zip archive", UNPACK),
    (b"%PDF-", "this file is a PDF document", EXPORT),
    (
        b"\xd0\xcf\x11\xe0",
        "this file is a document of an office program",
        EXPORT,
    ),
    (b"\x89PNG", "this file is a picture", EXPORT),
    (b"\xff\xd8\xff", "this file is a picture", EXPORT),
    (b"\x7fELF", "this file is a program", EXPORT),
    (b"SQLite format 3\0", "this file is a database", EXPORT),
];

/// Tells what a file is, when it is no text in UTF-8.
pub(super) fn tell(bytes: &[u8]) -> Option<Foreign> {
    let of_head = HEADS
        .iter()
        .find(|(head, ..)| bytes.starts_with(head))
        .map(|&(_, message, remedy)| Foreign { message, remedy });
    of_head.or_else(|| {
        // Without a mark the zeros tell: what we read begins with ASCII.
        let message = match bytes.first_chunk::<4>()?.map(|byte| byte != 0) {
            [false, false, false, true] | [true, false, false, false] => "this file is UTF-32, and UTF-8 is read",
            [false, true, false, true] | [true, false, true, false] => "this file is UTF-16, and UTF-8 is read",
            _ => return None,
        };
        Some(Foreign { message, remedy: UTF_8 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_with_and_without_a_mark() {
        let says = |bytes: Vec<u8>| tell(&bytes).map_or("", |foreign| foreign.message);
        for text in ["openapi: 3.0.0", "{\"openapi\": 1}", "\u{feff}openapi: ü"] {
            let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let le32: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_le_bytes()).collect();
            let be32: Vec<u8> = text.chars().flat_map(|c| (c as u32).to_be_bytes()).collect();
            for (bytes, name) in [(le, "UTF-16"), (be, "UTF-16"), (le32, "UTF-32"), (be32, "UTF-32")] {
                assert!(says(bytes).contains(name), "{text}");
            }
            assert_eq!(tell(text.as_bytes()), None);
        }
        for text in ["", "a", "a: 1", "BZ"] {
            assert_eq!(tell(text.as_bytes()), None, "{text}");
        }
        assert!(says(b"PK\x03\x04".to_vec()).contains("zip"));
    }
}
