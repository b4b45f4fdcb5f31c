//! Why a receiver cannot be used.

use super::response::Malformed;
use crate::dial::{DialError, plain};
use std::io;

/// Why a receiver cannot be used. Never quotes the other side, nor a credential.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReceiverError {
    /// The connection cannot be made.
    #[error("the receiver cannot be reached")]
    Connect,
    /// TLS cannot be agreed on.
    #[error("the receiver's certificate or TLS is not accepted: {}", plain(.0))]
    Tls(io::Error),
    /// The connection is lost.
    #[error("the connection is lost")]
    Lost,
    /// There is no answer in time.
    #[error("the receiver does not answer in time")]
    Silent,
    /// The credentials are wrong.
    #[error("the receiver refuses the user name or the password")]
    Credentials,
    /// There is no session for another reason.
    #[error("the receiver refuses a session")]
    NoSession,
    /// A session that has just begun is not known.
    #[error(
        "the receiver does not know the session that it has just begun; its two ports may belong to different servers"
    )]
    UnknownSession,
    /// The other side speaks something else.
    #[error("the receiver sends something that the protocol does not allow here")]
    Protocol,
}

impl From<DialError> for ReceiverError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Connect(_) => Self::Connect,
            DialError::Tls(error) => Self::Tls(error),
        }
    }
}

impl From<io::Error> for ReceiverError {
    fn from(_: io::Error) -> Self {
        Self::Lost
    }
}

impl From<Malformed> for ReceiverError {
    fn from(_: Malformed) -> Self {
        Self::Protocol
    }
}
