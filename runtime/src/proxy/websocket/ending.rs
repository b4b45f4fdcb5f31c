//! Why WebSockets end, and what is told to whom.

use super::frame::{Sender, Violation};
use crate::refusal::Refusal;

/// Why a WebSocket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// One side closed its connection; `sender` is who will send no more.
    Gone(Sender),
    /// What one side sent cannot be passed on.
    Violation(Sender, Violation),
    /// The client may not send any more.
    Refused(Refusal),
    /// Nothing passed for too long.
    Idle,
    /// The client read nothing for too long.
    Unread,
    /// It has lived for as long as it may.
    Old,
    /// The gateway is shutting down.
    ShuttingDown,
}

impl Ending {
    /// The code and reason of the close frame for the client (RFC 6455 section 7.4, and the registry of codes).
    pub(super) fn to_client(self, compat: bool) -> (u16, String) {
        match self {
            Self::Gone(Sender::Client) => (1001, String::new()),
            Self::Gone(Sender::Server) => (1014, "the backend ended the connection".to_owned()),
            Self::Violation(Sender::Client, Violation::Protocol) => (1002, "the frames are malformed".to_owned()),
            Self::Violation(Sender::Client, Violation::TooLarge) => (1009, "the message is too large".to_owned()),
            Self::Violation(Sender::Server, _) => (1014, "the backend's frames cannot be passed on".to_owned()),
            Self::Refused(refusal) => (refused(refusal), reason(refusal, compat)),
            Self::Idle => (1001, "nothing was sent for too long".to_owned()),
            // It takes no close frame either.
            Self::Unread => (1001, String::new()),
            Self::Old => (1001, "the connection is too old".to_owned()),
            Self::ShuttingDown => (1001, "the gateway is shutting down".to_owned()),
        }
    }

    /// The code for the backend, which is told no more than that it is over.
    pub(super) fn to_backend(self) -> u16 {
        match self {
            Self::Violation(Sender::Server, Violation::Protocol) => 1002,
            Self::Violation(Sender::Server, Violation::TooLarge) => 1009,
            _ => 1001,
        }
    }
}

fn refused(refusal: Refusal) -> u16 {
    match refusal.status(false).as_u16() {
        // Later it may be possible.
        503 => 1013,
        500 => 1011,
        _ => 1008,
    }
}

/// The public code and text, as in the body of a refused request.
fn reason(refusal: Refusal, compat: bool) -> String {
    format!("{} {}", refusal.code(compat), refusal.texts(compat).0.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_why() {
        for (ending, code, reason) in [
            (
                Ending::Refused(Refusal::ApplicationQuota),
                1008,
                "900803 Message throttled out",
            ),
            (
                Ending::Refused(Refusal::InvalidCredentials),
                1008,
                "900901 Invalid Credentials",
            ),
            (Ending::Refused(Refusal::QuotaUnknown), 1013, "503 Service Unavailable"),
            (
                Ending::Violation(Sender::Client, Violation::TooLarge),
                1009,
                "the message is too large",
            ),
        ] {
            assert_eq!(ending.to_client(false), (code, reason.to_owned()));
            assert_eq!(ending.to_backend(), 1001, "whose fault it is not");
        }
        assert_eq!(
            Ending::Violation(Sender::Server, Violation::Protocol).to_backend(),
            1002
        );
    }
}
