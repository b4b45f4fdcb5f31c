//! `POST /revocations`: revoked tokens, one JSON object per line.

use super::State;
use super::answer::{Answer, error, json, not_allowed};
use super::guard;
use crate::auth::AppliedRevocations;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;

/// Mistakes that are told about one list.
const MAX_ERRORS: usize = 100;

pub(super) async fn answer<S: State>(state: &S, request: Request<Incoming>) -> Answer {
    if request.method() != Method::POST {
        return not_allowed("POST");
    }
    let types = ["application/x-ndjson", "application/json"];
    let body = match guard::submitted(request, "revoke tokens", &types).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let Ok(list) = std::str::from_utf8(&body) else {
        return error(StatusCode::BAD_REQUEST, "the list is not UTF-8");
    };
    let AppliedRevocations { revoked, errors } = state.revoke(list);
    if errors.is_empty() {
        return json(StatusCode::OK, serde_json::json!({ "revoked": revoked }).to_string());
    }
    let errors: Vec<String> = errors.iter().take(MAX_ERRORS).map(ToString::to_string).collect();
    let body = serde_json::json!({ "revoked": revoked, "errors": errors }).to_string();
    json(StatusCode::UNPROCESSABLE_ENTITY, body)
}
