//! Bytes that differ from others in their line ends alone, as git leaves them where it converts text files.

use mgw_bundle::Digest;

/// What is to be done about such files.
pub(crate) const REMEDY: &str = "Git put CRLF at the ends of lines (`core.autocrlf`): write `* -text` into the project's .gitattributes and commit it, then remove those files and take them back with `git checkout`.";

/// Whether the bytes have this digest once every CRLF in them is LF.
pub(crate) fn are_all_that_differs(bytes: &[u8], digest: Digest) -> bool {
    let mut rest = bytes;
    let mut unix = Vec::with_capacity(bytes.len());
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'\r' || after.first() != Some(&b'\n') {
            unix.push(byte);
        }
        rest = after;
    }
    unix.len() < bytes.len() && Digest::of(&unix) == digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_line_ends_are_told_from_other_texts() {
        let digest = Digest::of(b"{\n \"a\": 1\r}\n");
        for (bytes, expected) in [
            (&b"{\r\n \"a\": 1\r}\r\n"[..], true),
            (b"{\n \"a\": 1\r}\r\n", true),
            (b"{\n \"a\": 1\r}\n", false),
            (b"{\r\n \"a\": 2\r}\r\n", false),
            (b"", false),
        ] {
            assert_eq!(are_all_that_differs(bytes, digest), expected, "{bytes:?}");
        }
    }
}
