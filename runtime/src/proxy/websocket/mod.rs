//! WebSocket: the handshake is a request like any other; from then on frames pass, and every message of the client is decided
//! about like a request.

mod ending;
mod flow;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod handshake;
mod ledger;
mod patient;
mod standing;
mod tunnel;

pub(super) use handshake::{is_asked_for, is_extended_connect};

use super::body::AnswerBody;
use super::exchange::Exchange;
use super::handle::{Reply, failed, relay};
use super::routing::Routed;
use crate::auth::ClientCertificate;
use crate::clock::Now;
use crate::core::Core;
use crate::refusal::BodyFormat;
use crate::server::Connection;
use crate::upstream::{Endpoint, Outgoing, Switch, UpstreamError};
use http::{HeaderMap, Response, StatusCode, Uri, Version};
use hyper::upgrade::OnUpgrade;
use ledger::Ledger;
use standing::Standing;
use std::net::IpAddr;
use std::sync::Arc;
use tunnel::Tunnel;

/// A handshake that may go to the backend.
pub(super) struct Asking<'r> {
    pub(super) core: &'r Arc<Core>,
    pub(super) connection: &'r Arc<Connection>,
    pub(super) endpoint: &'r Endpoint,
    pub(super) client: OnUpgrade,
    pub(super) uri: &'r Uri,
    pub(super) version: Version,
    /// The headers as received.
    pub(super) headers: HeaderMap,
    pub(super) outgoing: Outgoing<'r>,
    pub(super) route: &'r Routed<'r, 'r>,
    pub(super) client_ip: IpAddr,
    pub(super) forwarded: Option<ClientCertificate>,
    pub(super) began: Now,
    pub(super) format: BodyFormat,
}

/// Says what a resource wants that is a WebSocket, in an answer to something else.
pub(super) fn demand(mut response: Response<AnswerBody>, version: Version) -> Response<AnswerBody> {
    handshake::demand(response.headers_mut(), version);
    response
}

/// Asks the backend; when it agrees, frames pass once the answer has been sent.
pub(super) async fn open(asking: Asking<'_>, mut exchange: Exchange, reply: Reply<'_>) -> Response<AnswerBody> {
    let Asking {
        core,
        connection,
        endpoint,
        client,
        uri,
        version,
        headers,
        mut outgoing,
        route,
        client_ip,
        forwarded,
        began,
        format,
    } = asking;
    let snapshot = reply.snapshot;
    let Some(key) = handshake::ask(&mut outgoing.headers) else {
        return failed(reply, exchange, format, &UpstreamError::Unusable);
    };
    let reached = outgoing.reached;
    let agrees = |headers: &HeaderMap| handshake::is_agreed(headers, &key);
    let (mut head, backend) = match core.upstream.switch(endpoint, outgoing, agrees).await {
        Ok(Switch::Switched(head, backend)) => (head, backend),
        // To `CONNECT` it would say that the WebSocket is open.
        Ok(Switch::Answered(answer)) if version == Version::HTTP_2 && answer.status().is_success() => {
            return failed(reply, exchange, format, &UpstreamError::Unusable);
        }
        Ok(Switch::Answered(answer)) => {
            exchange.reached(reached);
            return relay(reply, exchange, answer, began);
        }
        Err(error) => return failed(reply, exchange, format, &error),
    };
    core.metrics.upstream_answered(began.instant.elapsed());
    exchange.reached(reached);
    exchange.answered(StatusCode::SWITCHING_PROTOCOLS);
    let tunnel = Tunnel {
        standing: Standing {
            core: Arc::clone(core),
            connection: Arc::clone(connection),
            headers,
            uri: uri.clone(),
            client_ip,
            forwarded,
            generation: snapshot.generation,
            api: route.api_index,
            resource: route.resource_index,
        },
        ledger: Ledger::new(core, exchange),
        limits: snapshot.web_sockets,
        unread: snapshot.limits.unread,
        stream: (version == Version::HTTP_2).then(|| connection.stream_end()),
        backend,
        compat: snapshot.compat,
    };
    if version == Version::HTTP_2 {
        // The connection goes on with other requests; it ends this stream when it ends.
        tokio::spawn(tunnel.run(client));
        head.status = StatusCode::OK;
    } else {
        connection.becomes(tunnel.run(client));
    }
    super::headers::prepare_response(&mut head.headers);
    head.version = Version::HTTP_11;
    let mut response = Response::from_parts(head, AnswerBody::nothing());
    reply.complete(&mut response);
    handshake::agree(response.headers_mut(), version);
    response
}
