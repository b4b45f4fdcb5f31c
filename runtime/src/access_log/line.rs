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
use std::io::Write;
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
    pub(super) fn write(&self, format: Format, stamp: &mut Stamp, line: &mut Vec<u8>) {
        match format {
            Format::Combined => self.write_combined(stamp, line),
            Format::Json => self.write_json(line),
        }
    }

    fn write_json(&self, line: &mut Vec<u8>) {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let parameters = self.api.as_ref().map_or(&[][..], |api| &api.key_parameters);
        let mut target = Vec::new();
        push_target(&mut target, &self.uri, parameters);
        let target = String::from_utf8_lossy(&target);
        let mut referer = Vec::new();
        push_referer(&mut referer, self.referer.as_ref(), parameters);
        let referer = String::from_utf8_lossy(&referer);
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
        // Writing to memory does not fail.
        let _ = writeln!(line, "{object}");
    }

    fn time(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(i64::try_from(self.unix_ms).unwrap_or(0)).unwrap_or_default()
    }

    /// 499 stands for an answer that broke off.
    fn status_code(&self) -> u16 {
        self.status.map_or(499, |status| status.as_u16())
    }

    fn write_combined(&self, stamp: &mut Stamp, line: &mut Vec<u8>) {
        push_address(line, self.client);
        line.extend_from_slice(b" - - [");
        stamp.push(line, self.unix_ms);
        line.extend_from_slice(b"] \"");
        line.extend_from_slice(self.method.as_str().as_bytes());
        line.push(b' ');
        let parameters = self.api.as_ref().map_or(&[][..], |api| &api.key_parameters);
        push_target(line, &self.uri, parameters);
        line.push(b' ');
        line.extend_from_slice(version(self.version));
        line.extend_from_slice(b"\" ");
        push_number(line, self.status_code());
        line.push(b' ');
        push_number(line, self.bytes);
        line.push(b' ');
        push_referer(line, self.referer.as_ref(), parameters);
        line.push(b' ');
        push_quoted(line, self.agent.as_ref());
        line.extend_from_slice(b" id=");
        push_escaped(line, self.id.as_bytes());
        line.extend_from_slice(b" api=");
        push_word(line, self.api.as_ref().map(|api| api.label.as_str()));
        line.extend_from_slice(b" app=");
        push_word(line, self.application());
        line.extend_from_slice(b" phase=");
        line.extend_from_slice(self.phase.as_bytes());
        line.extend_from_slice(b" ms=");
        let microseconds = u64::try_from(self.duration.as_micros()).unwrap_or(u64::MAX);
        push_number(line, microseconds / 1000);
        push_thousandths(line, microseconds % 1000);
        if let Some(failure) = self.failure {
            for part in [" fault=", failure.fault().word(), " reason=", failure.word()] {
                line.extend_from_slice(part.as_bytes());
            }
        }
        line.push(b'\n');
    }
}

/// Formatting machinery costs several times what the digits do, and every request leaves a line.
fn push_number(line: &mut Vec<u8>, number: impl itoa::Integer) {
    line.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Appends a point and three digits.
fn push_thousandths(line: &mut Vec<u8>, number: u64) {
    line.push(b'.');
    if number < 100 {
        line.push(b'0');
    }
    if number < 10 {
        line.push(b'0');
    }
    push_number(line, number);
}

fn push_address(line: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (position, octet) in address.octets().into_iter().enumerate() {
                if position > 0 {
                    line.push(b'.');
                }
                push_number(line, octet);
            }
        }
        // Writing to memory does not fail.
        IpAddr::V6(address) => drop(write!(line, "{address}")),
    }
}

fn version(version: Version) -> &'static [u8] {
    match version {
        Version::HTTP_2 => b"HTTP/2.0",
        Version::HTTP_10 => b"HTTP/1.0",
        // The server speaks no other.
        _ => b"HTTP/1.1",
    }
}

fn push_target(line: &mut Vec<u8>, uri: &Uri, key_parameters: &[String]) {
    push_escaped(line, uri.path().as_bytes());
    if let Some(query) = uri.query() {
        push_query(line, query, key_parameters);
    }
}

/// Appends a query with its question mark.
pub(crate) fn push_query(line: &mut Vec<u8>, query: &str, key_parameters: &[String]) {
    for (position, pair) in query.split('&').enumerate() {
        line.push(if position == 0 { b'?' } else { b'&' });
        match pair.split_once('=') {
            Some((name, _)) if is_secret_parameter(name, key_parameters) => {
                push_escaped(line, name.as_bytes());
                line.extend_from_slice(b"=***");
            }
            _ => push_escaped(line, pair.as_bytes()),
        }
    }
}

