//! What authentication looks at.

use http::HeaderMap;
use std::net::IpAddr;

/// A request as far as authentication is concerned.
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    /// Header fields as received.
    pub headers: &'a HeaderMap,
    /// Query string without `?`.
    pub query: Option<&'a str>,
    /// The client: the peer, or what a trusted proxy says about it.
    pub client_ip: IpAddr,
    /// The client's certificate from the TLS handshake.
    pub certificate: Option<&'a ClientCertificate>,
}

/// A certificate that a client proved to own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The end-entity certificate, DER.
    pub der: Vec<u8>,
    /// Whether its chain leads to a configured authority.
    pub trusted: bool,
}
