//! Client registration and tokens.

mod claims;
mod registration;
mod tokens;

pub(crate) use claims::{TokenClaims, token_claims};
pub(crate) use registration::{Registration, register};
pub(crate) use tokens::{TokenClient, TokenError, Tokens};
