//! Compares an answer with what was expected.

use super::case::{Expectation, HeaderExpectation};
use super::sent::Sent;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::Value;
use std::ops::RangeInclusive;

/// What the gateway says of requests that lead nowhere, in whichever format.
const NO_ROUTE: [&str; 2] = [
    "No matching resource found for given API Request",
    "Method not allowed for given API resource",
];

/// An answer, as far as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Names in lower case.
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// There is more of the body than was read.
    pub(super) is_cut: bool,
}

impl Answer {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The code of a refusal of the gateway's own.
    pub(super) fn code(&self) -> Option<u64> {
        let (code, is_fault) = self.json_code().or_else(|| Some((fault_code(&self.body)?, true)))?;
        // The families of the gateway, and its faults whose code is the status; backends may have codes of their own.
        let is_status = is_fault && code == u64::from(self.status);
        (is_status || matches!(code, 101_503..=101_599 | 900_000..=900_999)).then_some(code)
    }

    /// A code in JSON, and whether it is that of a fault.
    fn json_code(&self) -> Option<(u64, bool)> {
        let json = self.json()?;
        let code = json.get("fault").unwrap_or(&json).get("code")?;
        let code = code.as_u64().or_else(|| code.as_str()?.parse().ok())?;
        Some((code, json.get("fault").is_some()))
    }
}

/// The code of a fault in XML, whatever prefix its names have.
fn fault_code(body: &[u8]) -> Option<u64> {
    let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
    let mut open: Vec<String> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                open.push(element.local_name().as_ref().to_owned());
                // Whatever begins otherwise is no fault of the gateway.
                if open[0] != "fault" {
                    return None;
                }
            }
            Event::Text(text) if open == ["fault", "code"] => return text.trim().parse().ok(),
            Event::End(_) => drop(open.pop()),
            Event::Eof => return None,
            _ => {}
        }
    }
}

impl Answer {
    /// What the gateway said, when the answer is its own.
    fn refusal(&self) -> Option<String> {
        if let Some(code) = self.code() {
            return Some(code.to_string());
        }
        let text = self.text();
        let said = NO_ROUTE
            .iter()
            .find(|said| matches!(self.status, 404 | 405) && text.contains(*said));
        said.map(|said| format!("{}: {said}", self.status))
    }
}

/// Everything in which an answer differs from what was expected.
pub(super) fn differences(answer: &Answer, expected: &Expectation, sent: &Sent) -> Vec<String> {
    let mut found = Vec::new();
    // Whoever asks often enough meets a limit; that says nothing about what was asked.
    if expected.from_backend && answer.status == 429 && matches!(answer.code(), Some(900_800..=900_899)) {
        return found;
    }
    if !expected.statuses.is_empty() && !expected.statuses.iter().any(|range| range.contains(&answer.status)) {
        found.push(format!(
            "status {} instead of {}{}",
            answer.status,
            listed(&expected.statuses),
            match answer.code() {
                Some(code) => format!(", with the gateway's code {code}"),
                None => String::new(),
            }
        ));
    }
    if let Some(code) = expected.code
        && answer.code() != Some(code)
    {
        let instead = answer
            .code()
            .map_or("no code".to_owned(), |code| format!("code {code}"));
        found.push(format!("{instead} of the gateway instead of {code}"));
    }
    if expected.from_backend
        && let Some(refusal) = answer.refusal()
    {
        found.push(format!("the gateway answers with {refusal}; the backend was to answer"));
    }
    for (name, wanted) in &expected.headers {
        found.extend(header(answer, name, wanted, sent));
    }
    found.extend(body(answer, expected, sent));
    found
}

fn listed(statuses: &[RangeInclusive<u16>]) -> String {
    let one = |range: &RangeInclusive<u16>| match (*range.start(), *range.end()) {
        (start, end) if start == end => start.to_string(),
        (start, end) => format!("{start} to {end}"),
    };
    statuses.iter().map(one).collect::<Vec<_>>().join(" or ")
}

fn header(answer: &Answer, name: &str, wanted: &HeaderExpectation, sent: &Sent) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let mut values = answer
        .headers
        .iter()
        .filter(|(other, _)| *other == name)
        .map(|(_, value)| value);
    let fits = |value: &String| match wanted {
        HeaderExpectation::Absent => false,
        HeaderExpectation::Is(wanted) => value == wanted,
        HeaderExpectation::BeginsWith(wanted) => value.starts_with(wanted.as_str()),
    };
    let first = values.clone().next();
    match (wanted, first) {
        (HeaderExpectation::Absent, Some(value)) => Some(format!("the header {name} is there: {}", sent.short(value))),
        (HeaderExpectation::Absent, None) => None,
        (_, None) => Some(format!("the header {name} is missing")),
        (HeaderExpectation::Is(text) | HeaderExpectation::BeginsWith(text), Some(value)) => {
            (!values.any(fits)).then(|| {
                format!(
                    "the header {name} is {} instead of {}",
                    sent.short(value),
                    sent.short(text)
                )
            })
        }
    }
}

fn body(answer: &Answer, expected: &Expectation, sent: &Sent) -> Vec<String> {
    let mut found = Vec::new();
    let text = answer.text();
    let looks = expected.equals.is_some() || expected.json.is_some() || !expected.contains.is_empty();
    if looks && answer.is_cut {
        found.push(format!(
            "the body is longer than the {} bytes that are looked at",
            answer.body.len()
        ));
        return found;
    }
    if let Some(equals) = expected.equals.as_ref().filter(|equals| **equals != text) {
        found.push(format!(
            "the body is {} instead of {}",
            sent.short(&text),
            sent.short(equals)
        ));
    }
    for part in expected.contains.iter().filter(|part| !text.contains(part.as_str())) {
        found.push(format!(
            "the body does not hold {}: {}",
            sent.short(part),
            sent.short(&text)
        ));
    }
    if let Some(wanted) = &expected.json {
        match answer.json() {
            Some(json) => found.extend(json_difference("$", wanted, &json, sent)),
            None => found.push(format!("the body is no JSON: {}", sent.short(&text))),
        }
    }
    found
}

/// The first difference: members that are not named may be there, elements of lists may not.
fn json_difference(path: &str, wanted: &Value, found: &Value, sent: &Sent) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            match found.get(key) {
                Some(found) => json_difference(&path, value, found, sent),
                None => Some(format!("{path} is missing from the body")),
            }
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => wanted
            .iter()
            .zip(found)
            .enumerate()
            .find_map(|(index, (wanted, found))| json_difference(&format!("{path}[{index}]"), wanted, found, sent)),
        (Value::Array(wanted), Value::Array(found)) => Some(format!(
            "{path} has {} elements instead of {}",
            found.len(),
            wanted.len()
        )),
        // 1 and 1.0 are one number.
        (Value::Number(wanted), Value::Number(found)) if wanted.as_f64() == found.as_f64() => None,
        _ if wanted == found => None,
        _ => Some(format!(
            "{path} is {} instead of {}",
            sent.short(&found.to_string()),
            sent.short(&wanted.to_string())
        )),
    }
}

#[cfg(test)]
mod tests;
