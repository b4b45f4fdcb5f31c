//! The token that tells backends who is calling.

mod claims;
mod signer;

pub(super) use claims::{ApiFacts, Dialect, Stamp, claims};
pub(super) use signer::Signer;
