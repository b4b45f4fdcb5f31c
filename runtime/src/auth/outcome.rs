//! The answer of authentication.

use super::basic::NameAndPassword;
use super::jwks::KeySource;
use super::key_manager::Introspector;
use super::key_manager::key_validation::{KeyQuestion, KeyValidator};
use super::passwords::Passwords;
use super::subscription::Search;
use super::{Answers, Caller};
use crate::refusal::Rejection;
use secrecy::SecretString;
use std::sync::Arc;

/// The answer of authentication.
#[derive(Debug)]
pub enum Outcome {
    /// The caller is known and may call.
    Admitted(Arc<Caller>),
    /// The resource asks for no credentials.
    Anonymous,
    /// The caller may not call.
    Refused(Rejection),
    /// Something has to be fetched first; wait for it and ask again with what it brought.
    Wait(Wait),
}

/// What a decision waits for.
#[derive(Debug)]
pub struct Wait(pub(super) WaitFor);

#[derive(Debug)]
pub(super) enum WaitFor {
    /// The fetch after this number.
    Keys(Arc<KeySource>, u64),
    /// The key manager's word on an opaque token.
    Introspection(Arc<Introspector>, SecretString),
    /// The key validation service's word on a call.
    Validation(Arc<KeyValidator>, KeyQuestion),
    /// A slow password check.
    Password(Arc<Passwords>, NameAndPassword),
    /// The control plane's word on a caller that nothing is known about.
    Subscription(Search),
}

impl Wait {
    /// Returns whether it is waited for somebody else; else for a thread of the gateway's own.
    pub(crate) fn is_for_others(&self) -> bool {
        !matches!(self.0, WaitFor::Password(..))
    }

    /// Says who would be asked for what.
    pub(crate) fn describe(&self, now_ms: u64) -> String {
        match &self.0 {
            WaitFor::Keys(source, _) => format!("issuer {} for its keys", source.status(now_ms).issuer),
            WaitFor::Introspection(..) => "the key manager whether the access token is good".to_owned(),
            WaitFor::Validation(..) => "the key validation service whether the access token may call this".to_owned(),
            WaitFor::Password(..) => "nobody: a password is checked".to_owned(),
            WaitFor::Subscription(_) => "the control plane for the caller's subscription".to_owned(),
        }
    }

    /// Waits, within a bound, and records what came of it. The next decision with the same `answers` does not wait for
    /// the same thing again.
    pub async fn resolve(self, answers: &mut Answers) {
        match self.0 {
            WaitFor::Keys(source, seen) => {
                source.fetched_after(seen).await;
                answers.keys_fetched = true;
            }
            WaitFor::Introspection(introspector, token) => {
                answers.introspected = Some(introspector.ask(token).await);
            }
            WaitFor::Validation(validator, question) => {
                answers.validated = Some(validator.ask(question).await);
            }
            WaitFor::Password(passwords, credential) => {
                answers.password = Some(passwords.verify(credential).await);
            }
            WaitFor::Subscription(search) => {
                search.run().await;
                answers.looked_up = true;
            }
        }
    }
}
