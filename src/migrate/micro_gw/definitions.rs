//! Definitions that are copied: as they are written, but for secrets.

use crate::diagnostics::{Code, Diagnostic};
use crate::migrate::comments;
use crate::migrate::draft::{Draft, Place};
use crate::migrate::leaks::{self, Leak};
use crate::migrate::secrets;
use crate::migrate::settings_file::span;
use crate::migrate::tree::Branch;
use crate::yaml::{self, Format, Node, Source, Span, to_yaml};
use std::ops::Range;

/// What is done with the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// They are copied into a new project.
    Copied,
    /// They stay where they are, untouched.
    InPlace,
}

/// Takes a definition over.
pub(super) fn take(branch: &Branch<'_>, path: &str, manner: Manner, draft: &mut Draft) {
    let bytes = match branch.read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let place = Place::File(branch.shown(path));
            draft.left_out(Code::MigrateFile, &place, error.to_string(), "Make it readable.");
            return;
        }
    };
    let format = Format::of_name(path).unwrap_or(Format::Yaml);
    let (source, node) = match yaml::parse(&branch.shown(path), bytes.clone(), format) {
        Ok(parsed) => parsed,
        Err(error) => {
            // What cannot be read is not copied either: nobody knows what secrets are in it.
            draft.findings.push(Diagnostic::from(error).secret());
            if manner == Manner::InPlace {
                draft.files.insert(path.to_owned(), bytes);
            }
            return;
        }
    };
    let text = match manner {
        Manner::InPlace => source.text().to_owned(),
        Manner::Copied => without_secrets(&source, &node, format, draft),
    };
    draft.files.insert(path.to_owned(), text.into_bytes());
}

/// The text without any secret, each of which is told; the rest stays as it is written where that is possible.
pub(super) fn without_secrets(source: &Source, node: &Node, format: Format, draft: &mut Draft) -> String {
    let found = secrets::in_definition(node);
    secrets::tell(source, &found, draft);
    let mut expected = node.to_json();
    let leaks = leaks::take_out(node, &mut expected, &found);
    leaks::tell(source, &leaks, draft);
    secrets::clean(&mut expected, &found);
    let texts = worth_looking_for(&found, &leaks);
    let comments = match format {
        Format::Json => Some(Vec::new()),
        Format::Yaml => {
            let meant = node.to_json();
            comments::found(source.text(), &texts, |text| is_read_as(text, format, &meant))
        }
    };
    for comment in comments.iter().flatten() {
        comments::tell(source, span(comment.clone()), draft);
    }
    if found.is_empty() && leaks.is_empty() && comments.as_ref().is_some_and(Vec::is_empty) {
        return source.text().to_owned();
    }
    let text = edited(source, &found, &leaks, comments.as_deref().unwrap_or_default());
    let is_clean = || {
        let left = comments::found(&text, &texts, |text| is_read_as(text, format, &expected));
        format == Format::Json || left.is_some_and(|left| left.is_empty())
    };
    if comments.is_some() && is_read_as(&text, format, &expected) && is_clean() {
        return text;
    }
    match format {
        Format::Json => serde_json::to_string_pretty(&expected).unwrap_or_default(),
        Format::Yaml => to_yaml(&expected).unwrap_or_default(),
    }
}

fn is_read_as(text: &str, format: Format, meant: &serde_json::Value) -> bool {
    yaml::parse("", text.as_bytes().to_vec(), format).is_ok_and(|(_, node)| node.to_json() == *meant)
}

/// The secrets that would be known again where they stand in a comment too.
fn worth_looking_for<'a>(found: &'a [secrets::Found], leaks: &'a [Leak]) -> Vec<&'a str> {
    /// A shorter one may be a word that has nothing to do with it.
    const SHORTEST: usize = 8;
    let of_found = found.iter().filter_map(|secret| secret.text.as_deref());
    let of_leaks = leaks.iter().filter_map(|leak| leak.text.as_deref());
    of_found.chain(of_leaks).filter(|text| text.len() >= SHORTEST).collect()
}

