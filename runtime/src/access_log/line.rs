//! One line: the combined format, and after it what a gateway knows besides.
//!
//! `client - - [time] "method target version" status bytes "referer" "agent" id=… api=… app=… phase=… ms=…`
//!
//! Behind it stand `fault=…` and `reason=…` when the client got no whole answer of a backend: who is to blame, and why.
//!
//! `phase` is the one that answered; `respond` stands for an answer of the backend.
//!
//! Values of query parameters that carry credentials are replaced; header and target text is escaped, so that a client
//! can neither forge lines nor send terminal sequences.

use crate::auth::Caller;
use crate::upstream::FailureReason;
use http::{HeaderValue, Method, StatusCode, Uri, Version};
use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Query parameters whose values never reach the log, lower case. Those declared for API keys come on top.
const SECRET_PARAMETERS: [&str; 12] = [
    "access_token",
    "apikey",
    "api_key",
    "api-key",
    "assertion",
    "client_secret",
    "code",
    "id_token",
    "password",
    "refresh_token",
    "token",
    "x-api-key",
];

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The combined format and more.
    Combined,
    /// One JSON object per line.
    Json,
}

/// What a line is made from; cheap to make, formatted elsewhere.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) client: IpAddr,
    pub(crate) unix_ms: u64,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) version: Version,
    /// `None` when the answer broke off.
    pub(crate) status: Option<StatusCode>,
    pub(crate) bytes: u64,
    pub(crate) duration: Duration,
    /// The phase that answered.
    pub(crate) phase: &'static str,
    pub(crate) referer: Option<HeaderValue>,
    pub(crate) agent: Option<HeaderValue>,
    pub(crate) id: HeaderValue,
    /// Name and version of the API, and its query parameters that carry keys.
    pub(crate) api: Option<Arc<LoggedApi>>,
    /// The admitted caller: the consumer key is written, else the application.
    pub(crate) caller: Option<Arc<Caller>>,
    /// Why the client got no whole answer of a backend.
    pub(crate) failure: Option<FailureReason>,
}

/// What lines say about an API.
#[derive(Debug)]
pub(crate) struct LoggedApi {
    /// `name:version`.
    pub(crate) label: String,
    /// Query parameters that carry API keys.
    pub(crate) key_parameters: Vec<String>,
}

impl Record {
    fn application(&self) -> Option<&str> {
        let caller = self.caller.as_ref()?;
        caller
            .identity
            .consumer_key
            .as_deref()
            .or(Some(&caller.grant.application_id))
    }

    /// Appends the line with its line break.
    pub(super) fn write(&self, format: Format, stamp: &mut Stamp, line: &mut String) {
        match format {
            Format::Combined => self.write_combined(stamp, line),
            Format::Json => self.write_json(line),
        }
    }

    fn write_json(&self, line: &mut String) {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let parameters = self.api.as_ref().map_or(&[][..], |api| &api.key_parameters);
        let mut target = String::new();
        push_target(&mut target, &self.uri, parameters);
        let mut referer = String::new();
        push_referer(&mut referer, self.referer.as_ref(), parameters);
        let referer = referer.trim_matches('"');
        let object = serde_json::json!({
            "time": self.time().to_string(),
            "client": self.client,
            "method": self.method.as_str(),
            "target": target,
            "version": format!("{:?}", self.version),
            "status": self.status_code(),
            "bytes": self.bytes,
            "referer": self.referer.as_ref().map(|_| referer),
            "agent": self.agent.as_ref().map(text),
            "id": text(&self.id),
            "api": self.api.as_ref().map(|api| &api.label),
            "application": self.application(),
            "phase": self.phase,
            "fault": self.failure.map(|failure| failure.fault().word()),
            "reason": self.failure.map(|failure| failure.word()),
            "durationMs": self.duration.as_micros() as f64 / 1000.0,
        });
        // Writing to a string does not fail.
        let _ = writeln!(line, "{object}");
    }

    fn time(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(i64::try_from(self.unix_ms).unwrap_or(0)).unwrap_or_default()
    }

    /// 499 stands for an answer that broke off.
    fn status_code(&self) -> u16 {
        self.status.map_or(499, |status| status.as_u16())
    }

