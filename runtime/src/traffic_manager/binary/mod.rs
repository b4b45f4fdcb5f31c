//! The binary protocol of the traffic manager's receivers: signing in over TLS brings a session, under which batches of
//! events are handed over on a second connection. Every message is answered.

mod connection;
mod error;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod receiver;
mod response;

pub(super) use frame::event as encode;
pub(super) use receiver::{Account, Receiver};
