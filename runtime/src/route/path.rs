//! The form of a request path that templates are matched against.
//!
//! The forwarded path is always the raw one. For matching, matrix parameters are removed and percent-encoding is decoded,
//! so that `/p%65ts;a=1` is matched as `/pets`, which is what most backends make of it. Where backends are known to
//! disagree, the gateway does not choose a side:
//!
//! - segments `.` and `..` (encoded or not, with or without matrix parameters) and NUL are refused;
//! - an encoded slash or a backslash belongs to its segment, an empty segment is a segment, an encoded semicolon begins no
//!   matrix parameter. A backend that splits at the first, merges the second or cuts at the third would see another path.
//!   Each such path is among [`RequestPath::alternates`], and the request is refused when one of them leads elsewhere
//!   ([`PathRefusal::Ambiguous`]). Some backends split at encoded slashes alone, some at backslashes as they are, some at
//!   encoded ones: a path with more than one of these is refused as it is;
//! - a backend that does not know matrix parameters takes them for a part of their segment. What it would see is among
//!   [`RequestPath::kept`], and the request is refused when that is a different resource. Mostly it is none, which is
//!   nobody's way around anything.

use mgw_bundle::template::{decoded, decoded_part};
use std::borrow::Cow;

/// A request path, ready to be matched.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestPath<'r> {
    /// As received.
    pub(super) raw: &'r str,
    /// Without matrix parameters, decoded part by part; segments correspond one to one with those of `raw`.
    pub(super) matched: Cow<'r, str>,
    /// What backends would see that decode slashes, merge empty segments, cut at encoded semicolons, or do several of
    /// these, where that differs from `matched`.
    pub(super) alternates: Vec<String>,
    /// What backends would see for whom a raw semicolon is a character like others, in the same variants.
    pub(super) kept: Vec<String>,
}

/// Why a path is not matched at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathRefusal {
    /// It does not start with `/`.
    NotAbsolute,
    /// It holds a `.` or `..` segment, or NUL.
    Forbidden,
    /// Backends may read it as the path of a different resource.
    Ambiguous,
}

impl<'r> RequestPath<'r> {
    pub(super) fn parse(raw: &'r str) -> Result<Self, PathRefusal> {
        if !raw.starts_with('/') {
            return Err(PathRefusal::NotAbsolute);
        }
        if is_plain(raw.as_bytes()) {
            return Ok(Self {
                raw,
                matched: Cow::Borrowed(raw),
                alternates: Vec::new(),
                kept: Vec::new(),
            });
        }
        Self::parse_unusual(raw)
    }

    /// The rare case: something needs decoding or a closer look.
    #[cold]
    fn parse_unusual(raw: &'r str) -> Result<Self, PathRefusal> {
        let separators = [raw.contains('\\'), holds_escape(raw, "%5c"), holds_escape(raw, "%2f")];
        let mut matched = String::with_capacity(raw.len());
        let mut decoded_whole = String::with_capacity(raw.len());
        let mut kept = String::new();
        let mut kept_whole = String::new();
        let has_parameters = raw.contains(';');
        for segment in raw.split('/').skip(1) {
            let bare = segment.split_once(';').map_or(segment, |(bare, _)| bare);
            matched.push('/');
            matched.push_str(&decoded_part(bare));
            decoded_whole.push('/');
            decoded_whole.push_str(&decoded(bare));
            if has_parameters {
                kept.push('/');
                kept.push_str(&decoded_part(segment));
                kept_whole.push('/');
                kept_whole.push_str(&decoded(segment));
            }
        }
        let split = decoded_whole.replace('\\', "/");
        let cut = cut_at_semicolons(&split);
        let kept_split = kept_whole.replace('\\', "/");
        let kept_cut = cut_at_semicolons(&kept_split);
        let all = [&split, &cut, &kept_split, &kept_cut];
        let is_forbidden = |segment: &str| matches!(segment, "." | "..") || segment.contains('\0');
        if all.iter().any(|reading| reading.split('/').any(is_forbidden)) {
            return Err(PathRefusal::Forbidden);
        }
        if separators.into_iter().filter(|is_there| *is_there).count() > 1 {
            return Err(PathRefusal::Ambiguous);
        }
        let kept = if has_parameters {
            let merged = [&kept, &kept_split, &kept_cut].map(|reading| merge_slashes(reading));
            distinct(merged.into_iter().chain([kept, kept_split, kept_cut]), &matched)
        } else {
            Vec::new()
        };
        let part_cut = cut_at_semicolons(&matched);
        let readings = [
            merge_slashes(&matched),
            merge_slashes(&split),
            merge_slashes(&cut),
            merge_slashes(&part_cut),
            part_cut,
            split,
            cut,
        ];
        Ok(Self {
            raw,
            alternates: distinct(readings, &matched),
            kept,
            matched: Cow::Owned(matched),
        })
    }

