//! `GET /backends` shows what is known of backends: their health, their circuits, and their load.

use super::State;
use super::answer::{Answer, json, not_allowed};
use super::guard;
use crate::upstream::EndpointState;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use serde::Serialize;
use std::net::IpAddr;

/// Endpoints in one answer at most.
const MOST: usize = 1000;

/// The answer.
#[derive(Debug, Serialize)]
struct Shown<'s> {
    /// Endpoints that something is known of.
    total: usize,
    endpoints: Vec<ShownEndpoint<'s>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownEndpoint<'s> {
    /// `name:version`.
    api: &'s str,
    /// The name that operators know.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'s str>,
    key_type: &'static str,
    targets: Vec<ShownTarget<'s>>,
}

/// What is absent is not looked at.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownTarget<'s> {
    url: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    healthy: Option<bool>,
    /// `closed`, `open` or `half-open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outstanding: Option<usize>,
}

/// `GET /backends`
pub(super) fn answer<S: State>(state: &S, request: &Request<Incoming>, local: Option<IpAddr>) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return not_allowed("GET, HEAD");
    }
    let headers = request.headers();
    let refused = guard::refuse_page(headers, "see backends").or_else(|| guard::refuse_other_host(headers, local));
    if let Some(refused) = refused {
        return refused;
    }
    let states = state.endpoints();
    let shown = Shown {
        total: states.len(),
        endpoints: states.iter().take(MOST).map(|state| show(state)).collect(),
    };
    // Plain data with text keys is always JSON.
    json(StatusCode::OK, serde_json::to_string_pretty(&shown).unwrap_or_default())
}

fn show(state: &EndpointState) -> ShownEndpoint<'_> {
    let about = &state.about;
    let targets = about.urls.iter().enumerate();
    ShownEndpoint {
        api: &about.api,
        endpoint: about.endpoint.as_deref(),
        key_type: about.key_type(),
        targets: targets
            .map(|(position, url)| ShownTarget {
                url,
                healthy: state.health.as_ref().map(|health| !health.is_unhealthy(position)),
                circuit: state
                    .breakers
                    .as_ref()
                    .and_then(|breakers| Some(breakers.get(position)?.state().name())),
                outstanding: state.loads.as_ref().map(|loads| loads.of(position)),
            })
            .collect(),
    }
}
