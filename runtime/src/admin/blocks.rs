//! `GET /blocks` shows what is blocked, `POST /blocks` sets a block, `DELETE /blocks/ID` removes one.

use super::State;
use super::answer::{Answer, error, json, not_allowed};
use super::aside::Aside;
use super::guard;
use crate::operator_blocks::{ChangeError, OperatorBlock};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use mgw_bundle::config::Block;
use serde::Serialize;
use std::net::IpAddr;
use std::sync::Arc;

pub(super) const PATH: &str = "/blocks";
pub(super) const BELOW: &str = "/blocks/";

/// Most blocks of the bundle in one answer; operators cannot have as many.
const MAX_OF_BUNDLE: usize = 10_000;

/// The blocks that are in force.
#[derive(Debug)]
pub(crate) struct BlocksInForce {
    pub(crate) operators: Vec<OperatorBlock>,
    /// Those that were pulled from the control plane.
    pub(crate) bundle: Vec<Block>,
}

/// Why a block is not set or removed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlockError {
    /// The request makes no sense.
    #[error("{0}")]
    Request(String),
    /// It would hold for nothing.
    #[error("no API is known under the context {0}")]
    Context(String),
    /// The list cannot be changed.
    #[error(transparent)]
    Change(#[from] ChangeError),
}

impl BlockError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Context(_) | Self::Change(ChangeError::Add(_)) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Change(ChangeError::Missing) => StatusCode::NOT_FOUND,
            Self::Change(ChangeError::Elsewhere(_)) => StatusCode::CONFLICT,
            Self::Change(ChangeError::Write(_)) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn answer(&self) -> Answer {
        if let Self::Change(ChangeError::Write(cause)) = self {
            tracing::error!(%cause, "a change of the blocks could not be kept, and is not made");
        }
        error(self.status(), &self.to_string())
    }
}

pub(super) async fn answer<S: State>(
    state: &Arc<S>,
    aside: &Aside,
    request: Request<Incoming>,
    peer: IpAddr,
    local: Option<IpAddr>,
) -> Answer {
    let id = request.uri().path().strip_prefix(BELOW).map(str::to_owned);
    let Some(id) = id else {
        return match *request.method() {
            Method::POST => set(state, aside, request, peer).await,
            Method::GET | Method::HEAD => show(&**state, &request, local),
            _ => not_allowed("GET, HEAD, POST"),
        };
    };
    if request.method() != Method::DELETE {
        return not_allowed("DELETE");
    }
    // Another origin's page has to ask before it may delete, which the gateway does not grant.
    if let Some(refused) = guard::refuse_page(request.headers(), "remove blocks") {
        return refused;
    }
    let Ok(id) = id.parse::<u64>() else {
        return error(StatusCode::NOT_FOUND, "there is no such block");
    };
    match aside.run(state, move |state| state.unblock(id)).await {
        Ok(Ok(removed)) => {
            tracing::info!(%peer, id, block = ?removed.block, "an operator has removed a block");
            json(StatusCode::OK, serde_json::json!({ "removed": removed }).to_string())
        }
        Ok(Err(reason)) => reason.answer(),
        Err(failed) => failed,
    }
}

async fn set<S: State>(state: &Arc<S>, aside: &Aside, request: Request<Incoming>, peer: IpAddr) -> Answer {
    let body = match guard::submitted(request, "block", &["application/json"]).await {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    match aside.run(state, move |state| state.block(&body)).await {
        Ok(Ok(added)) => {
            let (id, expires_at_ms) = (added.id, added.expires_at_ms);
            tracing::info!(%peer, id, block = ?added.block, expires_at_ms, "an operator has set a block");
            // Plain data with text keys is always JSON.
            json(StatusCode::CREATED, serde_json::to_string(&added).unwrap_or_default())
        }
        Ok(Err(reason)) => reason.answer(),
        Err(failed) => failed,
    }
}

fn show<S: State>(state: &S, request: &Request<Incoming>, local: Option<IpAddr>) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Shown {
        /// Set by operators.
        operators: Vec<OperatorBlock>,
        /// Pulled from the control plane.
        bundle: Vec<Block>,
        bundle_total: usize,
    }
    let headers = request.headers();
    let refused = guard::refuse_page(headers, "see blocks").or_else(|| guard::refuse_other_host(headers, local));
    if let Some(refused) = refused {
        return refused;
    }
    let mut blocks = state.blocks();
    let bundle_total = blocks.bundle.len();
    blocks.bundle.truncate(MAX_OF_BUNDLE);
    let shown = Shown {
        operators: blocks.operators,
        bundle: blocks.bundle,
        bundle_total,
    };
    json(StatusCode::OK, serde_json::to_string_pretty(&shown).unwrap_or_default())
}
