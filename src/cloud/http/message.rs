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

/// Codes of the product's own errors begin here; below are HTTP statuses.
const FIRST_PRODUCT_CODE: u64 = 900_000;

/// Whether an error payload is the envelope of the management APIs: `code`, which is the status or one of the product's own,
/// with `message` and `description`. Gateways before them wrap it in `fault`, proxies write pages or other members.
pub(crate) fn is_own_error(body: &[u8], status: u16) -> bool {
    let Ok(value) = json::parse(body) else {
        return false;
    };
    let is_code = |code: u64| code == u64::from(status) || code >= FIRST_PRODUCT_CODE;
    let is_text = |key: &str| value.get(key).is_some_and(serde_json::Value::is_string);
    json::count(&value, "code").is_some_and(is_code) && is_text("message") && is_text("description")
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

    #[test]
    fn only_the_control_planes_own_envelope_is_its_word() {
        for (body, expected) in [
            (
                r#"{"code":404,"message":"Not Found","description":"Requested API with Id '7' not found","moreInfo":"","error":[]}"#,
                true,
            ),
            (
                r#"{"code":"404","message":"Not Found","description":"Requested API with Id '7' not found"}"#,
                true,
            ),
            (
                r#"{"code":900422,"message":"Not Found","description":"no such API"}"#,
                true,
            ),
            (r#"{"code":404,"message":"Not Found","description":null}"#, false),
            (r#"{"code":404,"message":"Not Found"}"#, false),
            (r#"{"code":500,"message":"a","description":"b"}"#, false),
            (r#"{"code":5,"message":"a","description":"b"}"#, false),
            (r#"{"message":"no Route matched with those values"}"#, false),
            (r#"{"fault":{"code":404,"message":"a","description":"b"}}"#, false),
            (
                r#"{"timestamp":1,"status":404,"error":"Not Found","path":"/apis/7"}"#,
                false,
            ),
            (r#"[{"code":404,"message":"a","description":"b"}]"#, false),
            ("<html><body>404</body></html>", false),
            ("", false),
        ] {
            assert_eq!(is_own_error(body.as_bytes(), 404), expected, "{body}");
        }
    }
}
