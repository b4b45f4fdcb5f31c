//! Why a conversation with the admin listener failed.

use crate::cloud::CloudError;

/// Why a conversation with the admin listener failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdminError {
    /// The address cannot be used.
    #[error("{url} cannot be asked: {reason}")]
    Address {
        /// As given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No conversation came about.
    #[error("the gateway's admin listener at {url} cannot be reached")]
    Unreachable {
        /// The listener.
        url: String,
        /// Cause.
        #[source]
        source: Box<CloudError>,
    },
    /// Somebody else answers there.
    #[error("{url} is not the admin listener of a gateway")]
    SomebodyElse {
        /// The address.
        url: String,
    },
    /// The gateway does not know the question.
    #[error("the gateway at {url} knows no {path}")]
    Unknown {
        /// The listener.
        url: String,
        /// What was asked for.
        path: String,
    },
    /// The gateway says no.
    #[error("the gateway refused: {reason}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// In its words.
        reason: String,
    },
}
