//! What can stand in the first line of a request, and what has to be written with escapes there.

use http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What clients cannot send as it is, beside everything that is not ASCII. Escapes that are there stay.
const UNSENDABLE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'`');

/// Why a path with its query cannot be sent as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsendable {
    /// This character can be in no request.
    Character(char),
    /// It is longer than the first line of a request can be.
    Length,
}

/// Looks for what is in no request. Everything else is sent as it is: `..`, `//`, `\` and escapes, also wrong ones.
pub(super) fn unsendable(target: &str) -> Option<Unsendable> {
    if target.is_ascii() && !target.contains('#') && PathAndQuery::try_from(target).is_ok() {
        return None;
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_fit = |c: char, before: &str| {
        c.is_ascii_graphic() && c != '#' && PathAndQuery::try_from(format!("{before}{c}")).is_ok()
    };
    let in_path = path.chars().find(|c| !is_fit(*c, "/"));
    let unfit = in_path.or_else(|| query.chars().find(|c| !is_fit(*c, "/?")));
    Some(unfit.map_or(Unsendable::Length, Unsendable::Character))
}

/// The same path with escapes for what cannot be sent.
pub(super) fn escaped(target: &str) -> String {
    utf8_percent_encode(target, UNSENDABLE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_sent_is_sent_as_it_is() {
        for target in [
            "/",
            "//",
            "/a/../b/./c//d",
            "/%2e%2E/%2f%5c%00",
            "/a\\b",
            "/100%",
            "/%zz",
            "/a;b=c,d:e@f!g$h'i(j)*k+l",
            "/{a}|\"[]^~_",
            "/a?b=/../?&c=`|{}\\%",
            "/a?",
        ] {
            assert_eq!(unsendable(target), None, "{target}");
        }
    }

    #[test]
    fn what_is_in_no_request_is_found_and_escaped() {
        for (target, character, meant) in [
            ("/a b", ' ', "/a%20b"),
            ("/a\tb", '\t', "/a%09b"),
            ("/a\u{7f}", '\u{7f}', "/a%7F"),
            ("/ä/%e4", 'ä', "/%C3%A4/%e4"),
            ("/a\u{2028}", '\u{2028}', "/a%E2%80%A8"),
            ("/a<b", '<', "/a%3Cb"),
            ("/a`b", '`', "/a%60b"),
            ("/a#b", '#', "/a%23b"),
            ("/a?b=c d", ' ', "/a?b=c%20d"),
            ("/a?b=<ä>", '<', "/a?b=%3C%C3%A4%3E"),
            ("/a\"b?c=\"", '"', "/a%22b?c=%22"),
        ] {
            assert_eq!(unsendable(target), Some(Unsendable::Character(character)), "{target}");
            assert_eq!(escaped(target), meant);
            assert_eq!(unsendable(meant), None, "{meant}");
        }
        assert_eq!(unsendable(&"/a".repeat(40_000)), Some(Unsendable::Length));
    }
}