/// The text with something else at the places of secrets and of comments.
fn edited(source: &Source, found: &[secrets::Found], leaks: &[Leak], comments: &[Range<usize>]) -> String {
    let of_found = found.iter().map(|secret| {
        let url = secret.text.as_deref().filter(|_| secret.member.is_none());
        let clean = match url.and_then(|url| Some((url, secrets::without_user(url)?))) {
            Some((url, clean)) => source.slice(secret.value).replace(url, &clean),
            None => "\"\"".to_owned(),
        };
        (secret.value, clean)
    });
    let of_leaks = leaks
        .iter()
        .map(|leak| (leak.place, serde_json::Value::from(leak.rest.as_str()).to_string()));
    let of_comments = comments
        .iter()
        .map(|comment| (span(comment.clone()), comments::INSTEAD.to_owned()));
    let mut edits: Vec<(Span, String)> = of_found.chain(of_leaks).chain(of_comments).collect();
    edits.sort_by_key(|(place, _)| (place.start, place.end));
    // Behind an alias, several secrets have the place of the alias.
    edits.dedup_by_key(|(place, _)| (place.start, place.end));
    let old = source.text();
    let mut text = String::with_capacity(old.len());
    let mut from = 0;
    for (place, clean) in &edits {
        let (start, end) = (place.start as usize, place.end as usize);
        if let Some(between) = old.get(from..start).filter(|_| old.get(start..end).is_some()) {
            text.push_str(between);
            text.push_str(clean);
            from = end;
        }
    }
    text.push_str(old.get(from..).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::tree::tests::tree;

    fn taken(text: &str, path: &str, manner: Manner) -> (String, Vec<String>) {
        let tree = tree(&[(path, text)]);
        let mut draft = Draft::default();
        take(&tree.root(), path, manner, &mut draft);
        let told = draft.findings.iter().map(ToString::to_string).collect();
        let bytes = draft.files.remove(path).unwrap_or_default();
        (String::from_utf8(bytes).unwrap(), told)
    }

    const TEXT: &str = "openapi: 3.0.0 # ours\nx-wso2-production-endpoints:\n  urls: ['https://a']\n  securityConfig:\n    type: basic\n    username: u\n    password: canary # secret\n";

    #[test]
    fn comments_stay_and_secrets_go() {
        let (text, told) = taken(TEXT, "a.yaml", Manner::Copied);
        assert_eq!(text, TEXT.replace("canary", "\"\""));
        assert!(
            told.len() == 1 && told[0].starts_with("old/a.yaml:7:15: warning: the `password`"),
            "{told:?}"
        );
        for text in [
            "{\"openapi\": \"3\", \"a\": {\"securityConfig\": {\"password\": \"canary\", \"value\": null}}}",
            "openapi: 3.0.0\na: {securityConfig: {password: |\n    canary\n    , b: 1}}\n",
        ] {
            let path = if text.starts_with('{') { "a.json" } else { "a.yaml" };
            let (text, _) = taken(text, path, Manner::Copied);
            assert!(!text.contains("canary"), "{text}");
        }
        let block =
            "openapi: 3.0.0\na:\n  securityConfig:\n    password: |\n      canary\n      more\n    username: u\nb: 1\n";
        let (text, _) = taken(block, "a.yaml", Manner::Copied);
        assert!(
            !text.contains("canary") && !text.contains("more") && text.contains("b: 1"),
            "{text}"
        );
    }

    #[test]
    fn secrets_behind_anchors_and_in_urls_go_too() {
        let text = "openapi: 3.0.0\nx-sec: &sec {type: basic, username: u, password: canary}\nx-wso2-production-endpoints:\n  urls: ['https://a']\n  securityConfig: *sec\n\
                    x-wso2-sandbox-endpoints:\n  urls: ['https://b']\n  securityConfig:\n    <<: *sec\n";
        let (text, told) = taken(text, "a.yaml", Manner::Copied);
        assert!(!text.contains("canary") && text.contains("https://b"), "{text}");
        // Two uses, and the value behind the anchor itself.
        assert_eq!(told.len(), 3, "{told:?}");
        let text = "openapi: 3.0.0 # ours\nservers: [{url: 'https://u:canary@a.example/v1'}]\n";
        let (new, told) = taken(text, "a.yaml", Manner::Copied);
        assert_eq!(new, text.replace("u:canary@", ""));
        assert!(told.len() == 1 && told[0].starts_with("old/a.yaml:2:"), "{told:?}");
    }

    #[test]
    fn in_place_nothing_is_touched() {
        let (text, told) = taken(TEXT, "a.yaml", Manner::InPlace);
        assert_eq!(text, TEXT);
        assert!(told.is_empty(), "{told:?}");
        let (text, told) = taken("a: [\n", "a.yaml", Manner::InPlace);
        assert!(text == "a: [\n" && told.len() == 1, "{told:?}");
        let (text, told) = taken("a: [\n", "a.yaml", Manner::Copied);
        assert!(text.is_empty() && told.len() == 1, "{told:?}");
    }
}
