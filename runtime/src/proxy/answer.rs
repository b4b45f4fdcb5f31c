//! Answers that the gateway gives itself.

use super::phase::Phase;
use crate::refusal::{BodyFormat, Refusal, Rejection};
use crate::route::MethodSet;
use crate::snapshot::{Preflight, Snapshot};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

/// An answer of the gateway's own.
#[derive(Debug)]
pub(super) enum Answer {
    /// A refusal in the format that the client asked for.
    Refused(Rejection),
    /// No API or no resource, or no such method there.
    Unserved {
        refusal: Refusal,
        /// Answer as JSON where the client asks for nothing else; text otherwise.
        json: bool,
        /// Value of `Allow`.
        methods: Option<MethodSet>,
        /// The text answer.
        text: Bytes,
    },
    /// OPTIONS without a resource of its own.
    Options(MethodSet),
    /// A granted pre-flight request.
    Preflight(Box<Preflight>),
    /// The gateway is alive.
    Health,
}

/// An answer and the phase that gave it.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) phase: Phase,
    pub(super) answer: Answer,
}

impl Answered {
    pub(super) fn new(phase: Phase, answer: Answer) -> Self {
        Self { phase, answer }
    }

    pub(super) fn refused(phase: Phase, rejection: impl Into<Rejection>) -> Self {
        Self::new(phase, Answer::Refused(rejection.into()))
    }
}

impl Answer {
    /// The reason, for the counters.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(rejection) => Some(rejection.refusal),
            Self::Unserved { refusal, .. } => Some(*refusal),
            Self::Options(_) | Self::Preflight(_) | Self::Health => None,
        }
    }

    pub(super) fn into_response(self, snapshot: &Snapshot, request: &HeaderMap, may_call: bool) -> Response<Bytes> {
        match self {
            Self::Refused(rejection) => snapshot
                .renderer
                .render(&rejection, BodyFormat::choose(request, may_call)),
            Self::Unserved {
                refusal,
                json,
                methods,
                text,
            } => {
                let format = if json {
                    Some(BodyFormat::choose(request, may_call))
                } else {
                    // micro-gw had text for all but gRPC.
                    BodyFormat::asked(request, may_call)
                        .filter(|format| !snapshot.compat || *format == BodyFormat::Grpc)
                };
                let mut response = match format {
                    Some(format) => snapshot.renderer.render(&refusal.into(), format),
                    None => own(
                        refusal.status(snapshot.compat),
                        HeaderValue::from_static("text/plain"),
                        text,
                    ),
                };
                // micro-gw named the methods in JSON only.
                let names_methods = json || !snapshot.compat;
                if let Some(methods) = methods.filter(|_| names_methods) {
                    response.headers_mut().insert(ALLOW, methods.allow());
                }
                response
            }
            Self::Options(methods) => {
                let mut response = empty();
                let methods = methods.with(mgw_bundle::config::Method::Options);
                response.headers_mut().insert(ALLOW, methods.allow());
                response
            }
            Self::Preflight(preflight) => {
                let mut response = empty();
                preflight.apply(response.headers_mut());
                response
            }
            Self::Health => own(
                StatusCode::OK,
                HeaderValue::from_static("application/json"),
                Bytes::from_static(b"{\"status\":\"healthy\"}"),
            ),
        }
    }
}

fn empty() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    response
}

fn own(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Bytes> {
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}
