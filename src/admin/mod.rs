//! Conversation with the admin listener of a running gateway.

mod address;
mod client;
mod error;

pub(crate) use address::AdminArgs;
pub(crate) use client::AdminClient;
pub(crate) use error::AdminError;
