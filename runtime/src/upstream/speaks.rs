//! The HTTP version that is spoken with a backend.

use mgw_bundle::config::BackendProtocol;

/// The HTTP version that connections to an origin speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Speaks {
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only: with prior knowledge on plain connections, negotiated over TLS.
    Http2,
    /// What TLS negotiates.
    Negotiated,
}

impl Speaks {
    /// Decides what is spoken with the backend of a URL with this `scheme`. `offered`: the operator lets HTTP/2 be offered
    /// where a definition leaves it open.
    pub(super) fn decide(protocol: BackendProtocol, scheme: &str, offered: bool) -> Self {
        match (protocol, scheme) {
            // The WebSocket handshake is one of HTTP/1.1.
            (_, "ws" | "wss") => Self::Http1,
            (BackendProtocol::Http2, _) => Self::Http2,
            (BackendProtocol::Negotiated, "https") if offered => Self::Negotiated,
            (BackendProtocol::Negotiated | BackendProtocol::Http1, _) => Self::Http1,
        }
    }

    /// Returns what TLS offers, most wanted first.
    pub(super) fn alpn(self) -> Vec<Vec<u8>> {
        let names: &[&[u8]] = match self {
            Self::Http1 => &[b"http/1.1"],
            Self::Http2 => &[b"h2"],
            Self::Negotiated => &[b"h2", b"http/1.1"],
        };
        names.iter().map(|name| name.to_vec()).collect()
    }

    /// Whether requests may share connections.
    pub(super) fn may_be_http2(self) -> bool {
        self != Self::Http1
    }

    /// Returns whether a connection without TLS speaks HTTP/2: only where that is known beforehand.
    pub(super) fn is_http2_without_tls(self) -> bool {
        self == Self::Http2
    }

    /// Returns whether a connection speaks HTTP/2 that negotiated this protocol; `None` where that is not what it must speak.
    pub(super) fn is_http2(self, negotiated: Option<&[u8]>) -> Option<bool> {
        match (self, negotiated) {
            (Self::Http2 | Self::Negotiated, Some(b"h2")) => Some(true),
            (Self::Http2, _) | (_, Some(b"h2")) => None,
            (Self::Http1 | Self::Negotiated, _) => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken() {
        use BackendProtocol::{Http1, Http2, Negotiated};
        for (protocol, scheme, offered, expected) in [
            (Negotiated, "http", true, Speaks::Http1),
            (Negotiated, "https", true, Speaks::Negotiated),
            (Negotiated, "https", false, Speaks::Http1),
            (Http1, "https", true, Speaks::Http1),
            (Http2, "http", false, Speaks::Http2),
            (Http2, "https", false, Speaks::Http2),
            (Http2, "wss", true, Speaks::Http1),
        ] {
            assert_eq!(
                Speaks::decide(protocol, scheme, offered),
                expected,
                "{protocol:?} {scheme}"
            );
        }
    }

    #[test]
    fn what_tls_negotiated_has_to_fit() {
        for (speaks, negotiated, expected) in [
            (Speaks::Negotiated, Some(&b"h2"[..]), Some(true)),
            (Speaks::Negotiated, Some(b"http/1.1"), Some(false)),
            (Speaks::Negotiated, None, Some(false)),
            (Speaks::Http1, None, Some(false)),
            (Speaks::Http1, Some(b"h2"), None),
            (Speaks::Http2, Some(b"h2"), Some(true)),
            (Speaks::Http2, None, None),
        ] {
            assert_eq!(speaks.is_http2(negotiated), expected, "{speaks:?} {negotiated:?}");
        }
    }
}
