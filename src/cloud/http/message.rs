//! The server's own words in an error answer, whichever of its parts wrote it.

use crate::cloud::json;

/// How much of a text that is not JSON is shown.
const TEXT_LIMIT: usize = 200;

/// Returns a message from an error payload: the usual JSON members, else the start of the text without tags.
pub(crate) fn error_text(body: &[u8]) -> String {
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) {
        let fault = json::member(&value, "fault");
        let found = ["description", "message", "error_description"]
            .into_iter()
            .find_map(|key| json::text(&value, key))
            .or_else(|| fault.and_then(|fault| json::text(fault, "description")))
            .or_else(|| fault.and_then(|fault| json::text(fault, "message")))
            .or_else(|| json::text(&value, "error"));
        return shorten(&found.unwrap_or_default());
    }
    let start = body.get(..body.len().min(4 * 1024)).unwrap_or_default();
    shorten(&without_tags(&String::from_utf8_lossy(start)))
}

fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// One line of at most [`TEXT_LIMIT`] characters; control characters, which could fool a terminal, become blanks.
pub(crate) fn shorten(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = clean.split_whitespace().collect();
    words.join(" ").chars().take(TEXT_LIMIT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_is_understood() {
        for (body, expected) in [
            (
                r#"{"code":401,"message":"","description":"Unauthenticated request"}"#,
                "Unauthenticated request",
            ),
            (
                r#"{"code":500,"message":"Internal server error","description":null}"#,
                "Internal server error",
            ),
            (r#"{"error":"invalid_grant","error_description":"no"}"#, "no"),
            (r#"{"error":"invalid_grant"}"#, "invalid_grant"),
            (
                r#"{"fault":{"code":900901,"message":"Invalid Credentials","description":"Check"}}"#,
                "Check",
            ),
            (
                r#"{"fault":{"code":900901,"message":"Invalid Credentials"}}"#,
                "Invalid Credentials",
            ),
            ("<html><body><h1>502</h1> Bad\nGateway</body></html>", "502 Bad Gateway"),
            ("<ams:fault><ams:message>Down</ams:message></ams:fault>", "Down"),
            ("", ""),
            ("\u{1b}[31mred", "[31mred"),
        ] {
            assert_eq!(error_text(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(error_text("é".repeat(5000).as_bytes()).chars().count(), TEXT_LIMIT);
    }
}