    /// The raw path after the first `matched_length` bytes of the matched form, which end at a segment boundary.
    pub(super) fn raw_below(&self, matched_length: usize) -> &'r str {
        match &self.matched {
            Cow::Borrowed(path) => path.get(matched_length..).unwrap_or(""),
            Cow::Owned(path) => {
                let prefix = path.get(..matched_length).unwrap_or("");
                let segments = prefix.bytes().filter(|byte| *byte == b'/').count();
                // The start of segment n+1 is its slash: the (n+1)th slash of the raw path.
                let slash = self
                    .raw
                    .bytes()
                    .enumerate()
                    .filter(|(_, byte)| *byte == b'/')
                    .nth(segments);
                slash.map_or("", |(position, _)| self.raw.get(position..).unwrap_or(""))
            }
        }
    }
}

/// Whether a path is matched as it stands: the usual case, found in one pass.
fn is_plain(path: &[u8]) -> bool {
    /// Never plain.
    const ALWAYS: u8 = 1;
    /// Not plain after a slash.
    const AFTER_SLASH: u8 = 2;
    /// What a byte is, so that the pass over all of them has no branches.
    const KINDS: [u8; 256] = {
        let mut kinds = [0; 256];
        kinds[0] = ALWAYS;
        kinds[b'%' as usize] = ALWAYS;
        kinds[b';' as usize] = ALWAYS;
        kinds[b'\\' as usize] = ALWAYS;
        kinds[b'/' as usize] = AFTER_SLASH;
        kinds[b'.' as usize] = AFTER_SLASH;
        kinds
    };
    let (mut found, mut watched) = (0, ALWAYS);
    for &byte in path {
        found |= KINDS[usize::from(byte)] & watched;
        watched = if byte == b'/' { ALWAYS | AFTER_SLASH } else { ALWAYS };
    }
    found == 0
}

/// Whether a percent escape, given in lower case, stands in a path.
fn holds_escape(path: &str, escape: &str) -> bool {
    let windows = path.as_bytes().windows(escape.len());
    windows
        .into_iter()
        .any(|window| window.eq_ignore_ascii_case(escape.as_bytes()))
}

/// The readings that differ from the one that is matched, each once.
fn distinct(readings: impl IntoIterator<Item = String>, matched: &str) -> Vec<String> {
    let mut found = Vec::new();
    for reading in readings {
        if reading != matched && !found.contains(&reading) {
            found.push(reading);
        }
    }
    found
}

/// What is left of every segment when a decoded semicolon begins a matrix parameter too.
fn cut_at_semicolons(path: &str) -> String {
    let bare = path
        .split('/')
        .map(|segment| segment.split_once(';').map_or(segment, |(bare, _)| bare));
    bare.collect::<Vec<_>>().join("/")
}

