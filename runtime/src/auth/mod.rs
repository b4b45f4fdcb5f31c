//! Who is calling, and may they: credentials, subscriptions and scopes.
//!
//! [`Security`] lives as long as the gateway: trusted keys, revocations, users and quota counters. [`Authenticator`]
//! belongs to one bundle: what each resource asks for, resolved. [`CoreAuth`] belongs to one core: the caches. A request
//! is decided by [`Authenticator::authenticate`], synchronously over plain data; only when something has to be fetched or
//! computed elsewhere does it answer [`Outcome::Wait`].

mod answers;
mod api_key;
mod api_key_issuer;
mod authenticator;
mod backend_jwt;
mod backend_tokens;
mod basic;
mod builders;
mod caller;
mod certificates;
mod core;
mod credential;
mod credential_checks;
mod credential_failure;
mod decision;
mod failures;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod identity;
mod issuers;
mod jwks;
mod jwt;
mod key_manager;
mod key_material;
mod learnt;
mod opaque;
mod outcome;
mod passwords;
mod request;
mod resources;
mod revocation;
mod revocation_list;
mod revocation_sources;
mod scopes;
mod security;
mod security_error;
mod services;
mod start_revocation_sources;
mod subscription;
#[cfg(test)]
pub(crate) mod tests;
mod token_cache;
mod token_proxy;
mod verdicts;

pub use answers::Answers;
pub use authenticator::Authenticator;
pub use backend_tokens::{BackendToken, ClaimFetch, FetchedClaims};
pub use caller::{Caller, CallerKeyType};
pub use core::CoreAuth;
pub use credential_failure::CredentialFailure;
pub use identity::{CredentialKind, Identity, TokenApplication};
pub use jwks::KeySourceStatus;
pub use jwt::JwtFailure;
pub(crate) use key_material::KeyMaterial;
pub use outcome::{Outcome, Wait};
pub use request::{ClientCertificate, RequestView};
pub use resources::Strip;
pub use revocation::{Revocations, RevocationsFull, Revoked};
pub use revocation_list::{AppliedRevocations, RevocationListError};
pub use revocation_sources::{RevocationSourceState, RevocationSourceStatus};
pub use security::Security;
pub use security_error::SecurityError;
pub use services::{MAX_BODY, Service, ServiceRequest, Services};
pub use subscription::Grant;
