//! Conversation with the admin listener of a running gateway.

mod address;
mod block;
mod client;
mod error;

pub(crate) use address::AdminArgs;
pub(crate) use block::{OperatorBlock, describe as describe_block, moment};
pub(crate) use client::AdminClient;
pub(crate) use error::AdminError;
