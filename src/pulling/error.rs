//! Why a project was not pulled into.

use crate::cloud::pull::PullError;
use crate::compile::FileError;
use crate::lock::LockError;

/// Why a project was not pulled into. It is as it was before.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullingError {
    /// The control plane, or what it holds, does not allow it.
    #[error(transparent)]
    Pull(#[from] PullError),
    /// The files of the project stand in the way.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// What is in `gen/` already cannot be read.
    #[error(transparent)]
    Unlocked(#[from] FileError),
    /// The lock cannot be written as TOML.
    #[error("cannot write down what was pulled")]
    LockText(#[from] toml::ser::Error),
}
