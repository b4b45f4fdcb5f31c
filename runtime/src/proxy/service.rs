//! Requests for services of the gateway itself, which belong to no API.

use super::answer::{Answer, Answered};
use super::phase::Phase;
use crate::auth::{MAX_BODY, Service, ServiceRequest};
use crate::core::Core;
use crate::refusal::{Refusal, Rejection};
use crate::server::ClientBody;
use crate::snapshot::Snapshot;
use bytes::Bytes;
use http::Response;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Duration;

/// For the whole body of such a request.
const BODY_TIME: Duration = Duration::from_secs(15);

/// Refuses a request whose path could lead somewhere else than to the service.
pub(super) fn check(snapshot: &Snapshot, service: Service, parts: &Parts) -> Option<Answered> {
    let services = snapshot.authenticator.services();
    // As for the path of an API.
    (!services.admits(service, target(parts))).then(|| Answered::refused(Phase::Route, Refusal::BadRequest))
}

fn target(parts: &Parts) -> &str {
    parts.uri.path_and_query().map_or("/", |target| target.as_str())
}

/// Reads the request to its end and has it answered.
pub(super) async fn answer(
    core: &Core,
    snapshot: &Snapshot,
    service: Service,
    parts: &Parts,
    body: ClientBody,
    client_ip: IpAddr,
    unix_ms: u64,
) -> Result<Response<Bytes>, Answered> {
    let refused = |refusal: Refusal| Answered::refused(Phase::Listener, refusal);
    // Passwords must not be guessed here instead of at an API.
    let checks_passwords = service == Service::ApiKey;
    let auth = || core.auth.lock().unwrap_or_else(PoisonError::into_inner);
    if checks_passwords && let Some(wait_ms) = auth().blocked_for(client_ip, unix_ms) {
        let rejection = Rejection::new(Refusal::TooManyFailures).with_retry_after_ms(wait_ms);
        return Err(Answered::refused(Phase::Listener, rejection));
    }
    let body = read(body).await.map_err(refused)?;
    let request = ServiceRequest {
        method: parts.method.clone(),
        target: target(parts).to_owned(),
        headers: parts.headers.clone(),
        body,
    };
    let services = snapshot.authenticator.services();
    let answer = services.answer(service, request, unix_ms).await;
    if checks_passwords && matches!(answer, Err(Refusal::WrongPassword)) {
        auth().failed(client_ip, unix_ms);
    }
    answer.map_err(|refusal| match refusal {
        Refusal::MethodNotAllowed => Answered::new(
            Phase::Listener,
            Answer::Unserved {
                refusal,
                json: true,
                methods: Some(service.methods()),
                text: Bytes::new(),
            },
        ),
        _ => {
            let rejection = Rejection::new(refusal).with_challenge(services.challenge(service, refusal));
            Answered::refused(Phase::Listener, rejection)
        }
    })
}

async fn read(body: ClientBody) -> Result<Bytes, Refusal> {
    match tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        Ok(Err(_)) => Err(Refusal::BadRequest),
        Err(_) => Err(Refusal::RequestTimeout),
    }
}
