//! Why a backend gave no answer.

use super::credentials::TokenError;

/// Why a backend gave no answer. What the client is told does not include addresses; the cause is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// No connection: refused, unreachable, name unknown.
    #[error("could not connect")]
    Connect(#[source] std::io::Error),
    /// The backend failed too often and is left alone.
    #[error("the circuit is open")]
    CircuitOpen {
        /// When it makes sense to try again, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// There is no token that the backend could be shown.
    #[error("there is no token for the backend")]
    NoToken(#[source] TokenError),
    /// As many requests as allowed are open at the backend.
    #[error("no connection became free in time")]
    Busy,
    /// The TLS handshake failed.
    #[error("TLS handshake failed")]
    Tls(#[source] std::io::Error),
    /// Connecting took too long.
    #[error("timed out while connecting")]
    ConnectTimeout,
    /// The answer did not start in time.
    #[error("timed out while waiting for the answer")]
    Timeout,
    /// The time for all attempts together ran out.
    #[error("timed out over all attempts")]
    TotalTimeout,
    /// Every target answered with a status that fails over; micro-gw answers itself then.
    #[error("every backend answered with a failure")]
    AllFailed,
    /// The connection broke, or what came was not HTTP.
    #[error("the exchange failed")]
    Exchange(#[source] hyper::Error),
    /// An answer that cannot be passed on: a switch of protocols that nobody asked for.
    #[error("the backend switched protocols")]
    Unusable,
    /// An answer that says several lengths or an impossible one, or has a coding that nobody undoes.
    #[error("the answer does not say how long it is in a way that can be passed on")]
    Framing,
    /// An answer beyond the operator's limits.
    #[error("the answer is larger than allowed")]
    AnswerTooLarge,
    /// Endpoint path and request path together are longer than a request target can be.
    #[error("the request target is too long")]
    Unaddressable,
    /// The client stopped in the middle of its request.
    #[error("the client stopped sending")]
    Client,
    /// The client stalled in the middle of its request.
    #[error("the client took too long to send its request")]
    ClientTimeout,
    /// The time that the client had for the call ran out.
    #[error("the client's own time for the call ran out")]
    ClientDeadline,
    /// The request body is larger than allowed.
    #[error("the request body is larger than allowed")]
    BodyTooLarge,
}

impl UpstreamError {
    /// Whether the request was certainly not processed, so that another backend may get it.
    pub(super) fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Connect(_) | Self::Tls(_) | Self::ConnectTimeout
        )
    }
}
