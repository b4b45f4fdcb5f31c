//! Why etcd cannot be asked, in words of the gateway's own: what servers say has no place in the log.

use crate::unreached;

/// Why etcd did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum EtcdError {
    #[error("{0}")]
    Unreached(&'static str),
    #[error("etcd did not answer in time")]
    TooLate,
    #[error("etcd broke its answer off")]
    Broken,
    #[error("etcd's answer is larger than a URL can be")]
    TooLarge,
    #[error("what answers is no etcd, or has another base path")]
    NoEtcd,
    #[error("etcd wants a user (etcdusername), or does not accept the user or its password")]
    Unauthenticated,
    #[error("the user may not read the key in etcd")]
    Forbidden,
    /// A code of gRPC.
    #[error("etcd answers with error code {0}")]
    Code(i64),
    #[error("etcd answers with status {0}")]
    Status(u16),
    /// The revision to go on from is not kept any more.
    #[error("etcd has forgotten the changes since")]
    Compacted,
}

impl EtcdError {
    /// Reads the gRPC code of a failure.
    pub(super) fn of_code(code: i64) -> Self {
        match code {
            // etcd: "user name is empty" is an invalid argument.
            3 | 16 => Self::Unauthenticated,
            7 => Self::Forbidden,
            11 => Self::Compacted,
            code => Self::Code(code),
        }
    }

    /// Whether another token may help.
    pub(super) fn is_about_the_token(self) -> bool {
        matches!(self, Self::Unauthenticated)
    }
}

impl From<reqwest::Error> for EtcdError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_body() || error.is_decode() {
            Self::Broken
        } else {
            Self::Unreached(unreached::why(&error))
        }
    }
}
