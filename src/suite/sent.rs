//! What was sent, which answers may repeat and reports must not: it may be a credential.

use super::case::Request;

/// The longest part of a body that a message shows, in characters.
const LONGEST: usize = 200;

/// Shorter values are parts of everything.
const SHORTEST: usize = 4;

/// What stands in their place.
const BLANK: &str = "(as sent)";

/// Headers that hold no credential.
const HARMLESS: [&str; 5] = ["accept", "accept-encoding", "content-length", "content-type", "host"];

/// The values of a request that may be credentials.
#[derive(Debug, Default)]
pub(super) struct Sent(Vec<String>);

impl Sent {
    /// Of a request and the token that was made for it.
    pub(super) fn of(request: &Request, token: Option<&str>) -> Self {
        let is_harmless = |name: &str| HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(name));
        let headers = request.headers.iter().filter(|(name, _)| !is_harmless(name));
        let mut values: Vec<String> = headers
            .flat_map(|(_, value)| std::iter::once(value.as_str()).chain(value.split([' ', ';', ','])))
            .chain(token)
            .map(|value| value.trim().to_owned())
            .collect();
        if let Some((_, query)) = request.target.split_once('?') {
            let raw = query.split('&').filter_map(|pair| pair.split_once('='));
            values.extend(raw.map(|(_, value)| value.to_owned()));
            values.extend(url::form_urlencoded::parse(query.as_bytes()).map(|(_, value)| value.into_owned()));
        }
        // Bodies of JSON hold them with escapes.
        let escaped = |value: &String| {
            serde_json::Value::from(value.as_str())
                .to_string()
                .trim_matches('"')
                .to_owned()
        };
        values.extend(values.iter().map(escaped).collect::<Vec<_>>());
        values.retain(|value| {
            value.len() >= SHORTEST && !value.eq_ignore_ascii_case("bearer") && !value.eq_ignore_ascii_case("basic")
        });
        // Longer ones first: others may be parts of them.
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self(values)
    }

    /// A text on one line, without what was sent, and no longer than a message may be.
    pub(super) fn short(&self, text: &str) -> String {
        // Before it is cut, as a part of a value would not be known.
        let text = self
            .0
            .iter()
            .fold(text.to_owned(), |text, value| text.replace(value.as_str(), BLANK));
        let mut out: String = text
            .chars()
            .take(LONGEST)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if out.len() < text.len() {
            out.push('…');
        }
        format!("`{out}`")
    }
}
