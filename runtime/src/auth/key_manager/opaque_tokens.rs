//! Who knows opaque tokens.

use super::Introspector;
use super::key_validation::KeyValidator;
use std::sync::Arc;

/// Who knows opaque tokens.
#[derive(Debug)]
pub(crate) enum OpaqueTokens {
    /// Nobody: there is no key manager.
    Unknown,
    /// The key manager's introspection endpoint.
    Introspected(Arc<Introspector>),
    /// The key manager's key validation service.
    Validated(Arc<KeyValidator>),
}
