//! A caller of one API.

use super::Identity;
use super::backend_tokens::Remembered;
use super::scopes::ScopeSet;
use super::subscription::Grant;
use crate::throttle::{CallerLevels, CallerLimits};
use std::sync::{Arc, Mutex};

/// What stands where nothing is known.
pub(super) const UNKNOWN: &str = "__unknown__";

/// Which backends a caller reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallerKeyType {
    /// Production.
    Production,
    /// Sandbox.
    Sandbox,
    /// A word that is neither, which some tokens carry.
    Other,
}

/// A caller of one API, with everything that later phases need. Shared by all requests with the same credential.
#[derive(Debug)]
pub struct Caller {
    /// What the credential says.
    pub identity: Arc<Identity>,
    /// The subscription under which the call is made.
    pub grant: Grant,
    /// The quotas that apply.
    pub levels: CallerLevels,
    /// The quotas that the traffic manager counts; `None`: they are counted here.
    pub limits: Option<CallerLimits>,
    pub(super) scopes: ScopeSet,
    pub(super) backend_token: Mutex<Option<Remembered>>,
}

#[cfg(test)]
impl Caller {
    /// A user with claims, for tests of what follows.
    pub(crate) fn for_tests(
        user: &str,
        claims: serde_json::Map<String, serde_json::Value>,
        grant: Grant,
        limits: impl FnOnce(&Identity, &Grant) -> Option<CallerLimits>,
    ) -> Self {
        let identity = Identity {
            claims,
            ..Identity::without_claims(super::CredentialKind::Jwt, user.to_owned())
        };
        Self {
            limits: limits(&identity, &grant),
            identity: Arc::new(identity),
            grant,
            levels: CallerLevels::default(),
            scopes: ScopeSet::default(),
            backend_token: Mutex::default(),
        }
    }
}
