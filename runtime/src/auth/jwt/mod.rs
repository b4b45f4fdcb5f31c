//! JSON Web Tokens: strict parsing, claims, keys and signatures. No clock, no cache, no network.

mod base64url;
mod check;
mod claims;
mod failure;
mod key;
mod token;

pub(super) use check::{Expectations, check_claims};
pub(super) use claims::{scopes, seconds, strings, text};
pub use failure::JwtFailure;
pub(super) use key::VerificationKey;
pub(super) use token::{Token, looks_like_jwt};
