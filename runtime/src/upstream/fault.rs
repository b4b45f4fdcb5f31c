//! Whose fault a request's failure is, and one stable word for it.

use super::error::UpstreamError;
use super::http2_request::is_refused;
use super::response_body::ResponseBodyError;
use std::io::ErrorKind;

/// Who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Whoever sent the request.
    Client,
    /// Whoever should have answered it.
    Backend,
    /// This gateway, or its settings.
    Gateway,
}

/// Why a request got no whole answer of a backend. The words are public: metrics and logs carry them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FailureReason {
    /// The backend takes no connections.
    Refused,
    /// No connection for another reason: no route, an unknown name.
    Unreachable,
    /// Connecting took too long.
    ConnectTimeout,
    /// The TLS handshake failed: most often a certificate that is not trusted.
    Tls,
    /// The answer did not start in time.
    Timeout,
    /// The time for all attempts together ran out.
    TotalTimeout,
    /// The connection ended before an answer.
    Closed,
    /// The backend asked for the request to be sent elsewhere or later, without having looked at it.
    Declined,
    /// The answer was not HTTP, or not one that can be passed on.
    Malformed,
    /// The answer is larger than allowed.
    TooLarge,
    /// A status that the API's author counts as a failure.
    Status,
    /// The answer broke off in its body.
    BrokeOff,
    /// The answer stalled in its body.
    Stalled,
    /// No place became free in time.
    Busy,
    /// The circuit is open.
    CircuitOpen,
    /// There is no token that the backend could be shown.
    NoToken,
    /// The request target became too long.
    Unaddressable,
    /// The client went away.
    ClientGone,
    /// The client stopped in the middle of its request.
    ClientStopped,
    /// The client stalled in the middle of its request.
    ClientStalled,
    /// The client sent more than it may.
    ClientTooLarge,
    /// The client left too little time for any answer.
    ClientDeadline,
    /// A limit of the client's on bytes was used up in the middle of the answer.
    QuotaUsedUp,
}

impl Fault {
    /// The word in logs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Backend => "backend",
            Self::Gateway => "gateway",
        }
    }
}

impl FailureReason {
    /// Every failure, in declaration order.
    pub(crate) const ALL: [Self; 23] = [
        Self::Refused,
        Self::Unreachable,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Timeout,
        Self::TotalTimeout,
        Self::Closed,
        Self::Declined,
        Self::Malformed,
        Self::TooLarge,
        Self::Status,
        Self::BrokeOff,
        Self::Stalled,
        Self::Busy,
        Self::CircuitOpen,
        Self::NoToken,
        Self::Unaddressable,
        Self::ClientGone,
        Self::ClientStopped,
        Self::ClientStalled,
        Self::ClientTooLarge,
        Self::ClientDeadline,
        Self::QuotaUsedUp,
    ];

    /// Position in [`Self::ALL`], an index for tables of counters.
    pub(crate) const fn index(self) -> usize {
        self as usize
    }

    /// The word in logs and metrics.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::TotalTimeout => "total_timeout",
            Self::Closed => "closed",
            Self::Declined => "declined",
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Status => "status",
            Self::BrokeOff => "broke_off",
            Self::Stalled => "stalled",
            Self::Busy => "busy",
            Self::CircuitOpen => "circuit_open",
            Self::NoToken => "no_token",
            Self::Unaddressable => "unaddressable",
            Self::ClientGone => "client_gone",
            Self::ClientStopped => "client_stopped",
            Self::ClientStalled => "client_stalled",
            Self::ClientTooLarge => "client_too_large",
            Self::ClientDeadline => "client_deadline",
            Self::QuotaUsedUp => "quota_used_up",
        }
    }

    /// Whose fault it is.
    pub(crate) const fn fault(self) -> Fault {
        match self {
            Self::Busy | Self::CircuitOpen | Self::NoToken | Self::Unaddressable => Fault::Gateway,
            Self::ClientGone
            | Self::ClientStopped
            | Self::ClientStalled
            | Self::ClientTooLarge
            | Self::ClientDeadline
            | Self::QuotaUsedUp => Fault::Client,
            _ => Fault::Backend,
        }
    }
}

impl From<&UpstreamError> for FailureReason {
    fn from(error: &UpstreamError) -> Self {
        match error {
            UpstreamError::Connect(cause) if cause.kind() == ErrorKind::ConnectionRefused => Self::Refused,
            UpstreamError::Connect(_) => Self::Unreachable,
            UpstreamError::ConnectTimeout => Self::ConnectTimeout,
            UpstreamError::Tls(_) => Self::Tls,
            UpstreamError::Timeout => Self::Timeout,
            UpstreamError::TotalTimeout => Self::TotalTimeout,
            UpstreamError::Exchange(cause) if cause.is_parse_too_large() => Self::TooLarge,
            UpstreamError::Exchange(cause) if cause.is_parse() => Self::Malformed,
            UpstreamError::Exchange(cause) if is_refused(cause) => Self::Declined,
            UpstreamError::Exchange(_) => Self::Closed,
            UpstreamError::Unusable | UpstreamError::Framing => Self::Malformed,
            UpstreamError::AnswerTooLarge => Self::TooLarge,
            UpstreamError::AllFailed => Self::Status,
            UpstreamError::Busy => Self::Busy,
            UpstreamError::CircuitOpen { .. } => Self::CircuitOpen,
            UpstreamError::NoToken(_) => Self::NoToken,
            UpstreamError::Unaddressable => Self::Unaddressable,
            UpstreamError::Client => Self::ClientStopped,
            UpstreamError::ClientTimeout => Self::ClientStalled,
            UpstreamError::BodyTooLarge => Self::ClientTooLarge,
            UpstreamError::ClientDeadline => Self::ClientDeadline,
        }
    }
}

impl From<&ResponseBodyError> for FailureReason {
    fn from(error: &ResponseBodyError) -> Self {
        match error {
            ResponseBodyError::Backend(_) => Self::BrokeOff,
            ResponseBodyError::Timeout => Self::Stalled,
            ResponseBodyError::TooLarge => Self::TooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn positions_and_words_are_unique() {
        for (position, failure) in FailureReason::ALL.into_iter().enumerate() {
            assert_eq!(failure.index(), position);
        }
        let words: BTreeSet<_> = FailureReason::ALL.map(FailureReason::word).into_iter().collect();
        assert_eq!(words.len(), FailureReason::ALL.len());
    }
}
