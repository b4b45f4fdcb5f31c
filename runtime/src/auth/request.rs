//! What authentication looks at.

use crate::tls::decode_certificate_header;
use http::{HeaderMap, HeaderValue};
use mgw_bundle::Digest;
use rustls_pki_types::CertificateDer;
use std::borrow::Cow;
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
    /// Of the bytes that were shown; what verdicts are remembered under.
    digest: Digest,
    shown: Shown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Shown {
    /// The certificate and then its issuers.
    Chain(Vec<CertificateDer<'static>>),
    /// The same as a proxy wrote it; read only where nothing is remembered about it.
    Header(HeaderValue),
}

impl ClientCertificate {
    /// The certificate and then its issuers, as the handshake had them.
    pub(crate) fn of_handshake(chain: Vec<CertificateDer<'static>>) -> Self {
        // The length goes before each certificate: no two chains have the same bytes.
        let bytes: Vec<u8> = chain
            .iter()
            .flat_map(|certificate| [&certificate.len().to_be_bytes()[..], certificate.as_ref()].concat())
            .collect();
        Self {
            digest: Digest::of(&bytes),
            shown: Shown::Chain(chain),
        }
    }

    /// What a proxy wrote into its header.
    pub(crate) fn of_header(value: &HeaderValue) -> Self {
        Self {
            digest: Digest::of(value.as_bytes()),
            shown: Shown::Header(value.clone()),
        }
    }

    /// One that nobody believes.
    pub(crate) fn unreadable() -> Self {
        Self::of_handshake(Vec::new())
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    /// Returns the certificate and then its issuers; none for what cannot be read.
    pub(crate) fn chain(&self) -> Cow<'_, [CertificateDer<'static>]> {
        match &self.shown {
            Shown::Chain(chain) => Cow::Borrowed(chain),
            Shown::Header(value) => Cow::Owned(decode_certificate_header(value.as_bytes()).unwrap_or_default()),
        }
    }
}