/// Whether a query parameter carries a credential, by its name.
pub(crate) fn is_secret_parameter(name: &str, key_parameters: &[String]) -> bool {
    // Read as keys are read: a blank may be written `+`.
    let Some((name, _)) = url::form_urlencoded::parse(name.as_bytes()).next() else {
        return false;
    };
    let listed = |secret: &str| name.eq_ignore_ascii_case(secret);
    SECRET_PARAMETERS.into_iter().any(listed) || key_parameters.iter().any(|secret| listed(secret))
}

/// A referring page of the same API may carry keys in its query too.
fn push_referer(line: &mut Vec<u8>, referer: Option<&HeaderValue>, key_parameters: &[String]) {
    let text = referer.and_then(|value| value.to_str().ok());
    match text.and_then(|text| text.split_once('?')) {
        Some((page, query)) => {
            line.push(b'"');
            push_escaped(line, page.as_bytes());
            push_query(line, query, key_parameters);
            line.push(b'"');
        }
        None => push_quoted(line, referer),
    }
}

fn push_quoted(line: &mut Vec<u8>, value: Option<&HeaderValue>) {
    line.push(b'"');
    match value {
        Some(value) => push_escaped(line, value.as_bytes()),
        None => line.push(b'-'),
    }
    line.push(b'"');
}

/// A value without blanks, so that a line can be split.
fn push_word(line: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) if !text.is_empty() => {
            for (position, part) in text.as_bytes().split(|byte| *byte == b' ').enumerate() {
                if position > 0 {
                    line.push(b'_');
                }
                push_escaped(line, part);
            }
        }
        _ => line.push(b'-'),
    }
}

/// Plain text is copied in one piece; nearly everything is plain.
fn push_escaped(line: &mut Vec<u8>, bytes: &[u8]) {
    // Without a branch per byte, so that many are looked at together.
    if bytes.iter().fold(true, |all, byte| all & is_plain(*byte)) {
        line.extend_from_slice(bytes);
        return;
    }
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => line.extend_from_slice(&[b'\\', byte]),
            _ if is_plain(byte) => line.push(byte),
            // Writing to memory does not fail.
            _ => drop(write!(line, "\\x{byte:02x}")),
        }
    }
}

fn is_plain(byte: u8) -> bool {
    (byte.wrapping_sub(b' ') < 95) & (byte != b'"') & (byte != b'\\')
}

/// The time of a line. Laying out a date costs more than the rest of the line, and a second's lines share it.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    second: u64,
    text: String,
}

impl Stamp {
    /// Appends the time, to the millisecond, in UTC.
    fn push(&mut self, line: &mut Vec<u8>, unix_ms: u64) {
        let second = unix_ms / 1000;
        if self.second != second || self.text.is_empty() {
            let seconds = i64::try_from(second).unwrap_or(0);
            let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
            let time = time.to_zoned(jiff::tz::TimeZone::UTC);
            self.text = time.strftime("%d/%b/%Y:%H:%M:%S").to_string();
            self.second = second;
        }
        line.extend_from_slice(self.text.as_bytes());
        push_thousandths(line, unix_ms % 1000);
        line.extend_from_slice(b" +0000");
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
        written(record, Format::Combined)
    }

    fn written(record: &Record, format: Format) -> String {
        let mut line = Vec::new();
        record.write(format, &mut Stamp::default(), &mut line);
        String::from_utf8(line).expect("only plain text is written")
    }

    #[test]
    fn json_lines_say_the_same() -> Result<(), serde_json::Error> {
        let line = written(&record("/pets?apikey=s3cret"), Format::Json);
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
    fn whatever_the_address_and_the_time() {
        for (client, micros, version, expected) in [
            (
                "192.0.2.7",
                0,
                Version::HTTP_2,
                ["192.0.2.7 - - [", " HTTP/2.0\" ", " ms=0.000\n"],
            ),
            (
                "10.0.0.255",
                7_009,
                Version::HTTP_10,
                ["10.0.0.255 - - [", " HTTP/1.0\" ", " ms=7.009\n"],
            ),
            (
                "2001:db8::1",
                61_000_099,
                Version::HTTP_11,
                ["2001:db8::1 - - [", " HTTP/1.1\" ", " ms=61000.099\n"],
            ),
        ] {
            let mut record = record("/p");
            record.client = client.parse().expect("an address");
            record.duration = Duration::from_micros(micros);
            record.version = version;
            let line = line(&record);
            let [start, middle, end] = expected;
            assert!(
                line.starts_with(start) && line.contains(middle) && line.ends_with(end),
                "{line}"
            );
        }
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
            let mut line = Vec::new();
            stamp.push(&mut line, unix_ms);
            assert_eq!(String::from_utf8_lossy(&line), expected);
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
        let json = written(&record, Format::Json);
        assert!(json.contains("\"referer\":\"https://a/b?mykey=***&c=1\""), "{json}");
    }
}
