//! Tests of the whole decision, with real keys and tokens.

mod api_keys;
mod authority_files;
mod backend_jwt;
mod basic;
mod challenges;
mod connected;
mod decision_table;
mod event_hub_revocation;
mod forged;
mod introspection;
mod jwks;
mod key_manager_auth;
mod key_validation;
pub(crate) mod keys;
mod mutual_tls;
mod redis_revocation;
mod remembered;
mod remote_claims;
mod revocation_list;
pub(crate) mod server;
mod services;
mod setup;
mod stores;
mod subscriptions;
