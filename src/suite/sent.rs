//! What was sent, which answers may repeat and reports must not: it may be a credential.

use super::case::Request;
use crate::explain::Secrets;

/// The longest part of a body that a message shows, in characters.
const LONGEST: usize = 200;

/// Headers that hold no credential.
const HARMLESS: [&str; 5] = ["accept", "accept-encoding", "content-length", "content-type", "host"];

/// The values of a request that may be credentials.
#[derive(Debug, Default)]
pub(super) struct Sent(Secrets);

impl Sent {
    /// Of a request and the token that was made for it.
    pub(super) fn of(request: &Request, token: Option<&str>) -> Self {
        let mut sent = Self::default();
        for (name, value) in &request.headers {
            if HARMLESS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                continue;
            }
            sent.add(value);
            // Cookies and parameters, which backends read one by one.
            for part in value.split([' ', ';', ',']).map(str::trim) {
                sent.add(part);
                sent.add(part.split_once('=').map_or("", |(_, value)| value.trim_matches('"')));
            }
        }
        sent.add(token.unwrap_or_default());
        if let Some((_, query)) = request.target.split_once('?') {
            let raw = query.split('&').filter_map(|pair| pair.split_once('='));
            raw.for_each(|(_, value)| sent.add(value));
            url::form_urlencoded::parse(query.as_bytes()).for_each(|(_, value)| sent.add(&value));
        }
        sent
    }

    /// Adds a value, and as bodies of JSON hold it.
    fn add(&mut self, value: &str) {
        self.0.add(value);
        let escaped = serde_json::Value::from(value).to_string();
        let inside = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
        if inside != value {
            self.0.add(inside);
        }
    }

    /// A text on one line, without what was sent, and no longer than a message may be.
    pub(super) fn short(&self, text: &str) -> String {
        // Before it is cut, as a part of a value would not be known.
        let text = self.0.out_of(text);
        let mut out: String = text
            .chars()
            .take(LONGEST)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        if text.chars().nth(LONGEST).is_some() {
            out.push('…');
        }
        format!("`{out}`")
    }
}
