//! Client registration and tokens.

mod registration;
mod tokens;

pub(crate) use registration::{Registration, register};
pub(crate) use tokens::{TokenClient, TokenError, Tokens};
