//! Entry points of the fuzz targets into what reads paths and templates.

use super::path::RequestPath;
use super::resources::ResourceTable;
use super::{HeadRule, ResourceIndex};
use mgw_bundle::config::{Method, Resource};
use mgw_bundle::template::{ENCODED_SLASH, Template};

/// Brings a request path into the form that is matched. What is admitted has no way up in it, and says which request it
/// was: written out again, it is read as the same.
pub fn request_path(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(path) = RequestPath::parse(text)
    {
        assert!(!path.matched.split('/').any(|segment| matches!(segment, "." | "..")));
        assert_eq!(path.raw, text);
        let sent = as_sent(&path.matched);
        let again = RequestPath::parse(&sent).map(|again| again.matched);
        assert_eq!(again.as_ref(), Ok(&path.matched));
    }
}

/// A path whose matched form is this one.
pub(super) fn as_sent(matched: &str) -> String {
    let mut sent = String::with_capacity(matched.len());
    for character in matched.chars() {
        match character {
            ENCODED_SLASH => sent.push_str("%2F"),
            '%' => sent.push_str("%25"),
            ';' => sent.push_str("%3B"),
            _ => sent.push(character),
        }
    }
    sent
}

/// Looks the last line up among the templates on the lines before it. The table finds what the templates say by
/// themselves.
pub fn templates(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((lines, path)) = text.rsplit_once('\n') else {
        return;
    };
    let templates: Vec<(&str, Template)> = lines
        .split('\n')
        .take(16)
        .filter_map(|line| Some((line, Template::parse(line).ok()?)))
        .collect();
    let resources: Vec<Resource> = templates
        .iter()
        .map(|(text, _)| Resource::open(text, Method::Get))
        .collect();
    let Ok(table) = ResourceTable::build(&resources, HeadRule::LikeGet) else {
        return;
    };
    let expected = templates
        .iter()
        .enumerate()
        .filter(|(_, (_, template))| template.matches(path))
        .min_by_key(|(position, (_, template))| (template, *position))
        .and_then(|(position, _)| u32::try_from(position).ok())
        .map(ResourceIndex);
    assert_eq!(table.find(Method::Get, path), expected);
    assert_eq!(table.find(Method::Head, path), expected);
    assert_eq!(table.methods_at(path).contains(Method::Get), expected.is_some());
}
