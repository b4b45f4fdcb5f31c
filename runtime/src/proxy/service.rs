//! Requests for services of the gateway itself, which belong to no API.

use super::answer::{Answer, Answered};
use super::phase::Phase;
use super::routing::options;
use super::{headers, hop, request_id};
use crate::auth::{MAX_BODY, Service, ServiceRequest, Strip};
use crate::core::Core;
use crate::refusal::{Refusal, Rejection};
use crate::server::{ClientBody, Connection};
use crate::snapshot::{CorsRules, Snapshot};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

/// For the whole body of such a request.
const BODY_TIME: Duration = Duration::from_secs(15);

/// A request for a service.
pub(super) struct Asked<'r> {
    pub(super) core: &'r Core,
    pub(super) snapshot: &'r Snapshot,
    pub(super) connection: &'r Connection,
    pub(super) service: Service,
    pub(super) parts: &'r Parts,
    pub(super) client_ip: IpAddr,
    /// The correlation id.
    pub(super) id: &'r HeaderValue,
}

impl Asked<'_> {
    fn target(&self) -> &str {
        self.parts.uri.path_and_query().map_or("/", |target| target.as_str())
    }

    /// Refuses a request whose path could lead somewhere else than to the service, and answers OPTIONS where there are
    /// cross-origin rules; both as for the path of an API. `granted` is the origin that the rules let in.
    pub(super) fn check(&self, rules: Option<&CorsRules>, granted: &mut Option<HeaderValue>) -> Option<Answered> {
        let services = self.snapshot.authenticator.services();
        if !services.admits(self.service, self.target()) {
            return Some(Answered::refused(Phase::Route, Refusal::BadRequest));
        }
        let rules = rules.filter(|_| self.parts.method == Method::OPTIONS)?;
        let letting_in = granted.as_ref().map(|_| rules);
        let answer = options(letting_in, &self.parts.headers, self.service.methods());
        if let Answer::Options(_) = answer {
            *granted = None;
        }
        Some(Answered::new(Phase::Route, answer))
    }

    /// Reads the request to its end and has it answered.
    pub(super) async fn answer(&self, body: ClientBody, unix_ms: u64) -> Result<Response<Bytes>, Answered> {
        let (service, client_ip) = (self.service, self.client_ip);
        let refused = |refusal: Refusal| Answered::refused(Phase::Listener, refusal);
        // Passwords must not be guessed here instead of at an API.
        let checks_passwords = service == Service::ApiKey;
        let auth = || self.core.auth.lock().unwrap_or_else(PoisonError::into_inner);
        if checks_passwords && let Some(wait_ms) = auth().blocked_for(client_ip, unix_ms) {
            let rejection = Rejection::new(Refusal::TooManyFailures).with_retry_after_ms(wait_ms);
            return Err(Answered::refused(Phase::Listener, rejection));
        }
        let body = read(body).await.map_err(refused)?;
        let request = ServiceRequest {
            method: self.parts.method.clone(),
            target: self.target().to_owned(),
            headers: self.headers(),
            body,
        };
        let services = self.snapshot.authenticator.services();
        let answer = services.answer(service, request, unix_ms).await;
        if checks_passwords && matches!(answer, Err(Refusal::WrongPassword)) {
            auth().failed(client_ip, unix_ms);
        }
        let mut answer = answer.map_err(|refusal| match refusal {
            Refusal::MethodNotAllowed => Answered::new(
                Phase::Listener,
                Answer::Unserved {
                    refusal,
                    json: true,
                    // micro-gw had it for APIs alone.
                    methods: (!self.snapshot.compat).then(|| service.methods()),
                    text: Bytes::new(),
                },
            ),
            _ => {
                let rejection = Rejection::new(refusal).with_challenge(services.challenge(service, refusal));
                Answered::refused(Phase::Listener, rejection)
            }
        })?;
        if service.is_forwarded() {
            headers::prepare_response(answer.headers_mut());
        }
        Ok(answer)
    }

    /// The header fields for whoever answers: the key manager is told what backends are told, but for the credentials, which
    /// are for itself.
    fn headers(&self) -> HeaderMap {
        let mut headers = self.parts.headers.clone();
        if !self.service.is_forwarded() {
            return headers;
        }
        let snapshot = self.snapshot;
        let (version, kept) = (self.parts.version, Strip::default());
        headers::prepare_request(&mut headers, version, &kept, &snapshot.backend_jwt_header);
        let hop = hop::of(snapshot, self.connection, self.parts);
        snapshot.forwarding.apply(&mut headers, &hop);
        snapshot.rules.apply_to_request(&mut headers);
        if !snapshot.compat {
            headers.insert(request_id::CORRELATION_ID, self.id.clone());
        }
        headers
    }
}

async fn read(body: ClientBody) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        Ok(Err(_)) => Err(Refusal::BadRequest),
        Err(_) => Err(Refusal::RequestTimeout),
    }
}
