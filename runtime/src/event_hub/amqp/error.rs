//! Why a connection to a broker ends.

use crate::dial::{DialError, plain};
use std::io;

/// Why a connection to a broker ends. Never quotes the other side, nor a credential.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    /// The connection cannot be made.
    #[error("the broker cannot be reached: {}", plain(.0))]
    Connect(io::Error),
    /// TLS cannot be agreed on.
    #[error("the broker's certificate or TLS is not accepted: {}", plain(.0))]
    Tls(io::Error),
    /// The connection is lost.
    #[error("the connection is lost")]
    Lost(#[from] io::Error),
    /// The broker does not answer in time.
    #[error("the broker does not answer in time")]
    Silent,
    /// The other side speaks something else.
    #[error("the broker does not speak AMQP 0-9-1")]
    Version,
    /// The broker wants to see other credentials than user name and password.
    #[error("the broker offers no sign-in with user name and password (PLAIN)")]
    Mechanism,
    /// The credentials are wrong.
    #[error("the broker refuses the user name or the password")]
    SignIn,
    /// The connection ends where credentials are checked.
    #[error("the broker ends the connection at sign-in: the user name or the password may be wrong")]
    ClosedAtSignIn,
    /// The user may not use the virtual host, or there is none.
    #[error("the broker refuses the virtual host ({0})")]
    VirtualHost(u16),
    /// The broker ends the connection, with its code.
    #[error("the broker ends the connection ({0})")]
    Closed(u16),
    /// The broker refuses the queue or its binding, with its code.
    #[error("the broker refuses the queue of a topic ({0})")]
    Refused(u16),
    /// The broker takes the queue away.
    #[error("the broker ends the queue of a topic")]
    Cancelled,
    /// The broker breaks the rules of the protocol.
    #[error("the broker sends something that AMQP 0-9-1 does not allow here: {0}")]
    Protocol(&'static str),
    /// The broker sends more messages than it was asked for.
    #[error("the broker sends more messages at a time than asked for")]
    Prefetch,
    /// Nobody takes messages any more.
    #[error("nobody takes messages of a topic any more")]
    NoConsumer,
}

impl From<DialError> for SessionError {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Connect(error) => Self::Connect(error),
            DialError::Tls(error) => Self::Tls(error),
        }
    }
}