fn merge_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(raw: &str) -> Result<(String, Vec<String>), PathRefusal> {
        RequestPath::parse(raw).map(|path| (path.matched.into_owned(), path.alternates))
    }

    #[test]
    fn usual_paths_are_borrowed() {
        for raw in ["/", "/pets", "/pets/1/", "/a.b/c-d_e~f", "/pets/@me"] {
            assert!(
                matches!(RequestPath::parse(raw), Ok(RequestPath { matched: Cow::Borrowed(path), alternates, .. }) if path == raw && alternates.is_empty()),
                "{raw}"
            );
        }
    }

    #[test]
    fn decodes_and_drops_matrix_parameters() {
        for (raw, expected) in [
            ("/p%65ts", "/pets"),
            ("/pets;a=1;b=2/v;x=1/upload", "/pets/v/upload"),
            ("/%40me", "/@me"),
            ("/.well-known/x", "/.well-known/x"),
            ("/50%", "/50%"),
            ("/caf%C3%A9", "/café"),
            ("/%E9", "/\u{fffd}"),
        ] {
            assert_eq!(matched(raw), Ok((expected.into(), Vec::new())), "{raw}");
        }
    }

    #[test]
    fn dot_segments_and_nul_are_refused() {
        for raw in [
            "/..",
            "/a/../b",
            "/a/./b",
            "/a/%2e%2E/b",
            "/a/..;x=1/b",
            "/a/.%2e",
            "/a%2f..%2fb",
            "/a\\..\\b",
            "/a%5C..",
            "/a%00",
            "/a\0b",
            "/a/..%3Bx/b",
            "/a;x%2F..%2Fb",
            "/a;x%5c..",
            "/a;%00",
        ] {
            assert_eq!(matched(raw), Err(PathRefusal::Forbidden), "{raw}");
        }
        assert_eq!(matched("*"), Err(PathRefusal::NotAbsolute));
    }

    #[test]
    fn separators_of_several_kinds_are_ambiguous() {
        for raw in ["/a%2Fb\\c", "/a\\b%2fc", "/a%5Cb%2Fc", "/a/x%5cb\\c", "/a;m=%2F/b\\c"] {
            assert_eq!(matched(raw), Err(PathRefusal::Ambiguous), "{raw}");
        }
        // Escapes of a percent sign are none.
        assert!(matched("/a%252Fb%5Cc").is_ok());
    }

    #[test]
    fn other_readings_are_kept_apart() {
        for (raw, expected, alternates) in [
            ("/a%2Fb", "/a\0b", &["/a/b"][..]),
            // No slash to a backend that decodes once.
            ("/a%252Fb", "/a%2Fb", &[]),
            ("/a%252F%2Fb", "/a%2F\0b", &["/a%2F/b"]),
            ("/a//b", "/a//b", &["/a/b"]),
            ("//a", "//a", &["/a"]),
            ("/a\\b", "/a\\b", &["/a/b"]),
            ("/a%5cb", "/a\\b", &["/a/b"]),
            ("/a%3Bb", "/a;b", &["/a"]),
            ("/a%2Fb//c", "/a\0b//c", &["/a\0b/c", "/a/b/c", "/a/b//c"]),
        ] {
            let alternates: Vec<String> = alternates.iter().map(|&path| path.to_owned()).collect();
            assert_eq!(matched(raw), Ok((expected.into(), alternates)), "{raw}");
        }
    }

    #[test]
    fn matrix_parameters_may_be_kept() {
        for (raw, expected) in [
            ("/a/b", &[][..]),
            ("/a%3Bx", &[]),
            ("/users/me;42", &["/users/me;42"]),
            ("/a;x=%2Fb", &["/a;x=\0b", "/a;x=/b", "/a/b"]),
            ("/a;%78//b", &["/a;x/b", "/a/b", "/a;x//b"]),
        ] {
            let kept = RequestPath::parse(raw).map(|path| path.kept);
            let expected: Vec<String> = expected.iter().map(|&path| path.to_owned()).collect();
            assert_eq!(kept, Ok(expected), "{raw}");
        }
    }

    #[test]
    fn raw_remainder_keeps_what_was_sent() {
        for (raw, length, below) in [
            ("/shop/v1/pets/", 8, "/pets/"),
            ("/shop/v1", 8, ""),
            ("/sh%6Fp/v1;a=1/p%65ts;b=2", 8, "/p%65ts;b=2"),
            ("/sh%6Fp/v1", 8, ""),
            ("/a%20b", 0, "/a%20b"),
        ] {
            let path = RequestPath::parse(raw).ok();
            assert_eq!(path.map(|path| path.raw_below(length)), Some(below), "{raw}");
        }
    }
}
