//! What decisions learn of a credential on their way, for whoever explains them.

use super::{CredentialFailure, Identity};
use std::sync::Arc;

/// What was learnt of the credential that was looked at last. Gateways keep none of it: clients are told codes alone.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    /// Whom a verified credential is about, whatever became of the request.
    pub(crate) identity: Option<Arc<Identity>>,
    /// Why a credential is not accepted.
    pub(crate) failure: Option<CredentialFailure>,
}
