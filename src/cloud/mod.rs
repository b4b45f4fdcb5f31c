//! The client of the control plane: signing in, keeping the session, reading what the gateway needs.
//!
//! - [`account`] and [`address`] are what the user names: who and where.
//! - [`generation`] holds the paths and scopes of each generation of control planes, as data.
//! - [`http`] sends requests with limits on time, size and repetition; [`oauth`] registers the client and gets tokens.
//! - [`session`] keeps the tokens in a file of the user's own and refreshes them under a lock.
//! - [`control_plane`] reads APIs, policies and subscriptions into plain data; [`pull`] turns that into project files.

pub(crate) mod account;
pub(crate) mod address;
mod consumer_token;
pub(crate) mod control_plane;
pub(crate) mod detection;
pub(crate) mod error;
pub(crate) mod generation;
pub(crate) mod grant_sign_in;
pub(crate) mod http;
mod json;
pub(crate) mod oauth;
pub(crate) mod on_premise_properties;
pub(crate) mod pull;
pub(crate) mod refusal;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod token_sign_in;
pub(crate) mod updated_apis;

pub(crate) use consumer_token::consumer_token;
pub(crate) use error::CloudError;
#[cfg(test)]
mod simulator_tests;
#[cfg(test)]
pub(crate) mod test_server;
