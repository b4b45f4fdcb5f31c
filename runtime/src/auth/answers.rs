//! What a request has waited for already.

use super::key_manager::Answer;
use super::key_manager::key_validation::Validation;

/// What a request has waited for already. Empty for the first decision.
#[derive(Debug, Default)]
pub struct Answers {
    /// An issuer's keys were fetched; unknown key ids are now unknown for good.
    pub(super) keys_fetched: bool,
    /// What the key manager said about the token.
    pub(super) introspected: Option<Answer>,
    /// What the key validation service said about the call.
    pub(super) validated: Option<Validation>,
    /// The password was checked: right, wrong, or nobody had time for it.
    pub(super) password: Option<Option<bool>>,
    /// The caller was looked up at the control plane; what is not known now is not asked for again.
    pub(super) looked_up: bool,
}
