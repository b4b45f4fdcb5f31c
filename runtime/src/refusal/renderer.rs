//! Answers from bodies that were built once.

use super::{Refusal, Rejection, Shape};
use crate::media_type::is_grpc;
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

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
    /// `may_call`: it is a `POST` by HTTP/2, as every call of gRPC, or what is none is not told apart.
    pub fn choose(request: &HeaderMap, may_call: bool) -> Self {
        if may_call && is_grpc(request) {
            return Self::Grpc;
        }
        let weights = accept(request).map(Weights::read).unwrap_or_default();
        if weights.xml > weights.json.max(weights.anything) {
            Self::Xml
        } else {
            Self::Json
        }
    }

    /// The representation that a request asks for by name: gRPC, or a type in `Accept` that is no wildcard and is preferred
    /// to plain text. `None` where any would do.
    pub fn asked(request: &HeaderMap, may_call: bool) -> Option<Self> {
        if may_call && is_grpc(request) {
            return Some(Self::Grpc);
        }
        let weights = Weights::read(accept(request)?);
        let format = if weights.xml > weights.json {
            Self::Xml
        } else {
            Self::Json
        };
        let named = weights.xml.max(weights.json);
        (named > 0 && named >= weights.text).then_some(format)
    }
}

fn accept(request: &HeaderMap) -> Option<&str> {
    request.get(http::header::ACCEPT)?.to_str().ok()
}

/// The weights that an `Accept` value gives to what the gateway can answer with, in thousandths.
#[derive(Debug, Default)]
struct Weights {
    xml: u16,
    json: u16,
    /// Plain text or HTML: what a person's browser reads.
    text: u16,
    /// A wildcard that includes JSON.
    anything: u16,
}

impl Weights {
    fn read(accept: &str) -> Self {
        let mut weights = Self::default();
        for range in accept.split(',').take(32) {
            let mut parts = range.split(';').map(str::trim);
            let Some(kind) = parts.next() else { continue };
            let weight = parts
                .find_map(|parameter| parameter.strip_prefix("q="))
                .map_or(Some(1.0), |text| text.parse::<f32>().ok())
                .map_or(0, |quality| (quality.clamp(0.0, 1.0) * 1000.0) as u16);
            let kind = kind.to_ascii_lowercase();
            let place = match kind.as_str() {
                "application/xml" | "text/xml" => &mut weights.xml,
                "text/plain" | "text/html" | "application/xhtml+xml" => &mut weights.text,
                "application/json" => &mut weights.json,
                "*/*" | "application/*" => &mut weights.anything,
                kind if kind.ends_with("+xml") => &mut weights.xml,
                kind if kind.ends_with("+json") => &mut weights.json,
                _ => continue,
            };
            *place = weight.max(*place);
        }
        weights
    }
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
        let format = match format {
            // micro-gw did not look at `Accept`.
            BodyFormat::Xml if self.compat => BodyFormat::Json,
            format => format,
        };
        let body = self.body(refusal, format);
        let mut response = Response::new(body);
        *response.status_mut() = match format {
            // What else it says, clients of gRPC would take in place of `grpc-status`.
            BodyFormat::Grpc if !self.compat => StatusCode::OK,
            _ => refusal.status(self.compat),
        };
        let length = response.body().len();
        let headers = response.headers_mut();
        let content_type = match format {
            BodyFormat::Json => HeaderValue::from_static("application/json"),
            BodyFormat::Xml => HeaderValue::from_static("application/xml"),
            BodyFormat::Grpc => HeaderValue::from_static("application/grpc"),
        };
        headers.insert(CONTENT_TYPE, content_type);
        if format != BodyFormat::Grpc {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        } else {
            // To caches a 200 is worth keeping.
            if !self.compat {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            headers.insert(
                "grpc-status",
                HeaderValue::from(u16::from(refusal.grpc_status(self.compat))),
            );
            headers.insert(
                "grpc-message",
                HeaderValue::from_static(refusal.grpc_message(self.compat)),
            );
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