    fn write_combined(&self, stamp: &mut Stamp, line: &mut String) {
        let status = self.status_code();
        // Writing to a string does not fail.
        let _ = write!(line, "{} - - [", self.client);
        stamp.push(line, self.unix_ms);
        let _ = write!(line, "] \"{} ", self.method);
        let parameters = self.api.as_ref().map_or(&[][..], |api| &api.key_parameters);
        push_target(line, &self.uri, parameters);
        let _ = write!(line, " {:?}\" {status} {} ", self.version, self.bytes);
        push_referer(line, self.referer.as_ref(), parameters);
        line.push(' ');
        push_quoted(line, self.agent.as_ref());
        line.push_str(" id=");
        push_escaped(line, self.id.as_bytes());
        line.push_str(" api=");
        push_word(line, self.api.as_ref().map(|api| api.label.as_str()));
        line.push_str(" app=");
        push_word(line, self.application());
        let (milliseconds, rest) = (self.duration.as_millis(), self.duration.subsec_micros() % 1000);
        let _ = write!(line, " phase={} ms={milliseconds}.{rest:03}", self.phase);
        if let Some(failure) = self.failure {
            let _ = write!(line, " fault={} reason={}", failure.fault().word(), failure.word());
        }
        line.push('\n');
    }
}

fn push_target(line: &mut String, uri: &Uri, key_parameters: &[String]) {
    push_escaped(line, uri.path().as_bytes());
    if let Some(query) = uri.query() {
        push_query(line, query, key_parameters);
    }
}

/// Appends a query with its question mark.
fn push_query(line: &mut String, query: &str, key_parameters: &[String]) {
    for (position, pair) in query.split('&').enumerate() {
        line.push(if position == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if is_secret(name, key_parameters) => {
                push_escaped(line, name.as_bytes());
                line.push_str("=***");
            }
            _ => push_escaped(line, pair.as_bytes()),
        }
    }
}

fn is_secret(name: &str, key_parameters: &[String]) -> bool {
    // Read as keys are read: a blank may be written `+`.
    let Some((name, _)) = url::form_urlencoded::parse(name.as_bytes()).next() else {
        return false;
    };
    let listed = |secret: &str| name.eq_ignore_ascii_case(secret);
    SECRET_PARAMETERS.into_iter().any(listed) || key_parameters.iter().any(|secret| listed(secret))
}

/// A referring page of the same API may carry keys in its query too.
fn push_referer(line: &mut String, referer: Option<&HeaderValue>, key_parameters: &[String]) {
    let text = referer.and_then(|value| value.to_str().ok());
    match text.and_then(|text| text.split_once('?')) {
        Some((page, query)) => {
            line.push('"');
            push_escaped(line, page.as_bytes());
            push_query(line, query, key_parameters);
            line.push('"');
        }
        None => push_quoted(line, referer),
    }
}

fn push_quoted(line: &mut String, value: Option<&HeaderValue>) {
    line.push('"');
    match value {
        Some(value) => push_escaped(line, value.as_bytes()),
        None => line.push('-'),
    }
    line.push('"');
}

/// A value without blanks, so that a line can be split.
fn push_word(line: &mut String, text: Option<&str>) {
    match text {
        Some(text) if !text.is_empty() => {
            for part in text.split(' ').enumerate() {
                if part.0 > 0 {
                    line.push('_');
                }
                push_escaped(line, part.1.as_bytes());
            }
        }
        _ => line.push('-'),
    }
}

/// Plain text is copied in one piece; nearly everything is plain.
fn push_escaped(line: &mut String, bytes: &[u8]) {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if bytes.iter().all(is_plain) {
        line.push_str(std::str::from_utf8(bytes).unwrap_or_default());
        return;
    }
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => {
                line.push('\\');
                line.push(char::from(byte));
            }
            b' '..=b'~' => line.push(char::from(byte)),
            _ => {
                let _ = write!(line, "\\x{byte:02x}");
            }
        }
    }
}

/// The time of a line. Laying out a date costs more than the rest of the line, and a second's lines share it.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: u64,
    text: String,
}

