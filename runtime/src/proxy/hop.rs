//! The hop over which a request came, as it is told to whoever gets the request next.

use super::client_address;
use super::exchange::without_user;
use crate::forwarding::Hop;
use crate::server::Connection;
use crate::snapshot::Snapshot;
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};

/// The hop of the request with this head.
pub(super) fn of<'c>(snapshot: &Snapshot, connection: &'c Connection, parts: &Parts) -> Hop<'c> {
    let host = || asked_host(&parts.uri, &parts.headers);
    Hop {
        peer: connection.peer_text(),
        trusted: client_address::is_trusted(connection.peer.ip(), &snapshot.trusted_proxies),
        tls: connection.offer.is_tls(),
        host: snapshot.forwarding.needs_host().then(host).flatten(),
        version: parts.version,
    }
}

/// The host that the client asked for: where HTTP/2 has it, else the header.
fn asked_host(uri: &Uri, headers: &HeaderMap) -> Option<HeaderValue> {
    let header = headers.get(HOST).filter(|host| !host.is_empty()).cloned();
    match uri.authority() {
        Some(authority) => HeaderValue::from_str(without_user(authority.as_str())).ok(),
        None => header,
    }
}
