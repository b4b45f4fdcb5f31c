//! Answers from bodies that were built once.

use super::{Refusal, Rejection, Shape};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response};

/// The representation of a refusal's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// `application/json`, the default.
    Json,
    /// `application/xml`
    Xml,
    /// `application/grpc`: no body, the reason stands in `grpc-status` and `grpc-message`.
    Grpc,
}

impl BodyFormat {
    /// Chooses the representation: gRPC answers gRPC; XML only when `Accept` names an XML type and prefers it to JSON.
    pub fn choose(request: &HeaderMap) -> Self {
        let grpc = request
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
        if grpc {
            return Self::Grpc;
        }
        match request.get(http::header::ACCEPT).and_then(|value| value.to_str().ok()) {
            Some(accept) if prefers_xml(accept) => Self::Xml,
            _ => Self::Json,
        }
    }
}

/// Compares the weights that an `Accept` value gives to XML and to JSON. A wildcard counts for JSON.
fn prefers_xml(accept: &str) -> bool {
    let (mut xml, mut json) = (0_u16, 0_u16);
    for range in accept.split(',').take(32) {
        let mut parts = range.split(';').map(str::trim);
        let Some(kind) = parts.next() else { continue };
        let weight = parts
            .find_map(|parameter| parameter.strip_prefix("q="))
            .map_or(Some(1.0), |text| text.parse::<f32>().ok())
            .map_or(0, |quality| (quality.clamp(0.0, 1.0) * 1000.0) as u16);
        let kind = kind.to_ascii_lowercase();
        if kind == "application/xml" || kind == "text/xml" || kind.ends_with("+xml") && kind != "application/xhtml+xml"
        {
            xml = xml.max(weight);
        } else if kind == "application/json" || kind.ends_with("+json") || kind == "*/*" || kind == "application/*" {
            json = json.max(weight);
        }
    }
    xml > json
}

/// Renders rejections.
#[derive(Debug, Clone)]
pub struct Renderer {
    compat: bool,
    json: Vec<Bytes>,
    xml: Vec<Bytes>,
}

impl Renderer {
    /// Builds every body. `compat` selects the statuses and texts of micro-gw 3.2 where ours differ.
    pub fn new(compat: bool) -> Self {
        let bodies = |build: fn(Refusal, bool) -> String| {
            Refusal::ALL
                .iter()
                .map(|&refusal| Bytes::from(build(refusal, compat)))
                .collect()
        };
        Self {
            compat,
            json: bodies(json),
            xml: bodies(xml),
        }
    }

    /// Returns whether the answers are those of micro-gw 3.2.
    pub fn compat(&self) -> bool {
        self.compat
    }

    /// Returns the body of a refusal. Cloned from a prebuilt buffer, nothing is copied.
    pub fn body(&self, refusal: Refusal, format: BodyFormat) -> Bytes {
        let bodies = match format {
            BodyFormat::Json => &self.json,
            BodyFormat::Xml => &self.xml,
            BodyFormat::Grpc => return Bytes::new(),
        };
        bodies.get(refusal.index()).cloned().unwrap_or_default()
    }

    /// Returns the whole answer. `Allow` of a 405 and the correlation id are the caller's to add.
    pub fn render(&self, rejection: &Rejection, format: BodyFormat) -> Response<Bytes> {
        let refusal = rejection.refusal;
        let body = self.body(refusal, format);
        let mut response = Response::new(body);
        *response.status_mut() = refusal.status(self.compat);
        let length = response.body().len();
        let headers = response.headers_mut();
        let content_type = match format {
            BodyFormat::Json => HeaderValue::from_static("application/json"),
            BodyFormat::Xml => HeaderValue::from_static("application/xml"),
            BodyFormat::Grpc => HeaderValue::from_static("application/grpc"),
        };
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        if format == BodyFormat::Grpc {
            headers.insert(
                "grpc-status",
                HeaderValue::from(u16::from(refusal.grpc_status(self.compat))),
            );
            headers.insert("grpc-message", HeaderValue::from_static(refusal.texts(self.compat).0));
        }
        if let Some(challenge) = &rejection.challenge {
            headers.insert(WWW_AUTHENTICATE, challenge.clone());
        }
        if let Some(seconds) = rejection.retry_after
            && !self.compat
        {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.get()));
        }
        response
    }
}

/// Blanks follow the commas and none follows a colon: clients of the product compare bytes.
fn json(refusal: Refusal, compat: bool) -> String {
    let code = refusal.code(compat);
    let (message, description) = refusal.texts(compat);
    let (message, description) = (quoted(message), quoted(description));
    match refusal.shape() {
        Shape::Fault => {
            format!("{{\"fault\":{{\"code\":{code}, \"message\":{message}, \"description\":{description}}}}}")
        }
        Shape::Status => format!(
            "{{\"code\":{code}, \"type\":\"Status report\", \"message\":{message}, \"description\":{description}}}"
        ),
        Shape::EndpointError => format!("{{\"ERROR_CODE\":\"{code}\", \"ERROR_MESSAGE\":{message}}}"),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn xml(refusal: Refusal, compat: bool) -> String {
    let code = refusal.code(compat);
    let (message, description) = refusal.texts(compat);
    // The texts are constants: a quote is the only character among them that could matter, and in content it does not.
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><fault><code>{code}</code><message>{message}</message>\
         <description>{description}</description></fault>"
    )
}
