//! Definitions that are copied: as they are written, but for secrets.

use crate::diagnostics::{Code, Diagnostic};
use crate::migrate::draft::{Draft, Place};
use crate::migrate::secrets;
use crate::migrate::tree::Branch;
use crate::yaml::{self, Format, Node, Source, to_yaml};

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
    let mut text = source.text().to_owned();
    let found = secrets::in_definition(&node);
    if manner == Manner::Copied && !found.is_empty() {
        secrets::tell(&source, &found, draft);
        text = without_secrets(&source, &node, &found, format);
    }
    draft.files.insert(path.to_owned(), text.into_bytes());
}

/// The text with every secret empty; the rest stays as it is written where that is possible.
fn without_secrets(source: &Source, node: &Node, found: &[secrets::Found], format: Format) -> String {
    let mut expected = node.to_json();
    secrets::clean(&mut expected, found);
    let mut text = source.text().to_owned();
    for secret in found.iter().rev() {
        let (start, end) = (secret.value.start as usize, secret.value.end as usize);
        let url = secret.text.as_deref().filter(|_| secret.member.is_none());
        let clean = match url.and_then(|url| Some((url, secrets::without_credentials(url)?))) {
            Some((url, clean)) => source.slice(secret.value).replace(url, &clean),
            None => "\"\"".to_owned(),
        };
        // Behind an alias, several secrets have the place of the alias.
        if text.is_char_boundary(start) && text.is_char_boundary(end) && start <= end && end <= text.len() {
            text.replace_range(start..end, &clean);
        }
    }
    let parsed = yaml::parse("", text.clone().into_bytes(), format);
    if parsed.is_ok_and(|(_, node)| node.to_json() == expected) {
        return text;
    }
    match format {
        Format::Json => serde_json::to_string_pretty(&expected).unwrap_or_default(),
        Format::Yaml => to_yaml(&expected).unwrap_or_default(),
    }
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
        assert_eq!(told.len(), 2, "{told:?}");
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
