//! Client registration and tokens.

pub(crate) mod browser;
mod claims;
mod device;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod registration;
mod tokens;

pub(crate) use claims::{TokenClaims, token_claims};
pub(crate) use device::DeviceCode;
pub(crate) use registration::{Registration, register};
pub(crate) use tokens::{TokenClient, TokenError, Tokens};