impl Stamp {
    /// Appends the time, to the millisecond, in UTC.
    fn push(&mut self, line: &mut String, unix_ms: u64) {
        let second = unix_ms / 1000;
        if self.second != second || self.text.is_empty() {
            let seconds = i64::try_from(second).unwrap_or(0);
            let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
            let time = time.to_zoned(jiff::tz::TimeZone::UTC);
            self.text = time.strftime("%d/%b/%Y:%H:%M:%S").to_string();
            self.second = second;
        }
        // Writing to a string does not fail.
        let _ = write!(line, "{}.{:03} +0000", self.text, unix_ms % 1000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(uri: &'static str) -> Record {
        Record {
            client: IpAddr::from([192, 0, 2, 7]),
            unix_ms: 1_560_530_445_636,
            method: Method::GET,
            uri: Uri::from_static(uri),
            version: Version::HTTP_11,
            status: Some(StatusCode::OK),
            bytes: 12,
            duration: Duration::from_micros(1234),
            phase: "respond",
            referer: None,
            agent: HeaderValue::from_bytes(b"a\"b\xff").ok(),
            id: HeaderValue::from_static("42"),
            api: Some(Arc::new(LoggedApi {
                label: "Pizza Shack:1.0".into(),
                key_parameters: vec!["mykey".into(), "my key".into()],
            })),
            caller: None,
            failure: None,
        }
    }

    fn line(record: &Record) -> String {
        let mut line = String::new();
        record.write(Format::Combined, &mut Stamp::default(), &mut line);
        line
    }

    #[test]
    fn json_lines_say_the_same() -> Result<(), serde_json::Error> {
        let mut line = String::new();
        record("/pets?apikey=s3cret").write(Format::Json, &mut Stamp::default(), &mut line);
        let object: serde_json::Value = serde_json::from_str(&line)?;
        assert_eq!(object["time"], "2019-06-14T16:40:45.636Z");
        assert_eq!(object["target"], "/pets?apikey=***");
        assert_eq!(object["status"], 200);
        assert_eq!(object["api"], "Pizza Shack:1.0");
        assert_eq!(object["application"], serde_json::Value::Null);
        assert_eq!(object["durationMs"], 1.234);
        Ok(())
    }

    #[test]
    fn has_the_combined_format_and_more() {
        assert_eq!(
            line(&record("/pets?a=1")),
            "192.0.2.7 - - [14/Jun/2019:16:40:45.636 +0000] \"GET /pets?a=1 HTTP/1.1\" 200 12 \"-\" \"a\\\"b\\xff\" \
             id=42 api=Pizza_Shack:1.0 app=- phase=respond ms=1.234\n"
        );
    }

    #[test]
    fn a_stamp_follows_the_seconds() {
        let mut stamp = Stamp::default();
        for (unix_ms, expected) in [
            (0, "01/Jan/1970:00:00:00.000 +0000"),
            (999, "01/Jan/1970:00:00:00.999 +0000"),
            (1_000, "01/Jan/1970:00:00:01.000 +0000"),
            (1_560_530_445_636, "14/Jun/2019:16:40:45.636 +0000"),
            (999, "01/Jan/1970:00:00:00.999 +0000"),
        ] {
            let mut line = String::new();
            stamp.push(&mut line, unix_ms);
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn hides_keys_in_queries() {
        for (uri, target) in [
            ("/p?apikey=s3cret&x=1", "/p?apikey=***&x=1"),
            ("/p?x=1&ApiKey=s3cret", "/p?x=1&ApiKey=***"),
            ("/p?MYKEY=s3cret", "/p?MYKEY=***"),
            ("/p?%61pikey=s3cret", "/p?%61pikey=***"),
            ("/p?my+key=s3cret", "/p?my+key=***"),
            ("/p?access_token=s3cret", "/p?access_token=***"),
        ] {
            let line = line(&record(uri));
            assert!(line.contains(&format!("GET {target} ")), "{line}");
            assert!(!line.contains("s3cret"), "{line}");
        }
        let mut record = record("/p");
        record.referer = Some(HeaderValue::from_static("https://a/b?mykey=s3cret&c=1"));
        assert!(line(&record).contains("\"https://a/b?mykey=***&c=1\""));
        let mut json = String::new();
        record.write(Format::Json, &mut Stamp::default(), &mut json);
        assert!(json.contains("\"referer\":\"https://a/b?mykey=***&c=1\""), "{json}");
    }
}
