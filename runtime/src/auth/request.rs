//! What authentication looks at.

use http::HeaderMap;
use rustls_pki_types::CertificateDer;
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
    /// The client's certificate, from the TLS handshake or from a trusted proxy.
    pub certificate: Option<&'a ClientCertificate>,
}

/// A certificate that a client showed: in the handshake, where it proved to hold the key, or through a proxy that vouches
/// for that. Nothing is said about whether anybody believes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and then its issuers, as far as they were shown; none for what could not be read.
    pub chain: Vec<CertificateDer<'static>>,
}
