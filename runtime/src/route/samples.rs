//! Requests that stand for those of a template: whatever matches such a path matches without regard to what the variables hold.

use mgw_bundle::template::{ENCODED_SLASH, Segment, Template, decoded};
use std::collections::HashSet;

/// A character that none of the texts holds.
pub fn unused_character<'a>(texts: impl Iterator<Item = &'a String>) -> char {
    let used: HashSet<char> = texts
        .flat_map(|text| decoded(text).chars().collect::<Vec<_>>())
        .collect();
    ('\u{e000}'..='\u{f8ff}')
        .find(|character| !used.contains(character))
        .unwrap_or('\u{e000}')
}

/// Paths that a template matches, with `value` for its variables: one, or, when it ends with `*`, one for every number of
/// segments that makes a difference.
pub fn samples(template: &Template, value: char, deepest: usize) -> impl Iterator<Item = String> {
    let mut path = String::new();
    let mut ends = vec![String::new()];
    for segment in template.segments() {
        match segment {
            Segment::Literal(text) => path.extend(["/", &encoded(text)]),
            Segment::Variable => path.extend(["/", value.encode_utf8(&mut [0; 4])]),
            Segment::Pattern(pattern) => {
                path.extend(["/", &encoded(pattern.prefix())]);
                path.push(value);
                for text in pattern.between() {
                    path.push_str(&encoded(text));
                    path.push(value);
                }
                path.push_str(&encoded(pattern.suffix()));
            }
            Segment::Prefix(text) => {
                path.extend(["/", &encoded(text)]);
                let more = |depth| format!("/{value}").repeat(depth);
                ends = (0..=deepest)
                    .flat_map(|depth| [more(depth), format!("{value}{}", more(depth))])
                    .collect();
            }
            Segment::Rest => {
                // At the root it takes the path without any segment too.
                let least = usize::from(!path.is_empty());
                ends = (least..=deepest)
                    .map(|depth| format!("/{value}").repeat(depth))
                    .collect();
            }
        }
    }
    ends.into_iter().map(move |end| {
        if path.is_empty() && end.is_empty() {
            "/".to_owned()
        } else {
            format!("{path}{end}")
        }
    })
}

/// Fixed text as a client would send it.
fn encoded(text: &str) -> String {
    let mut sent = String::new();
    for character in text.chars() {
        match character {
            ENCODED_SLASH => sent.push_str("%2F"),
            _ if character.is_ascii_alphanumeric() || !character.is_ascii() || "-._~".contains(character) => {
                sent.push(character);
            }
            _ => sent.push_str(&format!("%{:02X}", u32::from(character))),
        }
    }
    sent
}
