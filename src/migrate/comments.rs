//! Comments of settings and definitions: they are copied with the text that they stand in, but for those that look as if
//! a credential were in them.

use super::credentials::{Written, without};
use super::draft::{Draft, Place};
use super::settings_file::span;
use crate::diagnostics::Code;
use crate::yaml::{Source, Span};
use std::ops::Range;

/// Most lines that are looked at one by one, where not all of them are comments.
const MAX_TRIES: usize = 200;
/// Most places in a line at which a comment may begin.
const MAX_STARTS: usize = 8;
/// What stands in the place of a comment.
pub(super) const INSTEAD: &str = "# (left out: it looked like a credential)";

/// The comments, behind `#`, that look as if a credential were in them, or that hold one of these `texts`. `is_same` says
/// whether another text means the same as this one: what is behind a `#` in a value is no comment. `None` where that
/// would take too long to find out.
pub(super) fn found(text: &str, texts: &[&str], is_same: impl Fn(&str) -> bool) -> Option<Vec<Range<usize>>> {
    let lines = suspicious(text, texts);
    let longest: Vec<Range<usize>> = lines.iter().filter_map(|starts| starts.first().cloned()).collect();
    if longest.is_empty() || is_same(&replaced(text, &longest)) {
        return Some(longest);
    }
    if lines.len() > MAX_TRIES {
        return None;
    }
    let is_comment = |range: &Range<usize>| is_same(&replaced(text, std::slice::from_ref(range)));
    let of_line = |starts: Vec<Range<usize>>| starts.into_iter().find(is_comment);
    Some(lines.into_iter().filter_map(of_line).collect())
}

/// The text with other comments at these places.
pub(super) fn replaced(text: &str, places: &[Range<usize>]) -> String {
    let mut new = String::with_capacity(text.len());
    let mut from = 0;
    for place in places {
        new.push_str(text.get(from..place.start).unwrap_or_default());
        new.push_str(INSTEAD);
        from = place.end;
    }
    new.push_str(text.get(from..).unwrap_or_default());
    new
}

/// A TOML text without such comments, each of them told at its line in `source`.
pub(super) fn clean_toml(text: String, source: &Source, draft: &mut Draft) -> Option<String> {
    let same_as = |text: &str| {
        let meant = text.parse::<toml::Table>().ok();
        move |other: &str| other.parse::<toml::Table>().ok() == meant
    };
    let (Some(old), Some(new)) = (
        found(source.text(), &[], same_as(source.text())),
        found(&text, &[], same_as(&text)),
    ) else {
        draft.lost(
            Code::MigrateSecret,
            &Place::File(source.name().to_owned()),
            "credentials cannot be told from comments in this file, so none of it is copied",
            "Remove the credentials, and migrate again.",
        );
        return None;
    };
    for range in old {
        tell(source, span(range), draft);
    }
    Some(replaced(&text, &new))
}

/// Tells that a comment is not copied.
pub(super) fn tell(source: &Source, place: Span, draft: &mut Draft) {
    draft.lost(
        Code::MigrateSecret,
        &Place::At(source.clone(), place),
        "a comment that looks as if a credential were in it is not copied",
        "Change the credential where it is one, because it stood in a file; write the comment again without it.",
    );
}

/// For each line, from where to its end a comment looks like a credential: it may begin at any `#`. The lines of a key go
/// together.
fn suspicious(text: &str, texts: &[&str]) -> Vec<Vec<Range<usize>>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut in_key = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        in_key &= content.contains('#');
        in_key |= content.contains("-----BEGIN ") && content.contains("PRIVATE KEY-----");
        let looks_like_one = |comment: &str| {
            in_key || texts.iter().any(|text| comment.contains(text)) || without(comment, Written::InComment).is_some()
        };
        let starts: Vec<Range<usize>> = content
            .match_indices('#')
            .take(MAX_STARTS)
            .filter(|(at, _)| looks_like_one(content.get(at + 1..).unwrap_or_default()))
            .map(|(at, _)| start + at..start + content.len())
            .collect();
        if !starts.is_empty() {
            found.push(starts);
        }
        in_key &= !content.contains("-----END ");
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_with_credentials_go_and_values_stay() {
        let text = "a = 1 # fine\n# password = canary\nb = \"x # token: canary\" # apiKey: canary\r\n# -----BEGIN PRIVATE KEY-----\n# canary\n# -----END PRIVATE KEY-----\n#canary\n# as canary2 is\n";
        let source = Source::new("a.toml", text.into()).unwrap();
        let mut draft = Draft::default();
        let clean = clean_toml(text.to_owned(), &source, &mut draft).unwrap();
        assert_eq!(
            clean,
            format!(
                "a = 1 # fine\n{INSTEAD}\nb = \"x # token: canary\" {INSTEAD}\r\n{INSTEAD}\n{INSTEAD}\n{INSTEAD}\n#canary\n# as canary2 is\n"
            )
        );
        let told: Vec<String> = draft.findings.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 5, "{told:#?}");
        assert!(told[0].starts_with("a.toml:2:1: warning: a comment"), "{told:#?}");
        let known = found(text, &["canary2"], |_| true).unwrap();
        assert_eq!(known.len(), 6);
    }
}
